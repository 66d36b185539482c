// simdjson's parsers, one a thread. Private to what reads JSON text.
//
// Thread safety: what is given is the calling thread's.
#pragma once

#include <simdjson.h>

#include <optional>

namespace capstan {

// A parser for a text of this size, with room for `max_depth` levels. A parser keeps some ten times
// its largest text, so a large text has one of its own, which goes with it.
//
// Lifetime: a parsed document is the parser's, and lasts until the next parser of the thread is
// taken.
class SimdjsonParser {
 public:
  explicit SimdjsonParser(size_t text_size);
  // Null where there is no memory.
  simdjson::dom::parser* get() { return parser_; }

 private:
  std::optional<simdjson::dom::parser> own_;
  simdjson::dom::parser* parser_ = nullptr;
};

// simdjson lets single surrogates pass that the tree parser refuses.
bool may_have_surrogates(std::string_view text);

}  // namespace capstan
