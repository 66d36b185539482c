// The messages between the host and a plugin's process: a header of 32 bytes and a body. A pure
// codec; channel.h moves the bytes.
//
//   offset size  member      little-endian
//        0    2  magic       0x5043 ("CP")
//        2    1  type        FrameType
//        3    1  flags       kBodyInMemfd
//        4    4  length      bytes of the body, wherever it is
//        8    4  call_id     of the caller's choice; a reply has the call's
//       12    2  method      Method
//       14    2  reserved    0
//       16    8  deadline    nanoseconds on CLOCK_MONOTONIC, 0: none
//       24    4  status      Code of a reply, 0 otherwise
//       28    4  attempt     failures in a row for this object; of calls and notices to the host,
//                            and of activate, the current call (current_call.h), 0: none
//
// A body of at most kMaxInline bytes follows the header in the same message; a larger one is in a
// sealed memfd that travels with it. Whatever the other side sends, decode gives a frame or says
// what is wrong with it.
//
// Thread safety: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan::isolation {

inline constexpr size_t kHeaderSize = 32;
inline constexpr size_t kMaxInline = size_t{64} << 10;
inline constexpr size_t kMaxBody = size_t{64} << 20;
inline constexpr uint32_t kProtocolVersion = 3;  // raised when a frame's meaning changes

enum class FrameType : uint8_t {
  kCall = 1,    // wants a reply
  kReply = 2,   //
  kNotice = 3,  // wants none
  kCancel = 4,  // the call of that id is given up
};

inline constexpr uint8_t kBodyInMemfd = 1;

// What is called. The numbers are fixed; new ones are added at the end of their block.
enum class Method : uint16_t {
  // host -> plugin
  kHello = 1,
  kActivate = 2,
  kDeactivate = 3,
  kReconcile = 4,
  kAdmit = 5,
  kDetach = 6,  // the connections end, and others are to be waited for (connections.h)
  // plugin -> host
  kLog = 64,
  kMetricDefine = 65,
  kMetricRecord = 66,
  kSecret = 67,
  kObjectGet = 68,
  kObjectList = 69,
  kEvent = 70,
  kWake = 71,
  kWorkloadRequest = 72,
  kWorkloadPodRequest = 73,
  kWorkloadNodes = 74,
  kPki = 75,
};

struct FrameHeader {
  FrameType type = FrameType::kCall;
  uint8_t flags = 0;
  uint32_t length = 0;
  uint32_t call_id = 0;
  Method method = Method::kHello;
  int64_t deadline_ns = 0;
  Code status = Code::kOk;
  uint32_t attempt = 0;

  bool in_memfd() const { return (flags & kBodyInMemfd) != 0; }
};

struct Frame {
  FrameHeader header;
  std::string_view body;  // of the decoded bytes; empty where it is in a memfd
};

std::array<char, kHeaderSize> encode_header(const FrameHeader& header);

// Errors: kInvalid with the member that is wrong.
Result<Frame> decode_frame(std::string_view bytes);

}  // namespace capstan::isolation
