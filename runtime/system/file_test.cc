#include "runtime/system/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>

namespace {
int synced_folders = 0;
}

// In the place of the library's, to see what is synced.
extern "C" int fsync(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISDIR(status.st_mode)) ++synced_folders;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace capstan {
namespace {

class FileTest : public ::testing::Test {
 protected:
  FileTest() {
    std::string pattern = ::testing::TempDir() + "file_test.XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~FileTest() override { std::filesystem::remove_all(folder_); }
  std::string folder_;
};

TEST_F(FileTest, a_secret_file_is_the_owners_alone) {
  const std::string path = folder_ + "/secret";
  ASSERT_TRUE(write_file(path, "old", 0644).ok());
  ASSERT_TRUE(write_file(path, "token", 0600).ok());
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_EQ(*read_file(path), "token");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(FileTest, a_written_file_has_its_name_for_good) {
  synced_folders = 0;
  ASSERT_TRUE(write_file(folder_ + "/file", "x").ok());
  EXPECT_EQ(synced_folders, 1);
}

TEST_F(FileTest, a_missing_file_is_named) {
  const Result<std::string> read = read_file(folder_ + "/absent");
  EXPECT_EQ(read.code(), Code::kNotFound);
  EXPECT_NE(read.error().message.find(folder_ + "/absent"), std::string::npos);
  EXPECT_FALSE(write_file(folder_ + "/no/such/folder", "x").ok());
}

TEST_F(FileTest, folders_are_made_with_their_parents) {
  EXPECT_TRUE(make_folder(folder_ + "/a/b/c", 0700).ok());
  EXPECT_TRUE(make_folder(folder_ + "/a/b/c", 0700).ok());
  ASSERT_TRUE(write_file(folder_ + "/file", "").ok());
  EXPECT_FALSE(make_folder(folder_ + "/file").ok());
}

}  // namespace
}  // namespace capstan
