// The only source of reads and watches: every stored object, parsed once and shared, with the
// indexes that the runtime needs and a window of recent events.
//
// A commit's events are in the cache before Store::commit() returns, so whoever wrote reads its own
// write.
//
// Thread safety: all members from any thread. Watch callbacks run on the store's writer: they must
// be quick (put into a queue, wake a loop) and must not commit.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/store/store.h"

namespace capstan {

// What a list gives: a consistent view of one kind at one revision.
struct ListResult {
  Revision revision = 0;
  std::vector<ObjectPtr> items;  // sorted by namespace, then name
};

struct ListOptions {
  std::string ns;  // "" for all namespaces
  // Equality requirements on labels, answered from an index where there is one
  // (cluster.x-k8s.io/cluster-name) and by a scan otherwise.
  std::vector<std::pair<std::string, std::string>> labels;
};

// Ends its watch when it is destroyed; no callback runs after the destructor returned. A callback
// may destroy its own handle. Elsewhere the destructor waits for a callback that runs, so whoever
// destroys a handle must not hold a lock that the callback takes.
class WatchHandle {
 public:
  virtual ~WatchHandle() = default;
};

using WatchCallback = std::function<void(const StoreEvent&)>;

class WatchCache {
 public:
  virtual ~WatchCache() = default;

  virtual ObjectPtr get(const ObjectKey& key) const = 0;  // null where absent
  virtual ObjectPtr get_by_uid(const std::string& uid) const = 0;
  virtual ListResult list(const GroupKind& kind, const ListOptions& options = {}) const = 0;
  // All objects with an owner reference to this uid, of any kind.
  virtual std::vector<ObjectPtr> owned_by(const std::string& uid) const = 0;
  // All objects whose references (options) name this key, whether or not it exists, by kind, then
  // name.
  virtual std::vector<ObjectPtr> referring_to(const ObjectKey& key) const = 0;
  virtual size_t count(const GroupKind& kind) const = 0;
  virtual Revision revision() const = 0;

  // Events of one kind after `after`: those in the window are delivered before watch() returns,
  // later ones as they happen; none missed, none twice, in order. The first of them may run on the
  // caller's thread, never two at once.
  // Errors: kExpired where `after` is older than the window, or newer than the store.
  virtual Result<std::unique_ptr<WatchHandle>> watch(const GroupKind& kind, Revision after,
                                                     WatchCallback callback) = 0;
  // Events of all kinds from now on.
  virtual std::unique_ptr<WatchHandle> watch_all(WatchCallback callback) = 0;

  // Drops parsed trees that nobody used since the last call, to save memory. Gives how many.
  virtual size_t drop_idle_trees() = 0;
};

// What an object refers to in its spec. Called when an object comes, goes or gets another
// generation. Thread safety: called with the cache's lock held, so it looks at nothing but the
// object.
using ReferencesOf = std::vector<ObjectKey> (*)(const Object& object);

struct WatchCacheOptions {
  size_t window = 20'000;             // events kept for watches that resume
  size_t window_bytes = 16ULL << 20;  // and at most so many bytes of their objects' texts
  // Whether written objects keep the tree that they were made from. Without, nothing is left to
  // drop_idle_trees() but what readers had parsed.
  bool keep_trees = true;
  ReferencesOf references = nullptr;  // what referring_to() finds by; without, it finds nothing
};

// Loads everything from the store. Lifetime: the store outlives the cache.
Result<std::unique_ptr<WatchCache>> make_watch_cache(Store& store,
                                                     const WatchCacheOptions& options = {});

}  // namespace capstan
