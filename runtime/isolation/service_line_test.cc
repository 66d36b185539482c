#include "runtime/isolation/service_line.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "runtime/isolation/call_server.h"

namespace capstan::isolation {
namespace {

// A host that answers everything with its name.
class Host {
 public:
  explicit Host(const std::string& name) : Host(name, *Channel::make_pair()) {}
  Fd take_end() { return std::move(other_end_); }

 private:
  Host(const std::string& name, std::pair<Fd, Fd> ends)
      : channel_(std::move(ends.first)),
        other_end_(std::move(ends.second)),
        server_(channel_, answering_with(name)) {}
  static CallServer::Options answering_with(const std::string& name) {
    CallServer::Options options;
    options.answer = [name](const Message&, const std::atomic<bool>&) {
      return CallServer::Answer{Code::kOk, name};
    };
    return options;
  }
  Channel channel_;
  Fd other_end_;
  CallServer server_;
};

std::string ask(ServiceLine& line) {
  const Result<Message> answer = line.call({.method = Method::kSecret, .body = ""});
  return answer.ok() ? answer->body : answer.error().message;
}

class ServiceLineTest : public testing::Test {
 protected:
  Host first_{"first"};
  ServiceLine line_{first_.take_end()};
};

TEST_F(ServiceLineTest, who_asks_while_it_is_interrupted_is_answered_by_the_next_host) {
  EXPECT_EQ(ask(line_), "first");
  line_.interrupt();
  auto answer = std::async(std::launch::async, [this] { return ask(line_); });
  EXPECT_EQ(answer.wait_for(std::chrono::milliseconds(20)), std::future_status::timeout);
  Host second("second");
  line_.connect(second.take_end());
  EXPECT_EQ(answer.get(), "second");
}

TEST_F(ServiceLineTest, what_prepares_a_connection_comes_before_who_waits_for_it) {
  line_.interrupt();
  std::atomic<bool> prepared{false};
  auto answer = std::async(std::launch::async, [&] {
    const std::string name = ask(line_);
    return prepared ? name : "too early";
  });
  Host second("second");
  line_.connect(second.take_end(), [&](CallClient& host) {
    EXPECT_EQ(host.call({.method = Method::kMetricDefine, .body = ""})->body, "second");
    prepared = true;
  });
  EXPECT_EQ(answer.get(), "second");
}

TEST_F(ServiceLineTest, a_call_of_the_host_that_asks_fails_at_once_while_it_is_interrupted) {
  const ServiceLine::InCall in_call;
  EXPECT_EQ(ask(line_), "first");
  line_.interrupt();
  EXPECT_EQ(ask(line_), connection_closed().message);
  line_.notice(Method::kLog, "lost", 0);
}

TEST_F(ServiceLineTest, who_waits_learns_that_there_will_be_no_other_host) {
  line_.interrupt();
  auto answer = std::async(std::launch::async, [this] { return ask(line_); });
  line_.close();
  EXPECT_EQ(answer.get(), connection_closed().message);
}

}  // namespace
}  // namespace capstan::isolation
