// What a conformance case is: a rule of docs/conformance.md, and the function that finds out
// whether a plugin keeps it.
//
// Thread safety: values. A case runs in a process of its own.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "sdk/conformance/subject.h"

namespace capstan::conformance {

// kNotApplicable: there is nothing to look at in this mode; unlike kSkipped nothing is missing.
enum class Verdict { kPassed, kFailed, kSkipped, kNotApplicable };

struct Finding {
  Verdict verdict = Verdict::kPassed;
  std::string message = {};  // what was seen instead, or why it was not looked for
  Json evidence = Json();    // what has to be the same in every mode; null where nothing
};

inline Finding passed(Json evidence = Json()) {
  return {Verdict::kPassed, "", std::move(evidence)};
}
inline Finding failed(std::string message) {
  return {Verdict::kFailed, std::move(message), Json()};
}
inline Finding skipped(std::string reason) {
  return {Verdict::kSkipped, std::move(reason), Json()};
}
inline Finding not_applicable(std::string reason) {
  return {Verdict::kNotApplicable, std::move(reason), Json()};
}
// Failed where there is something to complain of.
inline Finding no_complaint(const std::string& complaint, Json evidence = Json()) {
  return complaint.empty() ? passed(std::move(evidence)) : failed(complaint);
}

struct CaseInput {
  const Subject& subject;
  const ReconcileEntry* entry = nullptr;  // set for cases that run for each kind
};

// kFile: once a plugin, in this process.
// kTables: once a mode. `run` calls the plugin's tables in this process; where it has a process of
//   its own `isolated` looks for the same through the port, or there is nothing to look at.
// kPlugin: once a mode.
// kKind: once a mode for each item of `reconciles`.
// kProcess: once a mode in which it has a process of its own, about that process.
enum class Scope { kFile, kTables, kPlugin, kKind, kProcess };

struct Case {
  const char* id;  // "semantics-repeat"; the part before the first '-' is its group
  int level;       // 1 to 10: the strictness at which it counts
  Scope scope;
  const char* sentence;  // what the plugin does where it passes
  const char* rule;      // where that is written
  Finding (*run)(const CaseInput&);
  Finding (*isolated)(const CaseInput&) = nullptr;  // of kTables

  std::string group() const {
    const std::string name = id;
    return name.substr(0, name.find('-'));
  }
};

// All cases, in the order in which they run.
std::vector<Case> all_cases();

// One list a file.
std::vector<Case> file_cases();
std::vector<Case> lifecycle_cases();
std::vector<Case> abi_cases();
std::vector<Case> payload_cases();
std::vector<Case> semantics_cases();
std::vector<Case> deletion_cases();
std::vector<Case> call_cases();
std::vector<Case> concurrency_cases();
std::vector<Case> fault_cases();
std::vector<Case> crash_cases();
std::vector<Case> secrets_cases();
std::vector<Case> isolation_cases();
std::vector<Case> fuzz_cases();

}  // namespace capstan::conformance
