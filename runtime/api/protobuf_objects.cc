#include "runtime/api/protobuf_objects.h"

#include "runtime/api/protobuf_tables.h"
#include "runtime/api/protobuf_wire.h"
#include "runtime/base/clock.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr std::string_view kMagic("k8s\0", 4);
constexpr int kMaxDepth = 20;

Result<Json> decode_message(const ProtobufMessage& message, std::string_view bytes, int depth);

// Years 0 to 9999, as JSON times can say.
Result<Json> decode_time(std::string_view bytes, bool micro) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  ProtobufReader reader(bytes);
  while (!reader.at_end()) {
    const ProtobufField field = TRY(reader.next());
    if (field.number == 1) seconds = static_cast<int64_t>(field.varint);
    if (field.number == 2) nanos = static_cast<int32_t>(field.varint);
  }
  constexpr int64_t kMaxSeconds = 9'000'000'000;
  if (seconds == 0 && nanos == 0) return Json(nullptr);
  if (seconds < -kMaxSeconds || seconds > kMaxSeconds || nanos < 0 || nanos >= 1'000'000'000) {
    // The zero time of Go lies before year 1.
    return Json(nullptr);
  }
  const Instant time{std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos)};
  return Json(micro ? format_micro_time(time) : format_time(time));
}

// One entry of a map: {1: key, 2: value}.
Result<void> decode_map_entry(std::string_view bytes, bool base64, Json& map) {
  std::string key;
  std::string value;
  ProtobufReader reader(bytes);
  while (!reader.at_end()) {
    const ProtobufField field = TRY(reader.next());
    if (field.number == 1) key = std::string(field.bytes);
    if (field.number == 2) value = std::string(field.bytes);
  }
  map[key] = base64 ? base64_encode(value) : value;
  return {};
}

Result<Json> decode_raw_json(std::string_view bytes) {
  ProtobufReader reader(bytes);
  while (!reader.at_end()) {
    const ProtobufField field = TRY(reader.next());
    if (field.number == 1) return parse_json(field.bytes);
  }
  return Json::object();
}

// Null where the member is to be left out.
Result<Json> decode_value(const ProtobufMember& member, const ProtobufField& field, int depth) {
  switch (member.type) {
    case ProtobufType::kString:
      if (field.bytes.empty() && !member.repeated) return Json(nullptr);
      return Json(std::string(field.bytes));
    case ProtobufType::kBytes:
      return Json(base64_encode(field.bytes));
    case ProtobufType::kInt:
      if (field.varint == 0) return Json(nullptr);
      return Json(static_cast<int64_t>(field.varint));
    case ProtobufType::kIntOrNil:
      return Json(static_cast<int64_t>(field.varint));
    case ProtobufType::kBool:
      return Json(field.varint != 0);
    case ProtobufType::kTime:
      return decode_time(field.bytes, false);
    case ProtobufType::kMicroTime:
      return decode_time(field.bytes, true);
    case ProtobufType::kRawJson:
      return decode_raw_json(field.bytes);
    case ProtobufType::kMessage: {
      Json value = TRY(decode_message(*member.message, field.bytes, depth + 1));
      if (value.empty() && !member.repeated) return Json(nullptr);
      return value;
    }
    default:
      return Json(nullptr);
  }
}

Result<void> add_member(const ProtobufMember& member, const ProtobufField& field, int depth,
                        Json& object) {
  if (member.type == ProtobufType::kStringMap || member.type == ProtobufType::kBytesMap) {
    Json& map = object[member.name];
    if (map.is_null()) map = Json::object();
    return decode_map_entry(field.bytes, member.type == ProtobufType::kBytesMap, map);
  }
  Json value = TRY(decode_value(member, field, depth));
  if (value.is_null()) return {};
  if (member.repeated) {
    object[member.name].push_back(std::move(value));
  } else {
    object[member.name] = std::move(value);
  }
  return {};
}

Result<Json> decode_message(const ProtobufMessage& message, std::string_view bytes, int depth) {
  if (depth > kMaxDepth) return Error::invalid("the protobuf message is nested too deeply");
  Json object = Json::object();
  ProtobufReader reader(bytes);
  while (!reader.at_end()) {
    const ProtobufField field = TRY(reader.next());
    for (const ProtobufMember& member : message.members) {
      if (member.number == field.number) TRY(add_member(member, field, depth, object));
    }
  }
  return object;
}

struct Envelope {
  std::string api_version;
  std::string kind;
  std::string_view raw;
};

Result<Envelope> read_envelope(std::string_view body) {
  if (!body.starts_with(kMagic)) {
    return Error::invalid("the body is no Kubernetes protobuf: it does not start with \"k8s\\0\"");
  }
  Envelope envelope;
  ProtobufReader reader(body.substr(kMagic.size()));
  while (!reader.at_end()) {
    const ProtobufField field = TRY(reader.next());
    if (field.number == 2) envelope.raw = field.bytes;
    if (field.number != 1) continue;
    ProtobufReader type(field.bytes);
    while (!type.at_end()) {
      const ProtobufField part = TRY(type.next());
      if (part.number == 1) envelope.api_version = std::string(part.bytes);
      if (part.number == 2) envelope.kind = std::string(part.bytes);
    }
  }
  return envelope;
}

}  // namespace

Result<Json> decode_protobuf_object(std::string_view body) {
  const Envelope envelope = TRY(read_envelope(body));
  const ProtobufMessage* message = protobuf_message(envelope.api_version, envelope.kind);
  if (message == nullptr) {
    return Error{Code::kUnimplemented,
                 "protobuf is not accepted for " + envelope.api_version + " " + envelope.kind +
                     "; send application/json",
                 {},
                 {}};
  }
  Json object = TRY(decode_message(*message, envelope.raw, 0));
  object["apiVersion"] = envelope.api_version;
  object["kind"] = envelope.kind;
  return object;
}

}  // namespace capstan
