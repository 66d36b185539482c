#include "runtime/package/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

namespace capstan {
namespace {

using testing::HasSubstr;

Result<std::vector<ArchiveMember>> read_all(const std::string& bytes, ArchiveLimits limits = {}) {
  std::vector<ArchiveMember> members;
  auto read = read_archive(
      bytes,
      [&](std::string path, std::string content) -> Result<bool> {
        members.push_back({std::move(path), std::move(content)});
        return true;
      },
      limits);
  if (!read.ok()) return std::move(read).error();
  return members;
}

std::string refusal(const std::string& bytes, ArchiveLimits limits = {}) {
  const auto read = read_all(bytes, limits);
  return read.ok() ? "it is read" : read.error().message;
}

// An archive as an attacker makes it.
class Hostile {
 public:
  Hostile() : out_(archive_write_new()) {
    archive_write_add_filter_gzip(out_);
    archive_write_set_format_pax_restricted(out_);
    archive_write_open(out_, this, nullptr, &append, nullptr);
  }
  ~Hostile() { archive_write_free(out_); }
  Hostile& add(const std::string& path, const std::function<void(archive_entry*)>& change = {},
               const std::string& content = "x") {
    archive_entry* entry = archive_entry_new();
    archive_entry_set_pathname(entry, path.c_str());
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
    if (change) change(entry);
    archive_write_header(out_, entry);
    archive_write_data(out_, content.data(), content.size());
    archive_entry_free(entry);
    return *this;
  }
  std::string bytes() {
    archive_write_close(out_);
    return bytes_;
  }

 private:
  static la_ssize_t append(archive*, void* self, const void* data, size_t size) {
    static_cast<Hostile*>(self)->bytes_.append(static_cast<const char*>(data), size);
    return static_cast<la_ssize_t>(size);
  }
  archive* out_;
  std::string bytes_;
};

TEST(ArchiveTest, members_come_back_in_their_order) {
  const std::string bytes = *write_archive({{"b.txt", "two"}, {"a/b/c.txt", ""}, {"z", "1\n2"}});
  const auto members = *read_all(bytes);
  ASSERT_EQ(members.size(), 3u);
  EXPECT_EQ(members[0].path, "b.txt");
  EXPECT_EQ(members[0].content, "two");
  EXPECT_EQ(members[1].path, "a/b/c.txt");
  EXPECT_EQ(members[1].content, "");
  EXPECT_EQ(members[2].content, "1\n2");
}

TEST(ArchiveTest, the_same_members_give_the_same_bytes_whenever_and_whoever_packs) {
  const std::vector<ArchiveMember> members = {{"a", std::string(100'000, 'q')}, {"b", "2"}};
  const std::string bytes = *write_archive(members);
  EXPECT_EQ(bytes, *write_archive(members));
  EXPECT_EQ(bytes.substr(4, 4), std::string(4, '\0')) << "gzip's time of packing";
}

TEST(ArchiveTest, names_that_lead_elsewhere_are_neither_written_nor_read) {
  for (const char* name : {"../evil", "/etc/passwd", "a/../../b", "a\\b", ".bashrc", "c:x"}) {
    EXPECT_FALSE(write_archive({{name, ""}}).ok()) << name;
    EXPECT_THAT(refusal(Hostile().add(name).bytes()), HasSubstr("is no path inside a package"))
        << name;
  }
}

TEST(ArchiveTest, a_member_that_is_there_twice_is_refused_even_in_another_case) {
  EXPECT_THAT(refusal(Hostile().add("a.so").add("a.so").bytes()), HasSubstr("is there twice"));
  EXPECT_THAT(refusal(Hostile().add("a.so").add("A.so").bytes()), HasSubstr("is there twice"));
  EXPECT_FALSE(write_archive({{"a", ""}, {"A", ""}}).ok());
}

TEST(ArchiveTest, links_devices_and_folders_are_refused) {
  const auto type = [](auto filetype) {
    return [filetype](archive_entry* e) {
      archive_entry_set_filetype(e, filetype);
      archive_entry_set_size(e, 0);
    };
  };
  EXPECT_THAT(refusal(Hostile()
                          .add(
                              "link",
                              [](archive_entry* e) {
                                archive_entry_set_filetype(e, AE_IFLNK);
                                archive_entry_set_size(e, 0);
                                archive_entry_set_symlink(e, "/etc/shadow");
                              },
                              "")
                          .bytes()),
              HasSubstr("member link is no plain file"));
  EXPECT_THAT(refusal(Hostile()
                          .add("a")
                          .add(
                              "hard",
                              [](archive_entry* e) {
                                archive_entry_set_size(e, 0);
                                archive_entry_set_hardlink(e, "a");
                              },
                              "")
                          .bytes()),
              HasSubstr("member hard is no plain file"));
  EXPECT_THAT(refusal(Hostile().add("dev", type(AE_IFCHR), "").bytes()),
              HasSubstr("member dev is no plain file"));
  EXPECT_THAT(refusal(Hostile().add("pipe", type(AE_IFIFO), "").bytes()),
              HasSubstr("member pipe is no plain file"));
}

TEST(ArchiveTest, a_bomb_is_refused_before_it_is_unpacked) {
  const std::string zeros(1 << 20, '\0');
  const std::string bomb = *write_archive({{"a", zeros}, {"b", zeros}, {"c", zeros}});
  EXPECT_LT(bomb.size(), 20'000u);
  EXPECT_THAT(refusal(bomb, {.member_size = 1000}), HasSubstr("member a is too big"));
  EXPECT_THAT(refusal(bomb, {.total_size = 2 << 20}), HasSubstr("would be more than 2 MiB"));
  EXPECT_THAT(refusal(bomb, {.members = 2}), HasSubstr("more than 2 members"));
}

TEST(ArchiveTest, an_archive_in_an_archive_s_clothes_is_refused) {
  const std::string inner = *write_archive({{"a", "1"}});
  EXPECT_THAT(refusal(inner.substr(0, inner.size() / 2)),
              testing::AnyOf(HasSubstr("damaged"), HasSubstr("archive")));
  EXPECT_THAT(refusal("PK\x03\x04 zip"), HasSubstr("is no package archive"));
  EXPECT_THAT(refusal(std::string(5000, 'x')), HasSubstr("is no package archive"));
}

TEST(ArchiveTest, the_visitor_may_stop_and_its_error_is_the_result) {
  const std::string bytes = *write_archive({{"a", "1"}, {"b", "2"}});
  int seen = 0;
  EXPECT_TRUE(read_archive(bytes, [&](auto, auto) -> Result<bool> { return ++seen > 1; }).ok());
  EXPECT_EQ(seen, 1);
  const auto read =
      read_archive(bytes, [&](auto, auto) -> Result<bool> { return Error::invalid("no"); });
  EXPECT_EQ(read.error().message, "no");
}

}  // namespace
}  // namespace capstan
