#include "runtime/scaffold/template_text.h"

#include <gtest/gtest.h>

namespace capstan::scaffold {
namespace {

TEST(FilledInTest, known_words_are_replaced_and_others_stay) {
  const Words words = {{"NAME", "acme"}};
  EXPECT_EQ(filled_in("@NAME@.so @VERSION@ a@b.c @NAME@@NAME@ @", words),
            "acme.so @VERSION@ a@b.c acmeacme @");
}

TEST(PutAboveTest, lines_go_above_the_marker) {
  const auto text = put_above("a\n  # put:here\nb\n", "put:here", "  new\n  newer\n");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(*text, "a\n  new\n  newer\n  # put:here\nb\n");
}

TEST(PutAboveTest, lines_that_are_there_are_not_put_twice) {
  const std::string once = *put_above("# put:here\n", "put:here", "objects:\n- one");
  EXPECT_EQ(*put_above(once, "put:here", "objects:\n- two"),
            "objects:\n- one\n- two\n# put:here\n");
  EXPECT_EQ(*put_above(once, "put:here", "objects:\n- one"), once);
}

TEST(PutAboveTest, a_marker_that_only_begins_a_word_is_no_marker) {
  EXPECT_FALSE(put_above("# put:here-not\n", "put:here", "x").ok());
}

}  // namespace
}  // namespace capstan::scaffold
