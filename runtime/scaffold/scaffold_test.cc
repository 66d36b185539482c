// With small templates of its own; tests/scaffold has what is made of the real ones.
#include "runtime/scaffold/scaffold.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "runtime/system/file.h"

namespace capstan::scaffold {
namespace {

namespace fs = std::filesystem;

class ScaffoldTest : public testing::Test {
 protected:
  ScaffoldTest() {
    put("templates/common/project/conformance.yaml", "# @NAME@\n# capstan:samples\n");
    put("templates/cpp/project/manifest.yaml",
        "name: @NAME@\nid: @ID@\nreconciles:\n  # capstan:reconciles\n");
    put("templates/cpp/project/.hidden/ci.yaml", "make @NAME@\n");
    put("templates/common/kinds/resource/kinds/@FILE@.yaml", "kind: @KIND@\ngroup: @GROUP@\n");
    put("templates/cpp/kinds/resource/src/@FILE@.h", "class @KIND@;\n");
    put("templates/cpp/kinds/resource/inserts.yaml",
        "- {file: \"@MANIFEST@\", marker: \"capstan:reconciles\", text: \"  - @KIND@\"}\n");
  }
  ~ScaffoldTest() override { fs::remove_all(root_); }

  void put(const std::string& path, const std::string& text) {
    fs::create_directories((root_ / path).parent_path());
    ASSERT_TRUE(write_file((root_ / path).string(), text).ok());
  }
  std::string text(const std::string& path) {
    return read_file((root_ / path).string()).value_or("(absent)");
  }
  Result<Scaffolded> make(const std::string& name) {
    NewPlugin wanted;
    wanted.name = name;
    wanted.language = "cpp";
    wanted.roles = {"resource"};
    wanted.folder = folder("plugin");
    return new_plugin(wanted, templates());
  }
  Result<Scaffolded> add(const std::string& kind) {
    return add_kind({folder("plugin"), "resource", kind}, templates());
  }
  std::string folder(const std::string& name) const { return (root_ / name).string(); }
  std::string templates() const { return folder("templates"); }

  static fs::path make_root() {
    std::string path = testing::TempDir() + "scaffold-XXXXXX";
    return ::mkdtemp(path.data());
  }
  const fs::path root_ = make_root();
};

TEST_F(ScaffoldTest, a_new_plugin_has_the_project_and_the_kind_of_its_role) {
  const auto done = make("acme");
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->created, (std::vector<std::string>{".hidden/ci.yaml", "conformance.yaml",
                                                     "kinds/acme_volume.yaml", "manifest.yaml",
                                                     "src/acme_volume.h"}));
  EXPECT_EQ(text("plugin/manifest.yaml"),
            "name: acme\nid: com.example.acme\nreconciles:\n  - AcmeVolume\n"
            "  # capstan:reconciles\n");
  EXPECT_EQ(text("plugin/kinds/acme_volume.yaml"), "kind: AcmeVolume\ngroup: acme.example.com\n");
}

TEST_F(ScaffoldTest, a_kind_is_added_to_what_is_there) {
  ASSERT_TRUE(make("acme").ok());
  const auto done = add("AcmeBucket");
  ASSERT_TRUE(done.ok()) << done.error().message;
  EXPECT_EQ(done->created,
            (std::vector<std::string>{"kinds/acme_bucket.yaml", "src/acme_bucket.h"}));
  EXPECT_EQ(done->changed, (std::vector<std::string>{"manifest.yaml"}));
  EXPECT_NE(text("plugin/manifest.yaml").find("  - AcmeVolume\n  - AcmeBucket\n"),
            std::string::npos);
}

TEST_F(ScaffoldTest, a_folder_that_has_something_is_left_alone) {
  put("plugin/notes.txt", "mine");
  const auto done = make("acme");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kAlreadyExists);
  EXPECT_FALSE(fs::exists(root_ / "plugin/manifest.yaml"));
}

TEST_F(ScaffoldTest, no_file_is_overwritten_and_none_is_written_then) {
  ASSERT_TRUE(make("acme").ok());
  put("plugin/src/acme_bucket.h", "mine");
  const std::string manifest = text("plugin/manifest.yaml");
  const auto done = add("AcmeBucket");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kAlreadyExists);
  EXPECT_NE(done.error().message.find("src/acme_bucket.h"), std::string::npos);
  EXPECT_EQ(text("plugin/src/acme_bucket.h"), "mine");
  EXPECT_EQ(text("plugin/manifest.yaml"), manifest);
  EXPECT_FALSE(fs::exists(root_ / "plugin/kinds/acme_bucket.yaml"));
}

TEST_F(ScaffoldTest, a_missing_marker_is_an_error_with_the_lines) {
  ASSERT_TRUE(make("acme").ok());
  put("plugin/manifest.yaml", "name: acme\nid: com.example.acme\n");
  const auto done = add("AcmeBucket");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kFailedPrecondition);
  EXPECT_NE(done.error().message.find("- AcmeBucket"), std::string::npos) << done.error().message;
  EXPECT_FALSE(fs::exists(root_ / "plugin/src/acme_bucket.h"));
}

TEST_F(ScaffoldTest, a_folder_without_a_plugin_is_named) {
  const auto done = add("AcmeBucket");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kNotFound);
}

TEST_F(ScaffoldTest, templates_that_are_not_there_are_named) {
  fs::remove_all(root_ / "templates/cpp/kinds");
  fs::remove_all(root_ / "templates/common/kinds");
  const auto done = make("acme");
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, Code::kNotFound);
  EXPECT_FALSE(fs::exists(root_ / "plugin"));
}

}  // namespace
}  // namespace capstan::scaffold
