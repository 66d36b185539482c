// No message of a plugin's process makes the decoders fail but in words, and what they accept is
// encoded to the same bytes again.
#include <cstdlib>
#include <string>

#include "runtime/isolation/frame.h"
#include "runtime/isolation/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace isolation = capstan::isolation;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto frame = isolation::decode_frame(bytes);
  if (frame.ok()) {
    const auto header = isolation::encode_header(frame->header);
    if (std::string_view(header.data(), header.size()) != bytes.substr(0, header.size())) abort();
  }
  const std::string_view body = frame.ok() ? frame->body : bytes;
  if (const auto call = isolation::decode_work(body); call.ok()) {
    if (isolation::encode_work(*call) != body) abort();
  }
  (void)isolation::decode_reply(body);
  return 0;
}
