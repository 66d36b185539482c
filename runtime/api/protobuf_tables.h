// Which protobuf fields become which JSON members, for the kinds that clients send as protobuf.
// The numbers are those of the generated.proto files of k8s.io/api and k8s.io/apimachinery.
//
// Thread safety: constants.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace capstan {

enum class ProtobufType : uint8_t {
  kString,
  kInt,       // left out where zero
  kIntOrNil,  // a pointer in Go: zero is kept
  kBool,
  kBytes,      // base64
  kMessage,    // left out where empty
  kTime,       // {seconds, nanos} -> RFC 3339
  kMicroTime,  // with microseconds
  kStringMap,
  kBytesMap,
  kRawJson,  // FieldsV1: a message whose field 1 is JSON text
};

struct ProtobufMessage;

struct ProtobufMember {
  uint32_t number;
  const char* name;
  ProtobufType type;
  bool repeated = false;
  const ProtobufMessage* message = nullptr;
};

struct ProtobufMessage {
  std::span<const ProtobufMember> members;
};

// Null where the kind is not sent as protobuf.
const ProtobufMessage* protobuf_message(std::string_view api_version, std::string_view kind);

}  // namespace capstan
