// Lists of one kind: a consistent state, in pages. A list that is read in pages shows the state of
// its first page to the end; a few such states are kept for some minutes.
//
// Thread safety: from any thread.
#pragma once

#include <list>
#include <mutex>
#include <vector>

#include "runtime/api/list_request.h"
#include "runtime/base/clock.h"

namespace capstan {

struct ListPage {
  Revision revision = 0;
  std::vector<ObjectPtr> items;  // as stored, selected
  std::string continue_token;    // "" on the last page
  std::optional<size_t> remaining;
};

class Lister {
 public:
  // Lifetime: of the cache and the clock.
  Lister(const WatchCache& cache, Clock& clock) : cache_(cache), clock_(clock) {}

  // Errors: kExpired (the state of the first page is gone, or a revision that is not current was
  // asked for exactly), kDeadlineExceeded (a revision of the future), kInvalid (token).
  // For an expired token `inconsistent_token` goes on from the same place in the current state.
  Result<ListPage> list(const GroupKind& stored_kind, const std::string& ns,
                        const ListRequest& request, std::string* inconsistent_token = nullptr);

 private:
  using Items = std::shared_ptr<const std::vector<ObjectPtr>>;
  struct Snapshot {
    GroupKind kind;
    std::string ns;
    std::string labels;  // the selector, by which items may have been left out
    Revision revision = 0;
    MonotonicTime used;
    Items items;
  };

  Result<Snapshot> snapshot_for(const GroupKind& kind, const std::string& ns,
                                const ListRequest& request, const ContinueToken& from,
                                std::string* inconsistent_token);
  Snapshot current(const GroupKind& kind, const std::string& ns, const ListRequest& request) const;
  void keep(Snapshot snapshot);

  const WatchCache& cache_;
  Clock& clock_;
  std::mutex mutex_;
  std::list<Snapshot> kept_;  // the latest used first
};

}  // namespace capstan
