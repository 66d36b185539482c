#include "runtime/isolation/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/isolation/messages.h"

namespace capstan::isolation {
namespace {

using testing::HasSubstr;

std::string bytes_of(const FrameHeader& header, std::string_view body = "") {
  const auto encoded = encode_header(header);
  return std::string(encoded.data(), encoded.size()) + std::string(body);
}

std::string why(const std::string& bytes) {
  const auto frame = decode_frame(bytes);
  return frame.ok() ? "" : frame.error().message;
}

TEST(FrameTest, every_member_comes_back_as_it_was_sent) {
  FrameHeader header{FrameType::kReply,  0, 5, 0xfedcba98, Method::kReconcile, -7,
                     Code::kUnavailable, 41};
  const std::string bytes = bytes_of(header, "hello");
  const auto frame = decode_frame(bytes);
  ASSERT_TRUE(frame.ok()) << frame.error().message;
  EXPECT_EQ(frame->header.type, FrameType::kReply);
  EXPECT_EQ(frame->header.call_id, 0xfedcba98);
  EXPECT_EQ(frame->header.method, Method::kReconcile);
  EXPECT_EQ(frame->header.deadline_ns, -7);
  EXPECT_EQ(frame->header.status, Code::kUnavailable);
  EXPECT_EQ(frame->header.attempt, 41u);
  EXPECT_EQ(frame->body, "hello");
}

TEST(FrameTest, the_bytes_are_the_protocol_s_and_do_not_change) {
  const FrameHeader header{FrameType::kCall, 0, 0, 1, Method::kReconcile, 2, Code::kOk, 3};
  const std::string expected{
      "CP\x01\0\0\0\0\0\x01\0\0\0\x04\0\0\0\x02\0\0\0\0\0\0\0\0\0\0\0\x03\0\0\0", 32};
  EXPECT_EQ(bytes_of(header), expected);
}

TEST(FrameTest, what_is_no_frame_is_refused_with_the_reason) {
  FrameHeader good;
  good.method = Method::kAdmit;
  const std::string bytes = bytes_of(good);
  EXPECT_THAT(why(""), HasSubstr("only 0 bytes"));
  EXPECT_THAT(why(bytes.substr(0, 31)), HasSubstr("only 31 bytes"));
  EXPECT_THAT(why("XX" + bytes.substr(2)), HasSubstr("no header"));
  EXPECT_THAT(why(bytes + "more"), HasSubstr("says 0 bytes, it has 4"));
  const auto with = [&](size_t at, char value) {
    std::string changed = bytes;
    changed[at] = value;
    return why(changed);
  };
  EXPECT_THAT(with(2, 0), HasSubstr("type 0"));
  EXPECT_THAT(with(2, 9), HasSubstr("type 9"));
  EXPECT_THAT(with(3, 2), HasSubstr("unknown flags"));
  EXPECT_THAT(with(14, 1), HasSubstr("unknown flags"));
  EXPECT_THAT(with(12, 40), HasSubstr("method 40"));
  EXPECT_THAT(with(24, 3), HasSubstr("a status that is no reply's"));
  EXPECT_THAT(with(25, 3), HasSubstr("status 768"));
}

TEST(FrameTest, a_body_is_inline_or_in_a_memfd_and_has_a_limit) {
  FrameHeader header;
  header.length = kMaxInline + 1;
  EXPECT_THAT(why(bytes_of(header, std::string(kMaxInline + 1, 'x'))), HasSubstr("inline"));
  header.flags = kBodyInMemfd;
  EXPECT_EQ(why(bytes_of(header)), "");
  EXPECT_THAT(why(bytes_of(header, "x")), HasSubstr("both"));
  header.length = kMaxBody + 1;
  EXPECT_THAT(why(bytes_of(header)), HasSubstr("a body of"));
}

TEST(MessagesTest, a_call_comes_back_as_it_was_sent) {
  const std::string body = encode_work({"uid-1", "trace", "{\"object\":{}}", "old", 7});
  const auto call = decode_work(body);
  ASSERT_TRUE(call.ok());
  EXPECT_EQ(call->key, "uid-1");
  EXPECT_EQ(call->trace_id, "trace");
  EXPECT_EQ(call->text, "{\"object\":{}}");
  EXPECT_EQ(call->second, "old");
  EXPECT_EQ(call->current, 7u);
}

TEST(MessagesTest, a_reply_keeps_its_diagnostics) {
  ProviderReply reply;
  reply.text = "{}";
  reply.diagnostics = {{true, "warned", "", "", {}, false},
                       {false, "failed", "do this", "/spec", std::chrono::seconds(7), true}};
  const auto back = decode_reply(encode_reply(reply));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->text, "{}");
  ASSERT_EQ(back->diagnostics.size(), 2u);
  EXPECT_TRUE(back->diagnostics[0].warning);
  EXPECT_FALSE(back->diagnostics[0].retry_after.has_value());
  EXPECT_EQ(back->diagnostics[1].summary, "failed");
  EXPECT_EQ(back->diagnostics[1].detail, "do this");
  EXPECT_EQ(back->diagnostics[1].field, "/spec");
  EXPECT_EQ(back->diagnostics[1].retry_after, std::chrono::seconds(7));
  EXPECT_TRUE(back->diagnostics[1].terminal);
}

TEST(MessagesTest, a_body_that_is_cut_off_anywhere_is_an_error) {
  ProviderReply reply;
  reply.text = "{}";
  reply.diagnostics = {{false, "failed", "", "/spec", std::chrono::seconds(7), false}};
  const std::string whole = encode_reply(reply);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_reply(whole.substr(0, size)).ok()) << size;
  }
  EXPECT_FALSE(decode_reply(whole + "x").ok());
  const std::string call = encode_work({"uid", "", "text", "", 0});
  for (size_t size = 0; size < call.size(); ++size) {
    EXPECT_FALSE(decode_work(call.substr(0, size)).ok()) << size;
  }
}

}  // namespace
}  // namespace capstan::isolation
