#include "runtime/api/protobuf_objects.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

// Bytes as a client would write them.
std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
std::string bytes(int number, const std::string& content) {
  return varint(static_cast<uint64_t>(number) << 3 | 2) + varint(content.size()) + content;
}
std::string integer(int number, uint64_t value) {
  return varint(static_cast<uint64_t>(number) << 3) + varint(value);
}
std::string envelope(const std::string& version, const std::string& kind, const std::string& raw) {
  return std::string("k8s\0", 4) + bytes(1, bytes(1, version) + bytes(2, kind)) + bytes(2, raw);
}

TEST(ProtobufObjectsTest, a_secret_becomes_json) {
  const std::string meta = bytes(1, "s") + bytes(3, "default") + bytes(8, "") +
                           bytes(11, bytes(1, "app") + bytes(2, "shop"));
  const std::string raw = bytes(1, meta) +
                          bytes(2, bytes(1, "a") + bytes(2, std::string("\0b", 2))) +
                          bytes(3, "Opaque") + integer(5, 1);
  const auto object = decode_protobuf_object(envelope("v1", "Secret", raw));
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(*object, Json::parse(R"({"apiVersion":"v1","kind":"Secret","type":"Opaque",
      "immutable":true,"data":{"a":"AGI="},
      "metadata":{"name":"s","namespace":"default","labels":{"app":"shop"}}})"));
}

TEST(ProtobufObjectsTest, times_lists_and_pointers_keep_their_meaning) {
  const std::string spec = bytes(1, "me") + integer(2, 15) +
                           bytes(4, integer(1, 1767323045) + integer(2, 500'000'000)) +
                           integer(5, 0);
  const std::string meta = bytes(1, "l") + bytes(14, "a.b/c") + bytes(14, "d.e/f") + integer(7, 3);
  const auto object = decode_protobuf_object(
      envelope("coordination.k8s.io/v1", "Lease", bytes(1, meta) + bytes(2, spec)));
  ASSERT_TRUE(object.ok()) << object.error().message;
  EXPECT_EQ(object->at("spec"), Json::parse(R"({"holderIdentity":"me","leaseDurationSeconds":15,
                "renewTime":"2026-01-02T03:04:05.500000Z","leaseTransitions":0})"));
  EXPECT_EQ(object->at("metadata").at("finalizers"), Json({"a.b/c", "d.e/f"}));
  EXPECT_EQ(object->at("metadata").at("generation"), 3);
}

TEST(ProtobufObjectsTest, kinds_that_are_not_in_the_tables_are_refused) {
  const auto object = decode_protobuf_object(envelope("apps/v1", "Deployment", ""));
  EXPECT_EQ(object.code(), Code::kUnimplemented);
  EXPECT_NE(object.error().message.find("apps/v1 Deployment"), std::string::npos);
}

TEST(ProtobufObjectsTest, malformed_bytes_are_refused) {
  const std::string good = envelope("v1", "ConfigMap", bytes(1, bytes(1, "c")));
  EXPECT_TRUE(decode_protobuf_object(good).ok());
  for (size_t size = 0; size < good.size(); ++size) {
    const auto object = decode_protobuf_object(std::string_view(good).substr(0, size));
    // A cut between two fields is a shorter message; everything else is an error.
    EXPECT_TRUE(!object.ok() || object->is_object());
  }
  EXPECT_FALSE(decode_protobuf_object("{}").ok());
  EXPECT_FALSE(
      decode_protobuf_object(std::string("k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 15))
          .ok());
  EXPECT_FALSE(decode_protobuf_object(envelope("v1", "ConfigMap", "\x0a\x7fx")).ok());
}

}  // namespace
}  // namespace capstan
