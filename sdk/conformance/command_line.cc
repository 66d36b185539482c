#include "sdk/conformance/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <thread>

#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "sdk/conformance/report.h"

namespace capstan::conformance {
namespace {

Result<void> list(const CommandLine& line, const RunOptions& options, std::ostream& out) {
  Json json = Json::array();
  for (const CaseResult& result : TRY(list_cases(line.file, options))) {
    if (line.output == "json") {
      Json item = to_json(result);
      for (const char* member : {"verdict", "ms"}) item.erase(member);
      json.push_back(std::move(item));
    } else {
      out << result.level << "\t" << (result.mode.empty() ? "-" : result.mode) << "\t" << result.id
          << "\n\tit " << result.sentence << " (" << result.rule << ")\n";
    }
  }
  if (line.output == "json") out << json.dump(2) << "\n";
  return {};
}

}  // namespace

RunOptions CommandLine::default_options() {
  RunOptions options;
  options.jobs = static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u));
  return options;
}

void add_flags(CLI::App& app, CommandLine& line) {
  app.add_option("FILE", line.file, "The plugin's library")->required();
  app.add_option("--mode", line.modes,
                 "Comma-separated: in-process, process, sandbox; what differs is a failure");
  app.add_option("--level", line.run.level,
                 "Strictness from 1 to 10; 5 is the least for a plugin that is published")
      ->check(CLI::Range(1, 10));
  app.add_option("--repeat-level", line.run.repeat_level,
                 "Strictness in the modes after the first (default: --level)")
      ->check(CLI::Range(1, 10));
  app.add_option("-j,--jobs", line.run.jobs, "Cases at a time")->check(CLI::Range(1, 64));
  app.add_option("--only", line.run.only, "Cases whose id matches this regular expression");
  app.add_option("--seed", line.run.seed, "Of everything that is random");
  app.add_option(
      "--config", line.run.config,
      "conformance.yaml (default: NAME.conformance.yaml or conformance.yaml beside FILE)");
  app.add_option("--junit", line.junit, "Also write a JUnit XML file");
  app.add_option("-o,--output", line.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}));
  app.add_flag("--list", line.list, "List the cases instead of running them");
}

Result<void> run(const CommandLine& line, std::ostream& out, bool colors) {
  RunOptions options = line.run;
  options.modes = split(line.modes, ',');
  if (line.list) return list(line, options, out);
  const bool text = line.output == "text";
  if (text) {
    options.each = [&](const CaseResult& result) {
      print_result(out, result, colors);
      out.flush();
    };
  }
  const RunReport report = TRY(run_cases(line.file, options));
  if (!line.junit.empty()) TRY(write_file(line.junit, to_junit(report)));
  out << (text ? summary(report) : to_json(report).dump(2)) << "\n";
  if (report.count(Verdict::kFailed) > 0) {
    return Error::failed_precondition("the plugin does not conform at level " +
                                      std::to_string(report.level));
  }
  if (report.count(Verdict::kPassed) == 0) {
    return Error::failed_precondition("no case passed: nothing is known of the plugin");
  }
  return {};
}

}  // namespace capstan::conformance
