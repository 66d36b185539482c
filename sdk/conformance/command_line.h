// The kit's command line, which `capstan plugin test` and the SDK's own program capstan-conformance
// share.
//
// Thread safety: none.
#pragma once

#include <ostream>
#include <string>

#include "runtime/base/result.h"
#include "sdk/conformance/runner.h"

namespace CLI {
class App;
}

namespace capstan::conformance {

struct CommandLine {
  std::string file;
  std::string modes = "in-process";
  RunOptions run = default_options();
  bool list = false;
  std::string output = "text";  // or "json"
  std::string junit;            // path of a file to write

  // As many cases at a time as there are processors, up to four.
  static RunOptions default_options();
};

void add_flags(CLI::App& app, CommandLine& line);

// Errors: those of run_cases; kFailedPrecondition with the summary where a case failed or none
// passed.
Result<void> run(const CommandLine& line, std::ostream& out, bool colors);

}  // namespace capstan::conformance
