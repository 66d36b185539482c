// A file system that fails: full disks, failed writes and syncs at every point of a commit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/mount.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <new>

#include "runtime/store/store_testing.h"

namespace capstan {
namespace {

using namespace store_testing;  // NOLINT: the words of these tests
using testing::HasSubstr;

// SQLite's view of the faults: the operation at which they begin, for how many, and what they say.
struct Faults {
  std::atomic<int> operations = 0;
  std::atomic<int> begin = -1;
  std::atomic<int> count = 0;
  std::atomic<int> write_error = SQLITE_FULL;
  std::atomic<int> sync_error = SQLITE_IOERR_FSYNC;
  std::atomic<int> unsynced_log_writes = 0;

  void arm(int from, int how_many, int error_of_writes) {
    write_error = error_of_writes;
    operations = 0;
    count = how_many;
    begin = from;
  }
  void disarm() { begin = -1; }
  bool strike() {
    const int now = operations++;
    return begin >= 0 && now >= begin && now < begin + count;
  }
};
Faults faults;

struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real;
  bool is_log;
};

FaultyFile* self(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file);
}
sqlite3_file* real(sqlite3_file* file) {
  return self(file)->real;
}

sqlite3_io_methods faulty_methods() {
  sqlite3_io_methods m{};
  m.iVersion = 1;
  m.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
  m.xRead = [](sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
    return real(f)->pMethods->xRead(real(f), to, n, at);
  };
  m.xWrite = [](sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
    if (faults.strike()) return faults.write_error.load();
    if (self(f)->is_log) ++faults.unsynced_log_writes;
    return real(f)->pMethods->xWrite(real(f), from, n, at);
  };
  m.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
    return real(f)->pMethods->xTruncate(real(f), size);
  };
  m.xSync = [](sqlite3_file* f, int flags) {
    if (faults.strike()) return faults.sync_error.load();
    if (self(f)->is_log) faults.unsynced_log_writes = 0;
    return real(f)->pMethods->xSync(real(f), flags);
  };
  m.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
    return real(f)->pMethods->xFileSize(real(f), size);
  };
  m.xLock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); };
  m.xUnlock = [](sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); };
  m.xCheckReservedLock = [](sqlite3_file* f, int* out) {
    return real(f)->pMethods->xCheckReservedLock(real(f), out);
  };
  m.xFileControl = [](sqlite3_file* f, int op, void* arg) {
    return real(f)->pMethods->xFileControl(real(f), op, arg);
  };
  m.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
  m.xDeviceCharacteristics = [](sqlite3_file* f) {
    return real(f)->pMethods->xDeviceCharacteristics(real(f));
  };
  return m;
}
const sqlite3_io_methods kMethods = faulty_methods();

int faulty_open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out) {
  auto* system = static_cast<sqlite3_vfs*>(vfs->pAppData);
  FaultyFile* mine = self(file);
  mine->base.pMethods = nullptr;
  mine->real = reinterpret_cast<sqlite3_file*>(mine + 1);
  mine->is_log = (flags & SQLITE_OPEN_WAL) != 0;
  const int status = system->xOpen(system, name, mine->real, flags, out);
  if (mine->real->pMethods != nullptr) mine->base.pMethods = &kMethods;
  return status;
}

constexpr const char* kVfs = "capstan-faulty";

void register_vfs() {
  static sqlite3_vfs vfs = [] {
    sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
    sqlite3_vfs copy = *system;
    copy.zName = kVfs;
    copy.pAppData = system;
    copy.szOsFile = static_cast<int>(sizeof(FaultyFile)) + system->szOsFile;
    copy.xOpen = faulty_open;
    return copy;
  }();
  sqlite3_vfs_register(&vfs, 0);
}

using View = std::map<std::string, std::string>;

void apply(View& view, const std::vector<StoreEvent>& events) {
  for (const StoreEvent& event : events) {
    const std::string key = event.object->key().text();
    if (event.type == EventType::kDeleted) {
      view.erase(key);
    } else {
      view[key] = event.object->text();
    }
  }
}

class SqliteFaultTest : public testing::Test {
 protected:
  void SetUp() override {
    register_vfs();
    faults.disarm();
    open();
    ASSERT_TRUE(store_->commit({create(secret("a", 6'000))}).ok());
  }
  void TearDown() override {
    faults.disarm();
    store_.reset();
  }

  void open() {
    store_ = open_sqlite_store({.path = folder_.file("store.db"), .vfs = kVfs}).value();
    view_.clear();
    const auto add = [this](const ObjectPtr& object) {
      view_[object->key().text()] = object->text();
    };
    ASSERT_TRUE(store_->load(add, [this](const auto& events) { apply(view_, events); }).ok());
  }

  // What listeners were told is what the file has.
  void expect_view_is_the_file() {
    const View told = view_;
    const Revision revision = store_->revision();
    store_.reset();
    open();
    EXPECT_EQ(view_, told);
    EXPECT_EQ(store_->revision(), revision);
  }

  TemporaryFolder folder_;
  std::unique_ptr<Store> store_;
  View view_;
};

TEST_F(SqliteFaultTest, the_log_is_synced_before_anybody_is_told) {
  int unsynced = -1;
  ASSERT_TRUE(store_
                  ->load([](const ObjectPtr&) {},
                         [&](const auto&) { unsynced = faults.unsynced_log_writes; })
                  .ok());
  ASSERT_TRUE(store_->commit({create(secret("b"))}).ok());
  EXPECT_EQ(unsynced, 0);
}

TEST_F(SqliteFaultTest, one_failure_at_any_operation_leaves_a_commit_whole_or_absent) {
  int failed = 0;
  for (const int error : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
    for (int at = 0; at < 14; ++at) {
      const std::string name = "b" + std::to_string(error) + "-" + std::to_string(at);
      const View before = view_;
      faults.arm(at, 1, error);
      const auto result = store_->commit({create(secret(name, 9'000)), update(secret("a", 6'000))});
      faults.disarm();
      if (result.ok()) {
        EXPECT_EQ(view_.count("Secret default/" + name), 1U);
      } else {
        ++failed;
        EXPECT_EQ(view_, before);
        EXPECT_THAT(result.code(), testing::AnyOf(Code::kResourceExhausted, Code::kUnavailable));
      }
      EXPECT_TRUE(store_->commit({update(secret("a", 10))}).ok());
      expect_view_is_the_file();
    }
  }
  EXPECT_GT(failed, 10);
}

TEST_F(SqliteFaultTest, a_disk_that_stays_broken_refuses_writes_until_it_is_well_again) {
  for (int at = 0; at < 14; ++at) {
    const std::string name = "b" + std::to_string(at);
    faults.arm(at, 1'000'000, SQLITE_IOERR_WRITE);
    const auto first = store_->commit({create(secret(name, 9'000))});
    const auto second = store_->commit({create(secret(name + "-second"))});
    EXPECT_FALSE(first.ok() && second.ok() && at == 0);
    faults.disarm();
    const auto third = store_->commit({create(secret(name + "-third"))});
    EXPECT_TRUE(third.ok()) << third.error().message;
    EXPECT_TRUE(!first.ok() || view_.count("Secret default/" + name) == 1U);
    expect_view_is_the_file();
  }
}

// A file system of two megabytes of its own, where this process may mount one.
class TinyDisk {
 public:
  explicit TinyDisk(const std::filesystem::path& at) : at_(at) {
    mounted_ = mount("tmpfs", at_.c_str(), "tmpfs", 0, "size=2m") == 0;
  }
  ~TinyDisk() {
    if (mounted_) umount(at_.c_str());
  }
  bool mounted() const { return mounted_; }

 private:
  std::filesystem::path at_;
  bool mounted_ = false;
};

TEST(SqliteDiskTest, a_full_disk_refuses_writes_and_space_makes_the_store_work_on) {
  const TemporaryFolder folder;
  const TinyDisk disk(folder.path());
  if (!disk.mounted()) GTEST_SKIP() << "mounting a small file system takes root";
  const std::string filler = folder.file("filler");
  std::ofstream(filler) << std::string(1'000'000, 'x');

  const std::string path = folder.file("store.db");
  View before;
  {
    const auto store = open_sqlite_store({.path = path, .keep_events = 1}).value();
    View view;
    const auto listen = [&](const auto& events) { apply(view, events); };
    ASSERT_TRUE(store->load([](const ObjectPtr&) {}, listen).ok());
    Result<std::vector<ObjectPtr>> result = std::vector<ObjectPtr>();
    int stored = 0;
    while (stored < 1'000) {
      before = view;
      result = store->commit({create(secret("s" + std::to_string(stored), 20'000))});
      if (!result.ok()) break;
      ++stored;
    }
    EXPECT_EQ(result.code(), Code::kResourceExhausted);
    EXPECT_THAT(result.error().message, HasSubstr("has no space left on its disk"));
    EXPECT_EQ(view, before);
    std::filesystem::remove(filler);
    EXPECT_TRUE(store->commit({create(secret("more", 20'000))}).ok());
    before = view;
  }
  const auto again = open_sqlite_store({.path = path}).value();
  View after;
  const auto add = [&](const ObjectPtr& object) { after[object->key().text()] = object->text(); };
  ASSERT_TRUE(again->load(add, {}).ok());
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace capstan
