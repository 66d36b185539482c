#include "runtime/base/simdjson_parser.h"

#include <algorithm>

namespace capstan {
namespace {

constexpr size_t kMaxDepth = 100;  // the general parser decides about what is as deep
constexpr size_t kSmallText = 4096;
constexpr size_t kLargeText = 32 * 1024;

simdjson::dom::parser& thread_parser() {
  thread_local simdjson::dom::parser parser;
  return parser;
}

}  // namespace

SimdjsonParser::SimdjsonParser(size_t text_size) {
  simdjson::dom::parser& parser = text_size > kLargeText ? own_.emplace() : thread_parser();
  const bool ready = parser.capacity() > 0 || parser.allocate(std::max(text_size, kSmallText),
                                                              kMaxDepth) == simdjson::SUCCESS;
  if (ready) parser_ = &parser;
}

bool may_have_surrogates(std::string_view text) {
  for (size_t at = text.find("\\u"); at != std::string_view::npos; at = text.find("\\u", at + 2)) {
    if (at + 2 < text.size() && (text[at + 2] == 'd' || text[at + 2] == 'D')) return true;
  }
  return false;
}

}  // namespace capstan
