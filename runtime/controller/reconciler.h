// The shape of every controller: a snapshot in, changes out.
//
// A reconciler reads objects through the Reader, decides, and gives back what should change; the
// manager commits the changes with the snapshot's resourceVersion as precondition and runs the
// reconciler again where it lost a race. So a reconciler is a function of what is stored and of the
// time; only providers and workload clusters are asked from within, and each such effect is
// idempotent.
//
// Thread safety: reconcile() is called from many threads, never for one key at the same time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/base/result.h"
#include "runtime/object/object.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

// A change that the manager makes after a reconcile, in order. An early failure stops the rest; the
// key is then tried again.
struct Change {
  enum class Op {
    kCreate,       // body is the whole object; kAlreadyExists counts as done
    kPatch,        // merge patch of everything but status
    kPatchStatus,  // merge patch of status
    kConditions,   // body is a list of conditions, merged by type into those of the object
    kApply,        // server-side apply (forced) by `manager`; body is the partial object
    kDelete,       // kNotFound counts as done
  };
  Op op = Op::kPatch;
  ObjectKey key = {};
  Json body = Json();
  // kPatch, kPatchStatus, kDelete: only where the object still has this revision / uid. `expected`
  // is the snapshot's revision also for the second change of one object: the manager follows its
  // own writes.
  Revision expected = 0;
  std::string uid = {};
  std::string manager = {};      // field manager; "" is the controller's name
  std::string propagation = {};  // kDelete: "Foreground", "Orphan"; "" is Background
};

struct EventRecord {
  ObjectKey regarding;
  std::string uid;
  std::string type = "Normal";  // or Warning
  std::string reason;
  std::string message;
};

struct Outcome {
  std::vector<Change> changes;
  std::vector<EventRecord> events;
  std::optional<Duration> requeue_after;
  // Nothing could be done or found out: it runs again after this, with as many failures in a row
  // as before.
  std::optional<Duration> postpone;
  // Set where something failed after changes were decided: the changes are committed, the failure
  // is logged and the key is retried with backoff.
  std::optional<Error> error;
};

// What a reconcile call has besides the key.
struct ReconcileContext {
  const WatchCache& objects;
  Clock& clock;
  Random& random;
  int attempt = 0;  // failures in a row for this key
};

class Reconciler {
 public:
  virtual ~Reconciler() = default;
  virtual std::string name() const = 0;  // "machine", for logs, metrics and managedFields
  // An object that is gone gives an empty Outcome. Errors are retried with backoff.
  virtual Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) = 0;
  // Reconciles that are under way shall give up, for nobody waits for them any more. From any
  // thread.
  virtual void cancel() {}
};

// In a WatchRule: every kind there is.
inline const GroupKind kAnyKind{"*", "*"};

// Which changes of which kinds wake which keys. The default for a watch is the object itself.
struct WatchRule {
  GroupKind kind;  // kAnyKind: objects of all kinds
  // The keys to reconcile for a changed object; empty function: the object's own key. At the start
  // it is called with an event kAdded for each object that is there.
  std::function<std::vector<ObjectKey>(const StoreEvent&, const WatchCache&)> map;
};

struct ControllerOptions {
  std::shared_ptr<Reconciler> reconciler;
  std::vector<WatchRule> watches;
  int concurrency = 10;
  // Reconciled once at the start besides the objects that are there: keys of periodic work.
  std::vector<ObjectKey> start_keys = {};
};

}  // namespace capstan
