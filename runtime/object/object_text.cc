#include "runtime/object/object_text.h"

#include "runtime/object/compact_json.h"

namespace capstan {
namespace {

// Where the object that is the value of the top-level member "metadata" begins.
std::optional<size_t> find_metadata(std::string_view text) {
  CompactJson scan(text, 0);
  while (scan.peek() != '}') {
    scan.step();  // the brace or comma before a name
    if (scan.peek() == '}') break;
    const std::string_view name = scan.string();
    if (name.find('\\') != std::string_view::npos) return std::nullopt;
    scan.step();
    if (name == "metadata") return scan.at();
    scan.skip_value();
  }
  return std::nullopt;
}

std::string replace(std::string_view text, size_t from, size_t to, std::string_view before,
                    std::string_view value, std::string_view after) {
  std::string out;
  out.reserve(text.size() - (to - from) + before.size() + value.size() + after.size());
  out.append(text.substr(0, from)).append(before).append(value).append(after);
  return std::move(out.append(text.substr(to)));
}

}  // namespace

std::optional<std::string> with_resource_version(std::string_view text, std::string_view version) {
  constexpr std::string_view kName = "resourceVersion";
  const std::optional<size_t> metadata = find_metadata(text);
  if (!metadata.has_value()) return std::nullopt;
  CompactJson scan(text, *metadata);
  std::optional<size_t> place;  // of the first name that sorts behind
  while (scan.peek() != '}') {
    scan.step();
    if (scan.peek() == '}') break;
    const size_t start = scan.at();
    const std::string_view name = scan.string();
    if (name.find('\\') != std::string_view::npos) return std::nullopt;
    scan.step();
    const size_t value = scan.at();
    scan.skip_value();
    if (name == kName) return replace(text, value, scan.at(), "\"", version, "\"");
    if (name > kName && !place.has_value()) place = start;
  }
  if (place.has_value()) {
    return replace(text, *place, *place, "\"resourceVersion\":\"", version, "\",");
  }
  const bool empty = scan.at() == *metadata + 1;
  return replace(text, scan.at(), scan.at(),
                 empty ? "\"resourceVersion\":\"" : ",\"resourceVersion\":\"", version, "\"");
}

}  // namespace capstan
