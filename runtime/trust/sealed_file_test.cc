#include "runtime/trust/sealed_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class SealedFileTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_);
    ASSERT_TRUE(write_file(path_, "good").ok());
  }
  void TearDown() override { fs::remove_all(folder_); }
  std::string folder_ = testing::TempDir() + "capstan-sealed-" + std::to_string(::getpid());
  std::string path_ = folder_ + "/plugin.so";
};

TEST_F(SealedFileTest, the_bytes_stay_what_they_were_when_the_file_is_written_in_place) {
  const SealedFile file = *SealedFile::read(path_);
  std::ofstream(path_, std::ios::in) << "evil";
  EXPECT_EQ(*read_file(path_), "evil");
  EXPECT_EQ(file.bytes(), "good");
  EXPECT_EQ(*read_file(file.load_path()), "good");
  EXPECT_EQ(file.sha256(), sha256_hex("good"));
}

TEST_F(SealedFileTest, the_bytes_stay_what_they_were_when_the_path_becomes_a_link_elsewhere) {
  const std::string evil = folder_ + "/evil.so";
  ASSERT_TRUE(write_file(evil, "evil").ok());
  const std::string link = folder_ + "/link.so";
  fs::create_symlink(path_, link);
  const SealedFile file = *SealedFile::read(link);
  fs::remove(link);
  fs::create_symlink(evil, link);
  EXPECT_EQ(*read_file(link), "evil");
  EXPECT_EQ(*read_file(file.load_path()), "good");
  EXPECT_EQ(file.path(), link);
  EXPECT_EQ(file.real_path(), fs::canonical(path_).string());
}

TEST_F(SealedFileTest, nobody_with_its_descriptor_can_change_it) {
  const SealedFile file = *SealedFile::read(path_);
  EXPECT_LT(::pwrite(file.descriptor(), "evil", 4, 0), 0);
  EXPECT_NE(::ftruncate(file.descriptor(), 0), 0);
  EXPECT_NE(::ftruncate(file.descriptor(), 10), 0);
}

TEST_F(SealedFileTest, what_is_no_plain_file_of_a_sensible_size_is_refused) {
  EXPECT_EQ(SealedFile::read(folder_ + "/none").code(), Code::kNotFound);
  EXPECT_THAT(SealedFile::read(folder_).error().message, HasSubstr("is no regular file"));
  EXPECT_THAT(SealedFile::read(path_, 3).error().message, HasSubstr("is too big"));
  ASSERT_TRUE(write_file(path_, "").ok());
  EXPECT_THAT(SealedFile::read(path_).error().message, HasSubstr("is empty"));
  const std::string pipe = folder_ + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(SealedFile::read(pipe).error().message, HasSubstr("is no regular file"));
}

}  // namespace
}  // namespace capstan
