#include "runtime/object/cel/cel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::cel {
namespace {

using ::testing::HasSubstr;

const Json kSelf = *parse_json(R"({
  "a": 1, "b": 2.5, "name": "worker-1", "flag": true, "list": [1, 2, 3], "empty": [], "nothing": null,
  "dup": ["x", "y", "x"], "items": [{"name": "a", "n": 1}, {"name": "b", "n": 2}],
  "map": {"k": "v", "l": "w"}, "wait": "90s", "start": "2026-01-02T03:04:05Z",
  "namespace": "ns", "with-dash": 7, "unicode": "äöü"})");

Result<bool> run(const std::string& text, Budget budget = {}) {
  const Result<Program> program = Program::compile(text, {"self", "oldSelf"});
  if (!program.ok()) return program.error();
  return program->run_condition({{"self", &kSelf}}, budget);
}

class CelTest : public ::testing::TestWithParam<const char*> {};

TEST_P(CelTest, holds) {
  const Result<bool> result = run(GetParam());
  ASSERT_TRUE(result.ok()) << GetParam() << ": " << result.error().message;
  EXPECT_TRUE(*result) << GetParam();
}

INSTANTIATE_TEST_SUITE_P(
    Operators, CelTest,
    ::testing::Values(
        "true", "!false", "!!true", "1 + 2 * 3 == 7", "(1 + 2) * 3 == 9", "7 / 2 == 3",
        "-7 % 3 == -1", "7.0 / 2.0 == 3.5", "-9223372036854775808 < 0", "0x10 == 16",
        "1u + 2u == 3u", "1 == 1.0", "1 < 1.5", "'a' < 'b'", "'a' + \"b\" == 'ab'",
        R"('it\'s' == "it's")", R"(r'\d' == '\\d')", "'''a'b''' == \"a'b\"", R"('\u00e4' == 'ä')",
        "[1, 2] + [3] == [1, 2, 3]", "[1, 2,].size() == 2", "{'a': 1}.a == 1", "{'a': 1}['a'] == 1",
        "{'a': 1, 'b': 2} == {'b': 2, 'a': 1}", "1 in [1, 2]", "!(3 in [1, 2])", "'k' in self.map",
        "true ? true : false", "false ? false : true ? true : false",
        "has(self.a) && !has(self.zzz)", "self.a == 1", "self['name'] == 'worker-1'",
        "self.list[1] == 2", "self.items[0].name == 'a'", "self.nothing == null", "self.a != null",
        "self.__namespace__ == 'ns'", "self.with__dash__dash == 7", "self.zzz == 1 || true",
        "!(self.zzz == 1 && false)", "self . a == 1 // a comment",
        "!has(self.zzz) || self.zzz == 'Name' ? has(self.a) : false"));

INSTANTIATE_TEST_SUITE_P(
    Macros, CelTest,
    ::testing::Values("self.list.all(x, x > 0)", "self.list.exists(x, x == 2)",
                      "self.list.exists_one(x, x == 2)", "!self.dup.exists_one(x, x == 'x')",
                      "self.list.filter(x, x > 1) == [2, 3]",
                      "self.list.map(x, x * 2) == [2, 4, 6]",
                      "self.list.map(x, x > 1, x * 2) == [4, 6]", "self.empty.all(x, x > 0)",
                      "!self.empty.exists(x, true)", "self.map.all(k, k in ['k', 'l'])",
                      "!self.dup.all(x, self.dup.exists_one(y, x == y))",
                      "self.items.all(x, self.items.exists_one(y, x.name == y.name))",
                      "[has(self.a), has(self.zzz)].filter(x, x == true).size() == 1",
                      "[1, 0].exists(x, 1 / x == 1)"));

INSTANTIATE_TEST_SUITE_P(
    Functions, CelTest,
    ::testing::Values(
        "self.name.startsWith('work')", "self.name.endsWith('-1')", "self.name.contains('rk')",
        "self.name.matches('^[a-z]+-[0-9]$')", "matches(self.name, 'r-')", "size(self.name) == 8",
        "self.unicode.size() == 3", "size(self.map) == 2", "duration('1m') < duration('1h')",
        "duration(self.wait) >= duration('0s')", "duration('1h30m').getMinutes() == 90",
        "timestamp(self.start) < timestamp('2027-01-01T00:00:00Z')",
        "self.start < timestamp('2027-01-01T00:00:00Z')",
        "timestamp(self.start).getFullYear() == 2026", "timestamp(self.start).getMonth() == 0",
        "timestamp(self.start) + duration('1s') > timestamp(self.start)",
        "timestamp('2026-01-01T00:00:01Z') - timestamp('2026-01-01T00:00:00Z') == duration('1s')",
        "int('42') == 42", "int(2.9) == 2", "double('1.5') == 1.5", "string(7) == '7'",
        "string(true) == 'true'", "string(duration('1500ms')) == '1.5s'", "uint(1) == 1u",
        "bool('true')", "type(1) == int", "type('a') == string", "type([]) == list",
        "'A'.lowerAscii() == 'a'", "' x '.trim() == 'x'", "'a,b'.split(',') == ['a', 'b']",
        "'äb'.split('') == ['ä', 'b']", "['a', 'b'].join('-') == 'a-b'", "[1, 2, 2].isSorted()",
        "[1, 2].sum() == 3", "[3, 1].min() == 1", "'abc'.indexOf('c') == 2"));

class CelCompileErrorTest : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(CelCompileErrorTest, is_named_with_its_position) {
  const Result<Program> program = Program::compile(GetParam().first, {"self"});
  ASSERT_FALSE(program.ok()) << GetParam().first;
  EXPECT_THAT(program.error().message, HasSubstr(GetParam().second));
}

INSTANTIATE_TEST_SUITE_P(
    Mistakes, CelCompileErrorTest,
    ::testing::Values(
        std::pair{"", "expected a value, found the end at position 0"},
        std::pair{"1 +", "expected a value, found the end"},
        std::pair{"self.", "expected a field or method name"},
        std::pair{"other.a", "undeclared reference to \"other\" at position 0"},
        std::pair{"self.list.all(x, y)", "undeclared reference to \"y\""},
        std::pair{"quantity('1Gi')", "the function quantity with 1 arguments is not supported"},
        std::pair{"self.isURL()", "the method isURL with 0 arguments is not supported"},
        std::pair{"self.?a", "expected a field or method name"},
        std::pair{"self.a 1", "expected an operator"},
        std::pair{"has(self)", "has() needs a field"}, std::pair{"'a", "not closed"},
        std::pair{"99999999999999999999", "does not fit"},
        std::pair{"9223372036854775808", "does not fit"},
        std::pair{"self.name.matches('(')", "no regular expression"}, std::pair{"0x", "malformed"},
        std::pair{"1 # 2", "unexpected character"}, std::pair{"'\\q'", "unknown escape"}));

TEST(CelRunTest, a_mistake_in_values_is_an_error_that_says_so) {
  EXPECT_THAT(run("self.zzz").error().message, HasSubstr("no such key: zzz"));
  EXPECT_THAT(run("self.a").error().message, HasSubstr("gives no bool but a int"));
  EXPECT_THAT(run("1 / 0 == 1").error().message, HasSubstr("division by zero"));
  EXPECT_THAT(run("9223372036854775807 + 1 > 0").error().message, HasSubstr("integer overflow"));
  EXPECT_THAT(run("-9223372036854775808 / -1 > 0").error().message, HasSubstr("overflow"));
  EXPECT_THAT(run("self.name + 1 == 2").error().message,
              HasSubstr("no such overload: string + int"));
  EXPECT_THAT(run("self.list[9] == 1").error().message, HasSubstr("index out of bounds: 9"));
  EXPECT_THAT(run("duration('soon') > duration('1s')").error().message,
              HasSubstr("is no duration"));
  EXPECT_THAT(run("'a' < 1").error().message, HasSubstr("no such overload"));
}

TEST(CelRunTest, work_is_bounded) {
  Json self = {{"list", Json::array()}};
  for (int i = 0; i < 2000; ++i) self["list"].push_back(i);
  const Program program =
      *Program::compile("self.list.all(x, self.list.exists_one(y, x == y))", {"self"});
  Budget budget;
  EXPECT_EQ(program.run_condition({{"self", &self}}, budget).code(), Code::kResourceExhausted);
}

TEST(CelCompileTest, nesting_and_length_are_bounded) {
  EXPECT_FALSE(Program::compile(std::string(10000, '('), {}).ok());
  EXPECT_FALSE(Program::compile(std::string(10000, '!') + "true", {}).ok());
  std::string sum = "1";
  for (int i = 0; i < 100000; ++i) sum += "+1";
  EXPECT_FALSE(Program::compile(sum, {}).ok());
}

TEST(CelRunTest, an_optional_variable_is_asked_before_it_is_read) {
  const Program program =
      *Program::compile("oldSelf.hasValue() ? oldSelf.value() == self : true", {"self", "oldSelf"});
  const Json one = 1;
  const Json two = 2;
  Budget budget;
  EXPECT_TRUE(*program.run_condition({{"self", &one}, {"oldSelf", nullptr, true}}, budget));
  EXPECT_TRUE(*program.run_condition({{"self", &one}, {"oldSelf", &one, true}}, budget));
  EXPECT_FALSE(*program.run_condition({{"self", &one}, {"oldSelf", &two, true}}, budget));
  EXPECT_TRUE(program.uses("oldSelf"));
  EXPECT_FALSE(program.uses("other"));
}

}  // namespace
}  // namespace capstan::cel
