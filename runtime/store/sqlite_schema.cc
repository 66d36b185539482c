#include "runtime/store/sqlite_schema.h"

namespace capstan {
namespace {

constexpr uint64_t kVersion = 1;
constexpr uint64_t kApplicationId = 0x43415053;  // "CAPS", in the file's header

constexpr const char* kCreate = R"(
  BEGIN IMMEDIATE;
  CREATE TABLE objects (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    grp TEXT NOT NULL,
    ns TEXT NOT NULL,
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    text TEXT NOT NULL,
    UNIQUE (kind, grp, ns, name)
  ) STRICT;
  CREATE TABLE events (
    revision INTEGER PRIMARY KEY,
    type INTEGER NOT NULL,
    kind TEXT NOT NULL,
    grp TEXT NOT NULL,
    ns TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    previous TEXT
  ) STRICT;
  PRAGMA application_id = 1128353875;
  PRAGMA user_version = 1;
  COMMIT;
)";
static_assert(kApplicationId == 1128353875 && kVersion == 1, "kCreate has them as literals");

Error not_ours(const SqliteDatabase& database, const std::string& what) {
  return Error::failed_precondition("the store " + database.path() + " " + what);
}

Result<void> check_version(SqliteDatabase& database, uint64_t version) {
  if (version <= kVersion) return {};
  return not_ours(database, "was written by a newer Capstan: it has schema version " +
                                std::to_string(version) + ", this one reads up to " +
                                std::to_string(kVersion) +
                                "; start the newer Capstan again, or restore a backup that this "
                                "version made");
}

// SQLite answers with the mode that it has, so that a refusal is no error of its own.
Result<void> use_wal(SqliteDatabase& database) {
  SqliteStatement mode = TRY(database.prepare("PRAGMA journal_mode = WAL"));
  if (TRY(mode.step()) && mode.text(0) == "wal") return {};
  return not_ours(database, "cannot have a write-ahead log there: name a file on a local disk");
}

}  // namespace

Result<void> prepare_schema(SqliteDatabase& database) {
  const uint64_t application = TRY(database.number("PRAGMA application_id"));
  const uint64_t version = TRY(database.number("PRAGMA user_version"));
  const uint64_t tables = TRY(database.number("SELECT count(*) FROM sqlite_schema"));
  const bool is_new = application == 0 && version == 0 && tables == 0;
  if (!is_new && application != kApplicationId) {
    return not_ours(database, "is another program's database: name another file");
  }
  TRY(check_version(database, version));
  // Must be said before the first table, and stays in the file.
  if (is_new) TRY(database.execute("PRAGMA auto_vacuum = INCREMENTAL"));
  TRY(use_wal(database));
  TRY(database.execute("PRAGMA synchronous = FULL"));
  TRY(database.execute("PRAGMA journal_size_limit = 16777216"));
  if (is_new) TRY(database.execute(kCreate));
  return {};
}

}  // namespace capstan
