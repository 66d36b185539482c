// simdjson's parsers, kept for the next text. Private to what reads JSON text.
//
// Thread safety: taken and given back on any thread; what is given is its holder's.
#pragma once

#include <simdjson.h>

#include <memory>

namespace capstan {

// A parser for a text of this size, with room for `max_depth` levels. A parser keeps some ten times
// its largest text, so a large text has one of its own, which goes with it.
//
// Lifetime: a parsed document is the parser's, and lasts as long as this.
class SimdjsonParser {
 public:
  explicit SimdjsonParser(size_t text_size);
  ~SimdjsonParser();
  SimdjsonParser(const SimdjsonParser&) = delete;
  // Null where there is no memory.
  simdjson::dom::parser* get() { return parser_.get(); }

 private:
  std::unique_ptr<simdjson::dom::parser> parser_;
  bool kept_;
};

// simdjson lets single surrogates pass that the tree parser refuses.
bool may_have_surrogates(std::string_view text);

}  // namespace capstan
