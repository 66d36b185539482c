#include "plugins/docker/cloudinit/encoding.h"

#include <capstan/text.h>
#include <zlib.h>

namespace capstan::docker {
namespace {

using sdk::Error;
using sdk::Expected;

constexpr size_t kMaxUnpacked = 64u << 20;
// zlib's way to ask for a gzip header.
constexpr int kGzipWindow = 15 + 16;

class Inflater {
 public:
  Inflater() { ready_ = inflateInit2(&stream_, kGzipWindow) == Z_OK; }
  Inflater(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  Expected<std::string> run(std::string_view bytes) {
    if (!ready_) return Error::internal("zlib cannot be set up");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    std::string out;
    int state = Z_OK;
    while (state != Z_STREAM_END) {
      char piece[16384];
      stream_.next_out = reinterpret_cast<Bytef*>(piece);
      stream_.avail_out = sizeof(piece);
      state = inflate(&stream_, Z_NO_FLUSH);
      if (state != Z_OK && state != Z_STREAM_END) return Error::invalid("no gzip data, or damaged");
      out.append(piece, sizeof(piece) - stream_.avail_out);
      if (out.size() > kMaxUnpacked) return Error::invalid("unpacks to more than 64 MiB");
    }
    return out;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

Expected<std::string> decode_content(std::string_view content, std::string_view encoding) {
  if (encoding.empty() || encoding == "text/plain") return std::string(content);
  const size_t plus = encoding.find('+');
  const std::string_view outer =
      plus == std::string_view::npos ? encoding : encoding.substr(plus + 1);
  const std::string_view inner =
      plus == std::string_view::npos ? std::string_view() : encoding.substr(0, plus);
  const bool base64 = outer == "b64" || outer == "base64";
  const std::string_view packing = base64 ? inner : encoding;
  const bool gzip = packing == "gz" || packing == "gzip";
  if (!packing.empty() && !gzip) {
    return Error::invalid("encoding \"" + std::string(encoding) +
                          "\" is none of base64, gzip, gzip+base64");
  }
  std::string bytes = base64 ? sdk::base64_decode(content) : std::string(content);
  if (!gzip) return bytes;
  return Inflater().run(bytes);
}

}  // namespace capstan::docker
