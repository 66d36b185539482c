#include "runtime/isolation/file_stamp.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace capstan::isolation {
namespace {

namespace fs = std::filesystem;

class FileStampTest : public testing::Test {
 protected:
  FileStampTest() : folder_(testing::TempDir() + "/file_stamp_test") {
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "code");
    write("code/main.py", "one");
  }
  ~FileStampTest() override { fs::remove_all(folder_); }
  void write(const std::string& name, const std::string& text) const {
    fs::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }
  std::string stamp() const { return file_stamp(folder_.string()); }

  const fs::path folder_;
};

TEST_F(FileStampTest, stays_while_nothing_changes) {
  EXPECT_EQ(stamp(), stamp());
  EXPECT_FALSE(stamp().empty());
}

TEST_F(FileStampTest, is_another_where_a_file_in_the_folder_is_another) {
  const std::string before = stamp();
  write("code/main.py", "three");
  const std::string changed = stamp();
  EXPECT_NE(changed, before);
  write("code/more.py", "");
  EXPECT_NE(stamp(), changed);
}

TEST_F(FileStampTest, does_not_mind_what_the_interpreter_writes) {
  const std::string before = stamp();
  write("code/__pycache__/main.pyc", "bytes");
  EXPECT_EQ(stamp(), before);
}

TEST_F(FileStampTest, knows_a_file_from_one_of_the_same_size) {
  const std::string path = (folder_ / "code/main.py").string();
  const std::string before = file_stamp(path);
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  EXPECT_NE(file_stamp(path), before);
}

TEST_F(FileStampTest, knows_a_file_of_the_same_size_and_time_of_writing) {
  const fs::path path = folder_ / "code/main.py";
  const auto written = fs::last_write_time(path);
  const std::string before = file_stamp(path.string());
  write("code/other.py", "two");
  fs::last_write_time(folder_ / "code/other.py", written);
  fs::rename(folder_ / "code/other.py", path);
  EXPECT_EQ(fs::last_write_time(path), written);
  EXPECT_NE(file_stamp(path.string()), before);
}

}  // namespace
}  // namespace capstan::isolation
