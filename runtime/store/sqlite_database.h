// SQLite as the store needs it: the only files that call its C API. Failures become Errors that
// name the database file and what to do.
//
// Thread safety: none; one thread at a time uses a database and its statements.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace capstan {

// Lifetime: of the database that prepared it.
class SqliteStatement {
 public:
  SqliteStatement() = default;

  // Parameters count from 1. Texts must live until the next step() that gives no row, or reset().
  SqliteStatement& bind(int parameter, std::string_view text);
  SqliteStatement& bind(int parameter, uint64_t number);
  SqliteStatement& bind_null(int parameter);

  // True where there is a row. Without one the statement is ready to be bound and run again.
  Result<bool> step();
  // Runs to the end; rows are ignored.
  Result<void> run();
  void reset();

  // Of the current row; columns count from 0. The text lives until the next step().
  std::string_view text(int column) const;
  uint64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  SqliteStatement(sqlite3_stmt* statement, const std::string* path)
      : statement_(statement), path_(path) {}

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  const std::string* path_ = nullptr;
};

class SqliteDatabase {
 public:
  // Makes the file where absent, readable by its owner only. `vfs` "" is the system's.
  static Result<std::unique_ptr<SqliteDatabase>> open(const std::string& path,
                                                      const std::string& vfs);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(const char* sql);
  // The number that a statement's first row begins with, such as a PRAGMA's; 0 without a row.
  Result<uint64_t> number(const char* sql);

  // Whether BEGIN was run and neither COMMIT nor ROLLBACK since. SQLite itself rolls back after
  // some errors.
  bool in_transaction() const;
  // How many rows the last statement changed.
  int changes() const;

  // Pages in the write-ahead log after the last commit.
  int wal_pages() const { return wal_pages_; }
  // Copies the write-ahead log into the database file.
  Result<void> checkpoint();

  const std::string& path() const { return path_; }

 private:
  explicit SqliteDatabase(std::string path) : path_(std::move(path)) {}
  Result<void> check(int status) const;

  const std::string path_;
  sqlite3* db_ = nullptr;
  int wal_pages_ = 0;
};

}  // namespace capstan
