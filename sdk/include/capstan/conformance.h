// The conformance kit as tests of GoogleTest: one test a case, so that a filter, a shard or an IDE
// treats them as any others. The cases run in the program capstan-conformance, which comes with the
// SDK; this header only asks it.
//
// capstan_conformance_tests(TARGET) of the SDK's CMake package makes such a program by itself; this
// header is for a test program of the author's own.
//
// Thread safety: call register_conformance_tests before RUN_ALL_TESTS, once.
//
// Example:
//   int main(int argc, char** argv) {
//     testing::InitGoogleTest(&argc, argv);
//     if (!capstan::sdk::register_conformance_tests({.plugin = "acme.so", .level = 10})) return 1;
//     return RUN_ALL_TESTS();
//   }
#pragma once

#include <capstan/json.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <set>
#include <string>
#include <utility>

namespace capstan::sdk {

struct ConformanceOptions {
  std::string program = "capstan-conformance";
  std::string plugin = {};  // the library's path
  int level = 5;
  std::string modes = "in-process";  // "in-process,process,sandbox"; what differs is a failure
  std::string config = {};           // conformance.yaml; "" looks beside the plugin
  uint64_t seed = 1;
};

namespace detail {

inline std::string shell_word(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// The kit's answer as JSON; null where it gave none.
inline Json ask_conformance_kit(const ConformanceOptions& options, const std::string& more) {
  std::string command = shell_word(options.program) + " " + shell_word(options.plugin) +
                        " -o json --level " + std::to_string(options.level) + " --seed " +
                        std::to_string(options.seed) + " --mode " + shell_word(options.modes);
  if (!options.config.empty()) command += " --config " + shell_word(options.config);
  command += " " + more;
  std::string text;
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  char buffer[4096];
  for (size_t count; (count = std::fread(buffer, 1, sizeof(buffer), pipe)) > 0;) {
    text.append(buffer, count);
  }
  ::pclose(pipe);
  Json json = Json::parse(text, nullptr, false);
  return json.is_discarded() ? Json() : json;
}

class ConformanceTest : public testing::Test {
 public:
  ConformanceTest(ConformanceOptions options, std::string id, std::string sentence)
      : options_(std::move(options)), id_(std::move(id)), sentence_(std::move(sentence)) {}

  void TestBody() override {
    const Json report = ask_conformance_kit(options_, "--only " + shell_word("^" + id_ + "$"));
    ASSERT_TRUE(report.is_object()) << options_.program << " gave no report";
    ASSERT_FALSE(report.value("cases", Json::array()).empty());
    std::string left_out;
    int passed = 0;
    for (const Json& result : report["cases"]) {
      const std::string message = result.value("message", "");
      if (result["verdict"] == "skipped" || result["verdict"] == "not-applicable") {
        left_out += result.value("mode", "") + " " + message + "\n";
        continue;
      }
      ++passed;
      EXPECT_EQ(result["verdict"], "passed")
          << "expected: it " << sentence_ << " " << result.value("mode", "") << "\n"
          << message << "\n"
          << result.value("output", "");
    }
    if (passed == 0) GTEST_SKIP() << left_out;
  }

 private:
  const ConformanceOptions options_;
  const std::string id_;
  const std::string sentence_;
};

}  // namespace detail

// Registers a test for each case that the kit has for the plugin at the level. False, with a line
// on stderr, where the kit does not answer.
inline bool register_conformance_tests(const ConformanceOptions& options) {
  const Json cases = detail::ask_conformance_kit(options, "--list");
  if (!cases.is_array() || cases.empty()) {
    std::cerr << options.program << " lists no cases for " << options.plugin << "\n";
    return false;
  }
  std::set<std::string> known;
  for (const Json& one : cases) {
    const std::string id = one.value("id", "");
    if (!known.insert(id).second) continue;  // one test for all modes, which have to agree
    const std::string group = id.substr(0, id.find('-'));
    // In a filter, what follows the first '-' is left out.
    std::string name = id;
    std::replace(name.begin(), name.end(), '-', '_');
    testing::RegisterTest(("Conformance_" + group).c_str(), name.c_str(), nullptr, nullptr,
                          __FILE__, __LINE__,
                          [options, id, sentence = one.value("sentence", "")]() -> testing::Test* {
                            return new detail::ConformanceTest(options, id, sentence);
                          });
  }
  return true;
}

}  // namespace capstan::sdk
