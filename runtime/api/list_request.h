// The query of a list or watch: selectors, paging, revisions, checked and parsed.
//
// Thread safety: values and pure functions.
#pragma once

#include <optional>
#include <string>

#include "runtime/api/request_target.h"
#include "runtime/object/kind.h"
#include "runtime/object/selector.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

enum class RevisionMatch { kUnset, kNotOlderThan, kExact };

struct ListRequest {
  LabelSelector labels;
  FieldSelector fields;
  size_t limit = 0;  // 0: all
  std::string continue_token;
  std::optional<Revision> revision;  // resourceVersion, where it was given
  RevisionMatch match = RevisionMatch::kUnset;
  bool watch = false;
  bool bookmarks = false;
  bool send_initial_events = false;
  std::optional<Duration> timeout;

  bool matches(const Object& object) const {
    return labels.matches(object.meta().labels) && fields.matches(object);
  }
};

// Errors: kInvalid; with fields where the parameters do not fit each other.
Result<ListRequest> parse_list_request(const RequestTarget& target, const Kind& kind);

// Where a list goes on: the state that its first page showed, and the last object given.
struct ContinueToken {
  Revision revision = 0;  // 0: any state will do
  std::string ns;
  std::string name;

  std::string encode() const;
  // Errors: kInvalid.
  static Result<ContinueToken> decode(const std::string& text);
};

}  // namespace capstan
