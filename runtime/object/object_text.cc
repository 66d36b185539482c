#include "runtime/object/object_text.h"

namespace capstan {
namespace {

// Walks compact JSON that is known to be valid, so it looks only at what ends a value.
class Scanner {
 public:
  Scanner(std::string_view text, size_t at) : text_(text), at_(at) {}

  size_t at() const { return at_; }
  char peek() const { return text_[at_]; }
  void step() { ++at_; }

  // From the opening quote to behind the closing one; gives what is between, escapes as written.
  std::string_view string() {
    const size_t start = ++at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return text_.substr(start, at_++ - start);
  }

  void skip_value() {
    if (peek() == '"') {
      string();
    } else if (peek() == '{' || peek() == '[') {
      skip_nested();
    } else {
      at_ = text_.find_first_of(",}]", at_);
    }
  }

 private:
  void skip_nested() {
    int depth = 0;
    do {
      const char c = peek();
      if (c == '"') {
        string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    } while (depth > 0);
  }

  std::string_view text_;
  size_t at_;
};

// Where the object that is the value of the top-level member "metadata" begins.
std::optional<size_t> find_metadata(std::string_view text) {
  Scanner scan(text, 0);
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
  Scanner scan(text, *metadata);
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
