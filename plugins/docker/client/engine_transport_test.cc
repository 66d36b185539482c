#include "plugins/docker/client/engine_transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <future>

#include "plugins/docker/client/call_scope.h"

namespace capstan::docker {
namespace {

using sdk::Code;

// An engine that accepts and does not answer.
class SilentEngine {
 public:
  SilentEngine() {
    std::string pattern = ::testing::TempDir() + "engine.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path().c_str(), sizeof(address.sun_path) - 1);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
  }
  ~SilentEngine() {
    ::close(socket_);
    std::filesystem::remove_all(folder_);
  }
  std::string host() const { return "unix://" + path(); }
  // Blocks until a request's first bytes came.
  void wait_for_request() const {
    const int accepted = ::accept(socket_, nullptr, nullptr);
    char byte = 0;
    EXPECT_EQ(::recv(accepted, &byte, 1, MSG_PEEK), 1);
  }

 private:
  std::string path() const { return folder_ + "/docker.sock"; }
  std::string folder_;
  int socket_ = -1;
};

TEST(EngineTransportTest, a_request_ends_when_its_call_is_given_up) {
  const SilentEngine engine;
  const auto transport = connect_engine(engine.host());
  ASSERT_TRUE(transport.ok());
  std::atomic<bool> given_up{false};
  auto answer = std::async(std::launch::async, [&] {
    const CallScope scope([&]() -> std::optional<sdk::Error> {
      if (given_up) return sdk::Error::cancelled("the call was given up");
      return {};
    });
    return (*transport)->send({.path = "/version", .timeout = std::chrono::seconds(30)});
  });
  engine.wait_for_request();
  given_up = true;
  ASSERT_EQ(answer.wait_for(std::chrono::seconds(10)), std::future_status::ready);
  const auto response = answer.get();
  ASSERT_EQ(response.code(), Code::kCancelled);
  EXPECT_EQ(response.error().summary, "the call was given up");
}

TEST(EngineTransportTest, without_a_call_the_request_has_its_own_time) {
  const SilentEngine engine;
  const auto transport = connect_engine(engine.host());
  ASSERT_TRUE(transport.ok());
  const auto response =
      (*transport)->send({.path = "/version", .timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ(response.code(), Code::kUnavailable);
}

}  // namespace
}  // namespace capstan::docker
