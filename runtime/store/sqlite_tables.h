// The tables of a store's file (docs/store.md has the format): the current state of every object
// and the log of recent events, which keeps each state that a write replaced.
//
// Thread safety: none; owned by the SQLite store's writer.
#pragma once

#include <memory>
#include <vector>

#include "runtime/store/object_table.h"
#include "runtime/store/sqlite_database.h"
#include "runtime/store/store.h"

namespace capstan {

class SqliteTables {
 public:
  // Opens the file, makes the tables where it is new, and takes its lock until destroyed.
  static Result<std::unique_ptr<SqliteTables>> open(const SqliteOptions& options);

  // Every object, each checked against what was written.
  Result<void> load(ObjectTable& into);
  // The revision of the last write that is in the file.
  Result<Revision> last_revision();

  Result<void> begin();
  // Stores one event of the open transaction.
  Result<void> write(const StoreEvent& event);
  // Drops the oldest events beyond the bounds, but no more than `at_most` at a time, and gives some
  // free pages back to the disk where there are many. In the open transaction, so it costs no sync.
  Result<void> compact(size_t at_most);
  // Where commit() fails, only the file opened again says whether it happened.
  Result<void> commit();
  Result<void> rollback();

  // The log after a revision. `current` is the state that the last of the events led to.
  // Errors: kExpired where it does not reach back so far or is damaged.
  Result<std::vector<StoreEvent>> events_after(Revision after, const ObjectTable& current);
  Revision oldest_resumable() const { return log_.start; }

  // The upkeep that is due, in steps of milliseconds: moves the write-ahead log into the file,
  // gives free pages back to the disk. `idle` says that nobody waits.
  Result<void> maintain(bool idle);
  // Writes everything into the database file proper.
  Result<void> checkpoint() { return database_->checkpoint(); }

 private:
  struct Log {
    Revision start = 0;  // its first event is the next
    Revision end = 0;    // its last event
    uint64_t bytes = 0;
  };
  struct Statements {
    SqliteStatement begin, commit, rollback;
    SqliteStatement insert_object, update_object, delete_object;
    SqliteStatement insert_event, delete_event, count_pages, count_free_pages;
  };

  SqliteTables(const SqliteOptions& options, std::unique_ptr<SqliteDatabase> database)
      : options_(options), database_(std::move(database)) {}

  Result<void> prepare_statements();
  Result<void> read_log_bounds();
  Result<void> drop_events(size_t at_most);
  Result<void> write_object(const StoreEvent& event);
  Result<void> write_log(const StoreEvent& event);
  Result<ObjectPtr> read_object(const SqliteStatement& row) const;
  Result<void> expect_one_row(const StoreEvent& event) const;

  const SqliteOptions options_;
  // Before the statements, which are to go first.
  std::unique_ptr<SqliteDatabase> database_;
  Statements statements_;
  Log log_;
  Log committed_log_;
  int checkpoint_retry_ = 0;  // pages in the write-ahead log before the next try
};

}  // namespace capstan
