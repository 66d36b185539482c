#include "runtime/store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace capstan {
namespace {

Error make_error(Code code, const std::string& path, const std::string& what) {
  return {code, "the store " + path + " " + what, {}, {}};
}

bool is_no_space(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT || system_error == EFBIG;
}

Error io_error(sqlite3* db, const std::string& path) {
  const int system_error = sqlite3_system_errno(db);
  if (is_no_space(system_error)) {
    return make_error(Code::kResourceExhausted, path,
                      "has no space left on its disk: nothing was stored; free space, it works on "
                      "as soon as there is some");
  }
  const std::string cause =
      system_error == 0 ? "" : std::string(" (") + std::strerror(system_error) + ")";
  return make_error(Code::kUnavailable, path,
                    "could not be read or written" + cause +
                        ": check the disk and the kernel's log, then try again");
}

Error to_error(int status, sqlite3* db, const std::string& path) {
  switch (status & 0xff) {
    case SQLITE_FULL:
      return make_error(Code::kResourceExhausted, path,
                        "has no space left on its disk: nothing was stored; free space, it works "
                        "on as soon as there is some");
    case SQLITE_NOMEM:
      return make_error(Code::kResourceExhausted, path, "found no memory: nothing was stored");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return make_error(Code::kUnavailable, path,
                        "is in use by another process: stop that one first (`fuser " + path +
                            "` names it), or give this one a file of its own");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return make_error(Code::kDataLoss, path,
                        std::string("is damaged or no database (") + sqlite3_errmsg(db) +
                            "): restore it from a backup, or move it away together with " + path +
                            "-wal to begin with an empty store");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return make_error(Code::kPermissionDenied, path,
                        "cannot be opened for writing: its folder must exist, and folder and file "
                        "must be writable by user id " +
                            std::to_string(geteuid()));
    case SQLITE_IOERR:
      return io_error(db, path);
    default:
      return make_error(Code::kInternal, path, std::string("failed: ") + sqlite3_errmsg(db));
  }
}

// A store holds secrets, so its file begins as its owner's only; SQLite gives the log the same
// mode. An existing file must not be opened here: closing it again would drop this process's locks.
void create_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
  if (file < 0) return;  // there already, or SQLite says what is wrong
  ::close(file);
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const int folder = ::open(parent.empty() ? "." : parent.c_str(), O_RDONLY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

int on_wal_commit(void* pages, sqlite3*, const char*, int count) {
  *static_cast<int*>(pages) = count;
  return SQLITE_OK;
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
  // A null pointer would mean NULL, and an empty view may have one.
  const char* data = text.data() == nullptr ? "" : text.data();
  sqlite3_bind_text64(statement_.get(), parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, uint64_t number) {
  sqlite3_bind_int64(statement_.get(), parameter, static_cast<sqlite3_int64>(number));
  return *this;
}

SqliteStatement& SqliteStatement::bind_null(int parameter) {
  sqlite3_bind_null(statement_.get(), parameter);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int status = sqlite3_step(statement_.get());
  if (status == SQLITE_ROW) return true;
  if (status == SQLITE_DONE) {
    reset();
    return false;
  }
  Error error = to_error(status, sqlite3_db_handle(statement_.get()), *path_);
  reset();
  return error;
}

Result<void> SqliteStatement::run() {
  while (TRY(step())) {
  }
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
}

std::string_view SqliteStatement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  if (text == nullptr) return {};
  const int length = sqlite3_column_bytes(statement_.get(), column);
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(length)};
}

uint64_t SqliteStatement::number(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

Result<std::unique_ptr<SqliteDatabase>> SqliteDatabase::open(const std::string& path,
                                                             const std::string& vfs) {
  create_private_file(path);
  std::unique_ptr<SqliteDatabase> database(new SqliteDatabase(path));
  // One thread at a time uses the connection, so SQLite need not lock.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  TRY(database->check(
      sqlite3_open_v2(path.c_str(), &database->db_, flags, vfs.empty() ? nullptr : vfs.c_str())));
  sqlite3_extended_result_codes(database->db_, 1);
  sqlite3_wal_hook(database->db_, on_wal_commit, &database->wal_pages_);
  if (sqlite3_db_readonly(database->db_, "main") == 1) {
    return to_error(SQLITE_READONLY, database->db_, path);
  }
  return database;
}

SqliteDatabase::~SqliteDatabase() {
  sqlite3_close_v2(db_);
}

Result<void> SqliteDatabase::check(int status) const {
  if (status == SQLITE_OK) return {};
  return to_error(status, db_, path_);
}

Result<void> SqliteDatabase::execute(const char* sql) {
  return check(sqlite3_exec(db_, sql, nullptr, nullptr, nullptr));
}

Result<SqliteStatement> SqliteDatabase::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  TRY(check(sqlite3_prepare_v3(db_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr)));
  return SqliteStatement(statement, &path_);
}

Result<uint64_t> SqliteDatabase::number(const char* sql) {
  SqliteStatement statement = TRY(prepare(sql));
  return TRY(statement.step()) ? statement.number(0) : 0;
}

bool SqliteDatabase::in_transaction() const {
  return sqlite3_get_autocommit(db_) == 0;
}

int SqliteDatabase::changes() const {
  return sqlite3_changes(db_);
}

Result<void> SqliteDatabase::checkpoint() {
  TRY(check(sqlite3_wal_checkpoint_v2(db_, "main", SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr)));
  wal_pages_ = 0;
  return {};
}

}  // namespace capstan
