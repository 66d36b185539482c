#include "runtime/isolation/frame.h"

#include <string>

#include "runtime/isolation/fields.h"

namespace capstan::isolation {
namespace {

constexpr uint16_t kMagic = 0x5043;

bool known(Method method) {
  return (method >= Method::kHello && method <= Method::kDetach) ||
         (method >= Method::kLog && method <= Method::kPki);
}

Error wrong(const std::string& what) {
  return Error::invalid("a message of the plugin's process is broken: " + what);
}

Result<void> check_body(const FrameHeader& header, size_t given) {
  if (header.in_memfd()) {
    if (given != 0) return wrong("a body both in the message and in a memfd");
    if (header.length > kMaxBody) {
      return wrong("a body of " + std::to_string(header.length) + " bytes");
    }
    return {};
  }
  if (header.length != given) {
    return wrong("its header says " + std::to_string(header.length) + " bytes, it has " +
                 std::to_string(given));
  }
  if (given > kMaxInline) return wrong("more than " + std::to_string(kMaxInline) + " bytes inline");
  return {};
}

}  // namespace

std::array<char, kHeaderSize> encode_header(const FrameHeader& header) {
  std::array<char, kHeaderSize> out{};
  char* to = out.data();
  to = put_number(to, kMagic);
  to = put_number(to, static_cast<uint8_t>(header.type));
  to = put_number(to, header.flags);
  to = put_number(to, header.length);
  to = put_number(to, header.call_id);
  to = put_number(to, static_cast<uint16_t>(header.method));
  to = put_number(to, uint16_t{0});
  to = put_number(to, static_cast<uint64_t>(header.deadline_ns));
  to = put_number(to, static_cast<uint32_t>(header.status));
  put_number(to, header.attempt);
  return out;
}

Result<Frame> decode_frame(std::string_view bytes) {
  if (bytes.size() < kHeaderSize) {
    return wrong("only " + std::to_string(bytes.size()) + " bytes");
  }
  FieldReader in(bytes.substr(0, kHeaderSize));
  if (in.number<uint16_t>() != kMagic) return wrong("no header at its start");
  Frame frame;
  FrameHeader& header = frame.header;
  header.type = static_cast<FrameType>(in.number<uint8_t>());
  header.flags = in.number<uint8_t>();
  header.length = in.number<uint32_t>();
  header.call_id = in.number<uint32_t>();
  header.method = static_cast<Method>(in.number<uint16_t>());
  const uint16_t reserved = in.number<uint16_t>();
  header.deadline_ns = static_cast<int64_t>(in.number<uint64_t>());
  const uint32_t status = in.number<uint32_t>();
  header.attempt = in.number<uint32_t>();

  if (header.type < FrameType::kCall || header.type > FrameType::kCancel) {
    return wrong("type " + std::to_string(static_cast<int>(header.type)));
  }
  if ((header.flags & ~kBodyInMemfd) != 0 || reserved != 0) return wrong("unknown flags");
  if (!known(header.method)) {
    return wrong("method " + std::to_string(static_cast<int>(header.method)));
  }
  if (status > static_cast<uint32_t>(Code::kUnauthenticated)) {
    return wrong("status " + std::to_string(status));
  }
  if (header.type != FrameType::kReply && status != 0) return wrong("a status that is no reply's");
  header.status = static_cast<Code>(status);
  frame.body = bytes.substr(kHeaderSize);
  TRY(check_body(header, frame.body.size()));
  return frame;
}

}  // namespace capstan::isolation
