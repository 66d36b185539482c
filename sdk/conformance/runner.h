// Runs the cases against one plugin file and gathers what they found.
//
// Thread safety: forks, so call it from a process without threads.
//
// Example:
//   RunOptions options;
//   options.level = 10;
//   const RunReport report = TRY(run_cases("acme.so", options));
//   if (report.count(Verdict::kFailed) > 0) ...
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "sdk/conformance/case.h"
#include "sdk/conformance/kit_config.h"

namespace capstan::conformance {

struct CaseResult {
  std::string id;    // "semantics-repeat/AcmeMachine"
  std::string mode;  // "" for cases that are about the file
  int level = 0;
  std::string sentence;
  std::string rule;
  Finding finding;
  std::string output;
  std::chrono::milliseconds took{0};
};

struct RunOptions {
  std::vector<std::string> modes = {"in-process"};
  int level = 5;
  int repeat_level = 0;   // in the modes after the first; 0: the same level
  int jobs = 1;           // cases at a time
  std::string only = {};  // ECMAScript, searched in the id; "" for all
  uint64_t seed = 1;
  std::string config = {};                      // path; "" looks beside the plugin
  std::chrono::milliseconds timeout = {};       // of a case; 0 takes the config's
  std::function<void(const CaseResult&)> each;  // as they come
};

struct RunReport {
  std::string plugin;  // name and version, or the file's where it has no manifest
  std::string file;
  int level = 0;
  uint64_t seed = 0;
  std::vector<CaseResult> results;

  size_t count(Verdict verdict) const;
};

// Errors: kInvalid (an unknown mode, a bad expression, the config), kNotFound (no such file). A
// file that is no plugin is a report with a failure, not an error.
Result<RunReport> run_cases(const std::string& plugin_file, const RunOptions& options);

// What run_cases would run: results without findings.
Result<std::vector<CaseResult>> list_cases(const std::string& plugin_file,
                                           const RunOptions& options);

}  // namespace capstan::conformance
