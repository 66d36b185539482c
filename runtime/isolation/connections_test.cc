#include "runtime/isolation/connections.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "runtime/isolation/channel.h"

namespace capstan::isolation {
namespace {

class ConnectionsTest : public testing::Test {
 protected:
  ConnectionsTest() : ends_(Channel::make_pair().value()) {}
  std::pair<Fd, Fd> ends_;
};

TEST_F(ConnectionsTest, three_sockets_come_over_and_work) {
  std::pair<Fd, Fd> pairs[kConnections];
  std::array<Fd, kConnections> sent;
  for (size_t i = 0; i < kConnections; ++i) {
    pairs[i] = Channel::make_pair().value();
    sent[i] = std::move(pairs[i].second);
  }
  ASSERT_TRUE(send_connections(ends_.first, sent).ok());
  const auto received = receive_connections(ends_.second).value();
  for (size_t i = 0; i < kConnections; ++i) {
    const char number = static_cast<char>(i);
    char seen = -1;
    ASSERT_EQ(::send(pairs[i].first.get(), &number, 1, 0), 1);
    EXPECT_EQ(::recv(received[i].get(), &seen, 1, MSG_DONTWAIT), 1);
    EXPECT_EQ(seen, number);
  }
}

TEST_F(ConnectionsTest, without_a_message_there_are_none) {
  EXPECT_EQ(receive_connections(ends_.second).code(), Code::kUnavailable);
  ends_.first.reset();
  EXPECT_EQ(receive_connections(ends_.second).code(), Code::kUnavailable);
  EXPECT_EQ(send_connections(ends_.second, {}).code(), Code::kUnavailable);
}

TEST_F(ConnectionsTest, another_message_is_refused) {
  ASSERT_EQ(::send(ends_.first.get(), "C", 1, 0), 1);
  EXPECT_EQ(receive_connections(ends_.second).code(), Code::kInvalid);
  ASSERT_EQ(::send(ends_.first.get(), "CC", 2, 0), 2);
  EXPECT_EQ(receive_connections(ends_.second).code(), Code::kInvalid);
}

}  // namespace
}  // namespace capstan::isolation
