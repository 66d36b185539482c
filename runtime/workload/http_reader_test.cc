#include "runtime/workload/http_reader.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

struct Reading {
  std::string body;
  HttpReader reader{[this](std::string_view part) { body += part; }};
};

const std::string kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Name:  Value \r\n\r\n"
    "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n";

TEST(HttpReaderTest, a_chunked_body_arrives_whole_however_it_is_cut) {
  for (size_t size = 1; size <= kChunked.size(); ++size) {
    Reading reading;
    for (size_t at = 0; at < kChunked.size(); at += size) {
      ASSERT_TRUE(reading.reader.put(std::string_view(kChunked).substr(at, size)).ok()) << size;
    }
    EXPECT_TRUE(reading.reader.done()) << size;
    EXPECT_EQ(reading.body, "hello world") << size;
    EXPECT_EQ(reading.reader.status(), 200);
    EXPECT_EQ(reading.reader.header("x-name"), "Value");
  }
}

TEST(HttpReaderTest, what_follows_an_upgrade_is_kept) {
  Reading reading;
  ASSERT_TRUE(reading.reader
                  .put("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\n\r\n\x82\x01x")
                  .ok());
  EXPECT_TRUE(reading.reader.done());
  EXPECT_EQ(reading.reader.status(), 101);
  EXPECT_EQ(reading.reader.rest(), "\x82\x01x");
}

TEST(HttpReaderTest, a_body_without_length_ends_with_the_connection) {
  Reading reading;
  ASSERT_TRUE(reading.reader.put("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc").ok());
  EXPECT_FALSE(reading.reader.done());
  EXPECT_TRUE(reading.reader.end().ok());
  EXPECT_EQ(reading.body, "abc");
}

TEST(HttpReaderTest, a_cut_answer_is_an_error) {
  for (const std::string text :
       {"", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    Reading reading;
    ASSERT_TRUE(reading.reader.put(text).ok()) << text;
    EXPECT_EQ(reading.reader.end().code(), Code::kUnavailable) << text;
  }
}

TEST(HttpReaderTest, what_is_no_http_is_an_error) {
  Reading reading;
  EXPECT_EQ(reading.reader.put("SSH-2.0-OpenSSH_9.2\r\n\r\n").code(), Code::kUnavailable);
}

}  // namespace
}  // namespace capstan
