// A walk over JSON text that is compact (no blanks between tokens) and known to be valid, as an
// Object's text is: it looks only at what ends a value, so it costs about a nanosecond a byte.
//
// Precondition of everything: valid, compact JSON. Lifetime: what is given out is of the text.
// Thread safety: a value of its caller.
#pragma once

#include <optional>
#include <string_view>

namespace capstan {

class CompactJson {
 public:
  explicit CompactJson(std::string_view text, size_t at = 0) : text_(text), at_(at) {}

  size_t at() const { return at_; }
  char peek() const { return text_[at_]; }
  void step() { ++at_; }

  // From the opening quote to behind the closing one; gives what is between, escapes as written.
  std::string_view string() {
    const size_t start = ++at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return text_.substr(start, at_++ - start);
  }

  // The value that begins here, as it is written.
  std::string_view value() {
    const size_t start = at_;
    skip_value();
    return text_.substr(start, at_ - start);
  }

  // Calls each(name) at the value of every member of the object that begins here; `each` leaves the
  // walk behind the value. Names are as written.
  template <typename Each>
  void members(Each each) {
    do {
      step();  // the brace or comma before a name
      if (peek() == '}') break;
      const std::string_view name = string();
      step();
      each(name);
    } while (peek() == ',');
    step();
  }

  // The same for the items of the array that begins here.
  template <typename Each>
  void items(Each each) {
    do {
      step();
      if (peek() == ']') break;
      each();
    } while (peek() == ',');
    step();
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

// The value of a member of an object, as it is written; nothing where there is none.
inline std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  CompactJson walk(object);
  walk.members([&](std::string_view member) {
    const std::string_view value = walk.value();
    if (member == name) found = value;
  });
  return found;
}

}  // namespace capstan
