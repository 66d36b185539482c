#include "runtime/base/simdjson_parser.h"

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace capstan {
namespace {

constexpr size_t kMaxDepth = 100;  // the general parser decides about what is as deep
constexpr size_t kSmallText = 4096;
constexpr size_t kLargeText = 32 * 1024;

constexpr size_t kMaxKept = 64;

using ParserPtr = std::unique_ptr<simdjson::dom::parser>;

// Parsers that nobody holds. One a thread would need no lock, but a thread-local destructor keeps a
// plugin with this code from being unloaded until that thread ends.
class Pool {
 public:
  Pool() { kept_.reserve(kMaxKept); }

  ParserPtr take() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return nullptr;
    ParserPtr parser = std::move(kept_.back());
    kept_.pop_back();
    return parser;
  }
  void give(ParserPtr parser) {
    const std::lock_guard lock(mutex_);
    if (kept_.size() < kMaxKept) kept_.push_back(std::move(parser));
  }

 private:
  std::mutex mutex_;
  std::vector<ParserPtr> kept_;
};

Pool& pool() {
  static Pool pool;
  return pool;
}

}  // namespace

SimdjsonParser::SimdjsonParser(size_t text_size) : kept_(text_size <= kLargeText) {
  if (kept_) parser_ = pool().take();
  if (parser_ != nullptr) return;
  parser_ = std::make_unique<simdjson::dom::parser>();
  const size_t room = std::max(text_size, kSmallText);
  if (parser_->allocate(room, kMaxDepth) != simdjson::SUCCESS) parser_.reset();
}

SimdjsonParser::~SimdjsonParser() {
  if (kept_ && parser_ != nullptr) pool().give(std::move(parser_));
}

bool may_have_surrogates(std::string_view text) {
  for (size_t at = text.find("\\u"); at != std::string_view::npos; at = text.find("\\u", at + 2)) {
    if (at + 2 < text.size() && (text[at + 2] == 'd' || text[at + 2] == 'D')) return true;
  }
  return false;
}

}  // namespace capstan
