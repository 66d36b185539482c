#include "runtime/store/sqlite_tables.h"

#include <algorithm>
#include <map>

#include "runtime/base/text.h"
#include "runtime/store/sqlite_schema.h"

namespace capstan {
namespace {

// A checkpoint of so many pages of 4 KiB takes some milliseconds, and is done sooner when idle.
constexpr int kCheckpointPages = 1'000;
constexpr int kIdleCheckpointPages = 250;
// Free pages are given back a few with every transaction, and only where they are a quarter of the
// file and no mere reserve.
constexpr uint64_t kKeepFreePages = 500;
constexpr const char* kVacuumStep = "PRAGMA incremental_vacuum(32)";

// How types stand in the file; never renumbered.
enum class StoredType : uint64_t { kAdded = 0, kModified = 1, kDeleted = 2 };

StoredType stored(EventType type) {
  switch (type) {
    case EventType::kAdded:
      return StoredType::kAdded;
    case EventType::kModified:
      return StoredType::kModified;
    case EventType::kDeleted:
      break;
  }
  return StoredType::kDeleted;
}

std::optional<EventType> loaded(uint64_t type) {
  switch (static_cast<StoredType>(type)) {
    case StoredType::kAdded:
      return EventType::kAdded;
    case StoredType::kModified:
      return EventType::kModified;
    case StoredType::kDeleted:
      return EventType::kDeleted;
  }
  return std::nullopt;
}

void bind_key(SqliteStatement& statement, int first, const Object& object) {
  statement.bind(first, object.kind())
      .bind(first + 1, group_of(object))
      .bind(first + 2, object.meta().ns)
      .bind(first + 3, object.meta().name);
}

ObjectKey key_of(const SqliteStatement& row, int first) {
  return {{std::string(row.text(first + 1)), std::string(row.text(first))},
          std::string(row.text(first + 2)),
          std::string(row.text(first + 3))};
}

Result<uint64_t> read_number(SqliteStatement& statement) {
  const uint64_t number = TRY(statement.step()) ? statement.number(0) : 0;
  statement.reset();
  return number;
}

// One event of the log, still without the state that it led to.
struct LogRow {
  Revision revision = 0;
  EventType type = EventType::kAdded;
  ObjectKey key;
  ObjectPtr previous;
};

// Nothing where the row is damaged.
std::optional<LogRow> read_log_row(const SqliteStatement& row) {
  const std::optional<EventType> type = loaded(row.number(1));
  if (!type.has_value() || row.is_null(6) != (*type == EventType::kAdded)) return std::nullopt;
  LogRow out{row.number(0), *type, key_of(row, 2), nullptr};
  if (*type == EventType::kAdded) return out;
  Result<ObjectPtr> previous = Object::parse(std::string(row.text(6)));
  if (!previous.ok() || ByKey::view(*previous) != ByKey::view(out.key)) return std::nullopt;
  out.previous = *std::move(previous);
  return out;
}

// What the event led to, given the state of its object after it; nothing where they do not fit.
std::optional<StoreEvent> make_event(LogRow row, const ObjectPtr& after) {
  if (row.type == EventType::kDeleted) {
    if (after != nullptr) return std::nullopt;
    return StoreEvent{row.revision, row.type, row.previous->at_revision(row.revision),
                      std::move(row.previous)};
  }
  if (after == nullptr || after->meta().resource_version != row.revision) return std::nullopt;
  return StoreEvent{row.revision, row.type, after, std::move(row.previous)};
}

}  // namespace

Result<std::unique_ptr<SqliteTables>> SqliteTables::open(const SqliteOptions& options) {
  auto database = TRY(SqliteDatabase::open(options.path, options.vfs));
  // Said before the file is read for the first time: the lock is then held until it is closed, and
  // the index of the write-ahead log is in memory of this process alone.
  TRY(database->execute("PRAGMA locking_mode = EXCLUSIVE"));
  TRY(database->execute("PRAGMA cell_size_check = ON"));
  TRY(prepare_schema(*database));
  std::unique_ptr<SqliteTables> tables(new SqliteTables(options, std::move(database)));
  TRY(tables->prepare_statements());
  TRY(tables->read_log_bounds());
  return tables;
}

Result<void> SqliteTables::prepare_statements() {
  const auto prepare = [this](SqliteStatement& statement, const char* sql) -> Result<void> {
    statement = TRY(database_->prepare(sql));
    return {};
  };
  TRY(prepare(statements_.begin, "BEGIN IMMEDIATE"));
  TRY(prepare(statements_.commit, "COMMIT"));
  TRY(prepare(statements_.rollback, "ROLLBACK"));
  TRY(prepare(statements_.insert_object,
              "INSERT INTO objects (kind, grp, ns, name, revision, checksum, text) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  TRY(prepare(statements_.update_object,
              "UPDATE objects SET revision = ?5, checksum = ?6, text = ?7 "
              "WHERE kind = ?1 AND grp = ?2 AND ns = ?3 AND name = ?4"));
  TRY(prepare(statements_.delete_object,
              "DELETE FROM objects WHERE kind = ?1 AND grp = ?2 AND ns = ?3 AND name = ?4"));
  TRY(prepare(statements_.insert_event,
              "INSERT INTO events (revision, type, kind, grp, ns, name, size, previous) "
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"));
  TRY(prepare(statements_.count_pages, "PRAGMA page_count"));
  TRY(prepare(statements_.count_free_pages, "PRAGMA freelist_count"));
  return prepare(statements_.delete_event, "DELETE FROM events WHERE revision = ?1 RETURNING size");
}

Result<void> SqliteTables::read_log_bounds() {
  const Revision last = TRY(last_revision());
  const Revision first = TRY(database_->number("SELECT min(revision) FROM events"));
  log_ = {first == 0 ? last : first - 1, last,
          TRY(database_->number("SELECT CAST(total(size) AS INTEGER) FROM events"))};
  committed_log_ = log_;
  return {};
}

Result<Revision> SqliteTables::last_revision() {
  // The newest event is never dropped, so a deletion at the end of the sequence counts as well.
  const Revision event = TRY(database_->number("SELECT max(revision) FROM events"));
  if (event != 0) return event;
  return database_->number("SELECT max(revision) FROM objects");
}

Result<void> SqliteTables::load(ObjectTable& into) {
  const uint64_t count = TRY(database_->number("SELECT count(*) FROM objects"));
  SqliteStatement rows = TRY(database_->prepare(
      "SELECT id, kind, grp, ns, name, revision, checksum, text FROM objects NOT INDEXED"));
  while (TRY(rows.step())) into.insert(TRY(read_object(rows)));
  if (into.objects().size() == count) return {};
  return Error{Code::kDataLoss,
               "the store " + database_->path() + " is damaged (its index has " +
                   std::to_string(count) + " objects, its table " +
                   std::to_string(into.objects().size()) + "): restore it from a backup",
               {},
               {}};
}

Result<ObjectPtr> SqliteTables::read_object(const SqliteStatement& row) const {
  const ObjectKey key = key_of(row, 1);
  const std::string_view text = row.text(7);
  if (fnv1a(text) == row.number(6)) {
    Result<ObjectPtr> object = Object::parse(std::string(text));
    if (object.ok() && ByKey::view(*object) == ByKey::view(key) &&
        (*object)->meta().resource_version == row.number(5)) {
      return object;
    }
  }
  return Error{Code::kDataLoss,
               "the store " + database_->path() + " has a damaged object, " + key.text() +
                   ": restore the file from a backup, or give up this object with: sqlite3 " +
                   database_->path() +
                   " 'DELETE FROM objects WHERE id = " + std::to_string(row.number(0)) + "'",
               {},
               {}};
}

Result<void> SqliteTables::begin() {
  return statements_.begin.run();
}

Result<void> SqliteTables::write(const StoreEvent& event) {
  TRY(write_object(event));
  return write_log(event);
}

Result<void> SqliteTables::write_object(const StoreEvent& event) {
  const Object& object = *event.object;
  if (event.type == EventType::kDeleted) {
    bind_key(statements_.delete_object, 1, object);
    TRY(statements_.delete_object.run());
    return expect_one_row(event);
  }
  SqliteStatement& statement =
      event.type == EventType::kAdded ? statements_.insert_object : statements_.update_object;
  bind_key(statement, 1, object);
  statement.bind(5, event.revision).bind(6, fnv1a(object.text())).bind(7, object.text());
  TRY(statement.run());
  return expect_one_row(event);
}

// Every object in memory is in the file once, so anything else means that the file's index is
// damaged.
Result<void> SqliteTables::expect_one_row(const StoreEvent& event) const {
  if (database_->changes() == 1) return {};
  return Error{Code::kDataLoss,
               "the store " + database_->path() + " is damaged (" + event.object->key().text() +
                   " was not found by its key): stop, and restore it from a backup",
               {},
               {}};
}

Result<void> SqliteTables::write_log(const StoreEvent& event) {
  SqliteStatement& statement = statements_.insert_event;
  const uint64_t size = event.previous == nullptr ? 0 : event.previous->text().size();
  statement.bind(1, event.revision).bind(2, static_cast<uint64_t>(stored(event.type)));
  bind_key(statement, 3, *event.object);
  statement.bind(7, size);
  if (event.previous == nullptr) {
    statement.bind_null(8);
  } else {
    statement.bind(8, event.previous->text());
  }
  TRY(statement.run());
  log_.end = event.revision;
  log_.bytes += size;
  return {};
}

Result<void> SqliteTables::compact(size_t at_most) {
  TRY(drop_events(at_most));
  const uint64_t free = TRY(read_number(statements_.count_free_pages));
  if (free < kKeepFreePages) return {};
  if (free < TRY(read_number(statements_.count_pages)) / 4) return {};
  return database_->execute(kVacuumStep);
}

Result<void> SqliteTables::drop_events(size_t at_most) {
  for (size_t dropped = 0; dropped < at_most && log_.start + 1 < log_.end; ++dropped) {
    const bool too_many = log_.end - log_.start > options_.keep_events;
    if (!too_many && log_.bytes <= options_.keep_event_bytes) return {};
    SqliteStatement& statement = statements_.delete_event;
    statement.bind(1, log_.start + 1);
    if (TRY(statement.step())) log_.bytes -= std::min(log_.bytes, statement.number(0));
    TRY(statement.run());
    ++log_.start;
  }
  return {};
}

Result<void> SqliteTables::commit() {
  TRY(statements_.commit.run());
  committed_log_ = log_;
  return {};
}

Result<void> SqliteTables::rollback() {
  log_ = committed_log_;
  if (!database_->in_transaction()) return {};
  return statements_.rollback.run();
}

// Walks back from the current state: an event's row has the state before it, which is the state
// after the same object's event before.
Result<std::vector<StoreEvent>> SqliteTables::events_after(Revision after,
                                                           const ObjectTable& current) {
  if (after < log_.start) return events_expired(after, log_.start);
  SqliteStatement rows =
      TRY(database_->prepare("SELECT revision, type, kind, grp, ns, name, previous FROM events "
                             "WHERE revision > ?1 ORDER BY revision DESC"));
  rows.bind(1, after);
  std::map<ObjectKey, ObjectPtr> states;
  std::vector<StoreEvent> events;
  while (TRY(rows.step())) {
    std::optional<LogRow> row = read_log_row(rows);
    if (!row.has_value()) return events_expired(after, log_.end);
    const auto known = states.try_emplace(row->key, current.find(row->key)).first;
    const ObjectPtr state = std::exchange(known->second, row->previous);
    std::optional<StoreEvent> event = make_event(*std::move(row), state);
    if (!event.has_value()) return events_expired(after, log_.end);
    events.push_back(*std::move(event));
  }
  if (events.size() != log_.end - std::min(after, log_.end)) return events_expired(after, log_.end);
  std::reverse(events.begin(), events.end());
  return events;
}

Result<void> SqliteTables::maintain(bool idle) {
  const int due = idle ? kIdleCheckpointPages : kCheckpointPages;
  const int pages = database_->wal_pages();
  if (pages >= std::max(due, checkpoint_retry_)) {
    // A checkpoint that fails is not tried with every commit anew.
    checkpoint_retry_ = pages + kCheckpointPages;
    TRY(database_->checkpoint());
    checkpoint_retry_ = 0;
  }
  return {};
}

}  // namespace capstan
