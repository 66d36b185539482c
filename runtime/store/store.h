// The Store port: revisioned objects that outlive the process. Adapters: SQLite (the embedded
// default) and memory (tests, simulation). Reads and watches go through the WatchCache, which is
// fed by the store; nothing else reads a store.
//
// Revisions: every successful commit takes the next revisions, one a write, in one sequence for all
// kinds. An object's metadata.resourceVersion is the revision of its last write.
//
// Durability: when commit() returns success the write survives kill -9 and power loss.
//
// Thread safety: all members from any thread. Listeners are called on the store's writer, one
// event after the other in revision order, after the write is durable and before commit() returns;
// they must be quick and must not call commit().
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/object/object.h"

namespace capstan {

enum class EventType { kAdded, kModified, kDeleted };

// One write as it happened.
struct StoreEvent {
  Revision revision = 0;
  EventType type = EventType::kAdded;
  ObjectPtr object;    // as written; for kDeleted the last state, at the revision of its deletion
  ObjectPtr previous;  // null for kAdded
};

// What is asked of the store. A batch of writes commits wholly or not at all.
struct Write {
  enum class Op { kCreate, kUpdate, kDelete };
  Op op = Op::kCreate;
  ObjectKey key;
  ObjectPtr object;  // kCreate, kUpdate: the new state; its resourceVersion is set by the store
  // kUpdate, kDelete: the revision the object must have; 0 takes any. kCreate ignores it.
  Revision expected = 0;
  // kCreate: objects that must still be stored, with these uids and not being deleted, so that
  // nothing is made in a namespace that goes. Null ones ask for nothing.
  std::array<ObjectPtr, 2> within = {};
};

// Called by the writer for every commit, one after the other: it must be quick. It may ask for the
// revision; a commit() from within it is refused (kInternal), since it would wait for itself.
using StoreListener = std::function<void(const std::vector<StoreEvent>&)>;

class Store {
 public:
  virtual ~Store() = default;

  // Blocks until the writes are durable and the listener has seen them. Gives the written objects
  // in the order of the writes (for a delete: the last state at the deletion's revision).
  // Errors: kAlreadyExists (create), kNotFound (update, delete), kConflict (expected revision),
  // kFailedPrecondition (what a create is within is gone or being deleted),
  // kResourceExhausted (disk full), kUnavailable (locked), kDataLoss (corrupt); the message names
  // the object or the file and what to do. After any error nothing of the batch is stored.
  virtual Result<std::vector<ObjectPtr>> commit(std::vector<Write> writes) = 0;

  // Everything that is stored, with the revision it is current at; and from then on every event to
  // `listener`, none missed and none twice. Called once, by the WatchCache.
  virtual Result<Revision> load(const std::function<void(ObjectPtr)>& each,
                                StoreListener listener) = 0;

  // Events after `after` in order, from the bounded log (so that watches resume over a restart).
  // Errors: kExpired where they are no longer kept.
  virtual Result<std::vector<StoreEvent>> events_after(Revision after) = 0;

  // The smallest revision that events_after() can start from.
  virtual Revision oldest_resumable() = 0;

  virtual Revision revision() const = 0;
};

struct MemoryStoreOptions {
  size_t keep_events = 20'000;  // length of the event log
};
// Keeps everything in memory; for tests and simulation. Deterministic: no threads of its own, the
// caller of commit() is the writer.
std::unique_ptr<Store> make_memory_store(const MemoryStoreOptions& options = {});

struct SqliteOptions {
  std::string path;                         // the database file; made where absent
  uint64_t keep_events = 20'000;            // length of the event log
  uint64_t keep_event_bytes = 64ULL << 20;  // and of the objects' texts in it
  std::string vfs = {};  // SQLite's name for a file system to use; "" is the system's
};
// One writer thread, group commit, durable when acknowledged; docs/store.md has the format.
// Errors: a file of a newer Capstan or another program (kFailedPrecondition), damaged or no
// database (kDataLoss), another process has it open (kUnavailable), cannot be made or written
// (kPermissionDenied, kResourceExhausted).
Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

// The kExpired error of whoever keeps events: those after `after` were asked for, `oldest` is the
// smallest revision to resume from.
Error events_expired(Revision after, Revision oldest);
// What commit() answers to a listener.
Error commit_by_listener();

}  // namespace capstan
