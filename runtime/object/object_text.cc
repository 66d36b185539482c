#include "runtime/object/object_text.h"

#include "runtime/object/compact_json.h"

namespace capstan {
namespace {

// Where the object that is the value of the top-level member "metadata" begins.
std::optional<size_t> find_metadata(std::string_view text) {
  if (!text.starts_with('{')) return std::nullopt;
  CompactJson scan(text, 0);
  while (scan.peek() != '}') {
    scan.step();  // the brace or comma before a name
    if (scan.peek() == '}') break;
    const std::string_view name = scan.string();
    if (name.find('\\') != std::string_view::npos) return std::nullopt;
    scan.step();
    if (name == "metadata") {
      if (scan.peek() != '{') return std::nullopt;
      return scan.at();
    }
    scan.skip_value();
  }
  return std::nullopt;
}

// Where a member's name begins, and its value begins and ends.
struct MemberPlace {
  size_t start = 0;
  size_t value = 0;
  size_t end = 0;
};

std::optional<MemberPlace> find_in_metadata(std::string_view text, std::string_view wanted) {
  const std::optional<size_t> metadata = find_metadata(text);
  if (!metadata.has_value()) return std::nullopt;
  CompactJson scan(text, *metadata);
  while (scan.peek() != '}') {
    scan.step();
    if (scan.peek() == '}') break;
    MemberPlace place{scan.at()};
    const std::string_view name = scan.string();
    if (name.find('\\') != std::string_view::npos) return std::nullopt;
    scan.step();
    place.value = scan.at();
    scan.skip_value();
    place.end = scan.at();
    if (name == wanted) return place;
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

std::optional<std::string_view> find_managed_fields(std::string_view text) {
  const std::optional<MemberPlace> place = find_in_metadata(text, "managedFields");
  if (!place.has_value()) return std::nullopt;
  return text.substr(place->value, place->end - place->value);
}

void append_without_managed_fields(std::string& out, std::string_view text) {
  const std::optional<MemberPlace> place = find_in_metadata(text, "managedFields");
  if (!place.has_value()) {
    out.append(text);
    return;
  }
  size_t start = place->start;
  size_t end = place->end;
  if (text[end] == ',') {
    ++end;
  } else if (text[start - 1] == ',') {
    --start;
  }
  out.append(text.substr(0, start)).append(text.substr(end));
}

}  // namespace capstan
