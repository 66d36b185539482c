#include "runtime/api/answer.h"

#include "runtime/api/gzip.h"
#include "runtime/base/json.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr size_t kCompressFrom = 128 * 1024;

}  // namespace

void set_content(HttpResponse& response, bool yaml) {
  response.headers.emplace_back("Content-Type", yaml ? "application/yaml" : "application/json");
  response.headers.emplace_back("Cache-Control", "no-cache, private");
  if (!yaml) return;
  const auto json = parse_json(response.content());
  if (json.ok()) response.body = dump_yaml(*json);
  response.shared_body.reset();
}

void add_warning(HttpResponse& response, std::string_view text) {
  std::string quoted = "299 - \"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  response.headers.emplace_back("Warning", quoted + "\"");
}

HttpResponse compressed(HttpResponse response, const HttpRequest& request) {
  if (response.content().size() <= kCompressFrom) return response;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (request.header("accept-encoding").find("gzip") == std::string_view::npos) return response;
  response.body = gzip_compress(response.content());
  response.shared_body.reset();
  response.headers.emplace_back("Content-Encoding", "gzip");
  return response;
}

}  // namespace capstan
