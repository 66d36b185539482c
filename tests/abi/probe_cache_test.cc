// What was tried out is not tried out again, and what was begun is waited for.
#include "runtime/plugin/probe_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace capstan {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ProbeCacheTest : public testing::Test {
 protected:
  ProbeCacheTest() {
    fs::create_directories(folder_);
    take("plain");
    std::ofstream(program_) << "#!/bin/sh\necho tried >> " << folder_ << "/tries\nexec "
                            << CAPSTAN_PLUGIN_HOST << " \"$@\"\n";
    fs::permissions(program_, fs::perms::owner_all);
  }
  ~ProbeCacheTest() override { fs::remove_all(folder_); }

  // The library is now this fixture, under its name of before.
  void take(const std::string& fixture) {
    fs::copy_file(std::string(CAPSTAN_FIXTURES) + "/" + fixture + ".so", library_ + ".new");
    fs::rename(library_ + ".new", library_);
  }
  PluginFile file() const { return *read_plugin_file(library_); }
  ProbeOptions probe() const { return {program_, std::chrono::seconds(20)}; }
  size_t tries() const {
    std::ifstream lines(folder_ + "/tries");
    return static_cast<size_t>(std::count(std::istreambuf_iterator<char>(lines), {}, '\n'));
  }

  const std::string folder_ = testing::TempDir() + "capstan-probe-" + std::to_string(::getpid());
  const std::string library_ = folder_ + "/plain.so";
  const std::string program_ = folder_ + "/host";  // the plugin host, and counts
  const std::string remembered_ = folder_ + "/cache.json";
};

TEST_F(ProbeCacheTest, a_file_that_was_found_good_is_not_tried_again_until_it_changes) {
  {
    ProbeCache cache(remembered_);
    EXPECT_FALSE(cache.known_good(library_));
    ASSERT_TRUE(cache.try_out(file(), probe()).ok());
    ASSERT_TRUE(cache.try_out(file(), probe()).ok());
    cache.save();
  }
  EXPECT_EQ(tries(), 1u);
  ProbeCache next(remembered_);
  EXPECT_TRUE(next.known_good(library_));
  ASSERT_TRUE(next.try_out(file(), probe()).ok());
  EXPECT_EQ(tries(), 1u);
  take("plain");
  EXPECT_FALSE(next.known_good(library_));
  ASSERT_TRUE(next.try_out(file(), probe()).ok());
  EXPECT_EQ(tries(), 2u);
}

TEST_F(ProbeCacheTest, a_memory_that_cannot_be_read_counts_as_empty) {
  std::ofstream(remembered_) << "[not json";
  EXPECT_FALSE(ProbeCache(remembered_).known_good(library_));
}

TEST_F(ProbeCacheTest, what_was_begun_is_waited_for_and_not_tried_twice) {
  ProbeCache cache(remembered_);
  cache.begin(file(), probe());
  EXPECT_TRUE(cache.try_out(file(), probe()).ok());
  EXPECT_EQ(tries(), 1u);
  EXPECT_TRUE(cache.known_good(library_));
  cache.begin(file(), probe());
  EXPECT_EQ(tries(), 1u);
}

TEST_F(ProbeCacheTest, what_was_begun_and_is_broken_is_named_when_it_is_wanted) {
  take("crash-at-load");
  ProbeCache cache(remembered_);
  cache.begin(file(), probe());
  EXPECT_THAT(cache.try_out(file(), probe()).error().message,
              HasSubstr("crashed when it was loaded"));
  EXPECT_FALSE(cache.known_good(library_));
}

TEST_F(ProbeCacheTest, a_file_that_took_the_place_of_what_was_begun_is_tried_itself) {
  ProbeCache cache(remembered_);
  cache.begin(file(), probe());
  take("crash-at-load");
  EXPECT_THAT(cache.try_out(file(), probe()).error().message,
              HasSubstr("crashed when it was loaded"));
  EXPECT_FALSE(cache.known_good(library_));
}

TEST_F(ProbeCacheTest, what_was_begun_and_hangs_ends_where_nobody_asks) {
  take("hang-at-load");
  ProbeOptions options = probe();
  options.timeout = std::chrono::hours(1);
  ProbeCache cache(remembered_);
  cache.begin(file(), options);
}  // would wait for an hour

TEST_F(ProbeCacheTest, what_was_begun_and_hangs_ends_with_the_stop) {
  take("hang-at-load");
  int stop[2];
  ASSERT_EQ(::pipe(stop), 0);
  ProbeOptions options = probe();
  options.timeout = std::chrono::hours(1);
  options.stop = stop[0];
  ASSERT_EQ(::write(stop[1], "x", 1), 1);
  {
    ProbeCache cache(remembered_);
    cache.begin(file(), options);
  }  // would wait for an hour
  ::close(stop[0]);
  ::close(stop[1]);
}

}  // namespace
}  // namespace capstan
