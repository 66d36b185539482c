#include "runtime/plugin/host_services/secret_redactor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan {
namespace {

std::string redacted(const SecretRedactor& redactor, std::string text) {
  redactor.redact(text);
  return text;
}

TEST(SecretRedactorTest, a_secret_is_taken_out_wherever_it_stands) {
  SecretRedactor redactor;
  redactor.remember("hunter2-hunter2");
  EXPECT_EQ(redacted(redactor, "hunter2-hunter2"), "[secret]");
  EXPECT_EQ(redacted(redactor, "token hunter2-hunter2 refused"), "token [secret] refused");
  EXPECT_EQ(redacted(redactor, "a hunter2-hunter2b hunter2-hunter2"), "a [secret]b [secret]");
  EXPECT_EQ(redacted(redactor, "hunter2-hunter2-hunter2"), "[secret]") << "overlapping";
  EXPECT_EQ(redacted(redactor, "hunter2-hunter3"), "hunter2-hunter3");
  EXPECT_EQ(redacted(redactor, ""), "");
}

TEST(SecretRedactorTest, several_secrets_of_several_lengths_are_known) {
  SecretRedactor redactor;
  redactor.remember("first-secret");
  redactor.remember("the second secret");
  redactor.remember("first-secret");
  EXPECT_EQ(redacted(redactor, "first-secret, the second secret"), "[secret], [secret]");
}

TEST(SecretRedactorTest, each_long_line_of_a_secret_of_several_lines_is_known) {
  SecretRedactor redactor;
  redactor.remember("-----BEGIN KEY-----\nMC4CAQAwBQYDK2VwBCIEIA\nshort\n");
  EXPECT_EQ(redacted(redactor, "x MC4CAQAwBQYDK2VwBCIEIA short"), "x [secret] short");
}

TEST(SecretRedactorTest, a_secret_too_short_to_tell_from_other_text_is_left) {
  SecretRedactor redactor;
  redactor.remember("no");
  EXPECT_EQ(redacted(redactor, "no"), "no");
}

TEST(SecretRedactorTest, the_oldest_of_too_many_secrets_is_forgotten) {
  SecretRedactor redactor;
  for (size_t i = 0; i <= SecretRedactor::kMost; ++i) {
    redactor.remember("secret-number-" + std::to_string(i) + "-end");
  }
  EXPECT_EQ(redacted(redactor, "secret-number-0-end"), "secret-number-0-end");
  EXPECT_EQ(redacted(redactor, "secret-number-1-end"), "[secret]");
  EXPECT_EQ(redacted(redactor, "secret-number-256-end"), "[secret]");
}

}  // namespace
}  // namespace capstan
