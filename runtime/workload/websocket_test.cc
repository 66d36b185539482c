#include "runtime/workload/websocket.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

// An unmasked frame, as servers send them.
std::string server_frame(uint8_t first, const std::string& payload) {
  std::string frame(1, static_cast<char>(first));
  if (payload.size() < 126) {
    frame += static_cast<char>(payload.size());
  } else {
    frame += static_cast<char>(126);
    frame += static_cast<char>(payload.size() >> 8);
    frame += static_cast<char>(payload.size());
  }
  return frame + payload;
}

TEST(WebsocketTest, a_clients_frame_is_that_of_the_rfc) {
  // RFC 6455, 5.7: a masked "Hello" with the key 37 fa 21 3d.
  EXPECT_EQ(websocket_frame(WebsocketOpcode::kText, "Hello", 0x3d21fa37),
            std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(WebsocketTest, longer_payloads_have_longer_lengths) {
  EXPECT_EQ(websocket_frame(WebsocketOpcode::kBinary, std::string(126, 'x'), 0).size(), 8u + 126);
  EXPECT_EQ(websocket_frame(WebsocketOpcode::kBinary, std::string(65535, 'x'), 0).size(),
            8u + 65535);
  EXPECT_EQ(websocket_frame(WebsocketOpcode::kBinary, std::string(65536, 'x'), 0).size(),
            14u + 65536);
}

TEST(WebsocketTest, messages_come_whole_however_the_bytes_are_cut) {
  const std::string bytes = server_frame(0x02, "one ") + server_frame(0x89, "ping") +
                            server_frame(0x80, "message") +
                            server_frame(0x82, std::string(300, 'y'));
  for (size_t size : {size_t{1}, size_t{2}, size_t{7}, bytes.size()}) {
    WebsocketReader reader;
    std::vector<WebsocketMessage> messages;
    for (size_t at = 0; at < bytes.size(); at += size) {
      reader.put(std::string_view(bytes).substr(at, size));
      for (;;) {
        auto message = reader.next();
        ASSERT_TRUE(message.ok());
        if (!message->has_value()) break;
        messages.push_back(**message);
      }
    }
    ASSERT_EQ(messages.size(), 3u) << size;
    EXPECT_EQ(messages[0].opcode, WebsocketOpcode::kPing);
    EXPECT_EQ(messages[1].payload, "one message");
    EXPECT_EQ(messages[2].payload, std::string(300, 'y'));
  }
}

TEST(WebsocketTest, a_peer_that_breaks_the_protocol_is_an_error) {
  const std::string huge("\x82\x7f\x00\x00\x00\x00\x7f\xff\xff\xff", 10);
  for (const std::string& bytes :
       {std::string("\xc2\x00", 2), std::string("\x82\x80\x00\x00\x00\x00", 6),
        server_frame(0x80, "x"), server_frame(0x02, "x") + server_frame(0x02, "y"),
        server_frame(0x09, "x"), huge}) {
    WebsocketReader reader;
    reader.put(bytes);
    EXPECT_EQ(reader.next().code(), Code::kUnavailable) << bytes;
  }
}

}  // namespace
}  // namespace capstan
