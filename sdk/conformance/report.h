// What was found, for people, for CI and for programs.
//
// Thread safety: pure functions.
#pragma once

#include <ostream>
#include <string>

#include "sdk/conformance/runner.h"

namespace capstan::conformance {

// One line a case, as it comes; with the reason and the last of the output where it failed.
void print_result(std::ostream& out, const CaseResult& result, bool colors);
// "hello 0.1.0: 80 passed, 1 failed, 2 skipped at level 10 (seed 1)"
std::string summary(const RunReport& report);

Json to_json(const RunReport& report);
Json to_json(const CaseResult& result);
// The format of JUnit that CI servers read: a testsuite a group.
std::string to_junit(const RunReport& report);

std::string_view verdict_name(Verdict verdict);

}  // namespace capstan::conformance
