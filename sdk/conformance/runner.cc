#include "sdk/conformance/runner.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "sdk/conformance/case_process.h"
#include "sdk/conformance/shape.h"
#include "sdk/conformance/world.h"

namespace capstan::conformance {
namespace {

namespace fs = std::filesystem;

// One case for one mode and kind.
struct Instance {
  Case definition;
  const ReconcileEntry* entry = nullptr;
  Mode mode;
  CaseResult result;
};

Result<std::regex> expression(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    return Error::invalid("--only \"" + text + "\": " + error.what());
  }
}

Result<std::vector<Mode>> chosen_modes(const std::vector<std::string>& names) {
  std::vector<Mode> out;
  std::vector<std::string> known;
  for (const Mode& mode : all_modes()) known.push_back(mode.name);
  for (const std::string& name : names) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) {
      return Error::invalid("this kit has no mode \"" + name + "\"; it has: " + join(known, ", "));
    }
    out.push_back(all_modes()[static_cast<size_t>(found - known.begin())]);
  }
  if (out.empty()) return Error::invalid("no mode was given");
  return out;
}

// "HelloMachine", and with what tells it from another item of the same kind: "DevMachine.docker".
std::string kind_name(const Manifest& manifest, const ReconcileEntry& entry) {
  const auto same = std::count_if(manifest.reconciles.begin(), manifest.reconciles.end(),
                                  [&](const ReconcileEntry& e) { return e.kind == entry.kind; });
  const bool plain = same < 2 || !entry.when || entry.when->path.empty();
  return entry.kind.kind + (plain ? "" : "." + entry.when->path.back());
}

void add_instance(std::vector<Instance>& out, const Case& definition, const Mode& mode,
                  const ReconcileEntry* entry, const Manifest& manifest) {
  Instance instance{definition, entry, mode, {}};
  instance.result.id = definition.id;
  if (entry != nullptr) instance.result.id += "/" + kind_name(manifest, *entry);
  if (definition.scope != Scope::kFile) instance.result.mode = mode.name;
  instance.result.level = definition.level;
  instance.result.sentence = definition.sentence;
  instance.result.rule = definition.rule;
  out.push_back(std::move(instance));
}

Result<std::vector<Instance>> instances(const Manifest& manifest, const RunOptions& options) {
  const std::regex only = TRY(expression(options.only));
  const std::vector<Mode> modes = TRY(chosen_modes(options.modes));
  std::vector<Instance> out;
  for (const Mode& mode : modes) {
    for (const Case& definition : all_cases()) {
      if (definition.level > options.level) continue;
      if (definition.scope == Scope::kFile && mode.name != modes.front().name) continue;
      if (definition.scope != Scope::kKind) {
        add_instance(out, definition, mode, nullptr, manifest);
        continue;
      }
      for (const ReconcileEntry& entry : manifest.reconciles) {
        add_instance(out, definition, mode, &entry, manifest);
      }
    }
  }
  std::erase_if(out, [&](const Instance& i) {
    return !options.only.empty() && !std::regex_search(i.result.id, only);
  });
  return out;
}

// A folder that goes with it.
class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "capstan-conformance-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~Folder() {
    std::error_code failure;
    if (!path_.empty()) fs::remove_all(path_, failure);
  }
  Folder(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const Skip* skip_of(const KitConfig& config, const std::string& id) {
  for (const Skip& skip : config.skips) {
    if (std::regex_match(id, std::regex(skip.pattern))) return &skip;
  }
  return nullptr;
}

Finding run_with_world(const Instance& instance, const Subject& subject) {
  ::setenv("CAPSTAN_CONFORMANCE_WORLD", subject.world.c_str(), 1);
  const bool needs_world =
      instance.definition.scope != Scope::kFile || !subject.config.world_start.empty();
  std::unique_ptr<FakeWorld> world;
  if (needs_world) {
    auto started = FakeWorld::start(subject);
    if (!started.ok()) return failed(started.error().message);
    world = *std::move(started);
  }
  return instance.definition.run({subject, instance.entry});
}

void run_one(Instance& instance, Subject subject, std::chrono::milliseconds timeout) {
  CaseResult& result = instance.result;
  if (const Skip* skip = skip_of(subject.config, result.id)) {
    result.finding = skipped(skip->reason);
    return;
  }
  const std::string group = instance.definition.group();
  if (subject.file.is_folder() && (group == "lifecycle" || group == "abi")) {
    result.finding = skipped("the tables of a folder's plugin are those of its language's library");
    return;
  }
  const Folder folder;
  subject.mode = instance.mode;
  subject.world = folder.path();
  ProcessResult done = run_in_process([&] { return run_with_world(instance, subject); }, timeout);
  result.finding = std::move(done.finding);
  result.output = std::move(done.output);
  result.took = done.took;
}

// What has to be the same in every mode.
std::vector<CaseResult> compare_modes(const std::vector<CaseResult>& results) {
  std::map<std::string, std::vector<const CaseResult*>> by_id;
  for (const CaseResult& result : results) {
    if (!result.mode.empty()) by_id[result.id].push_back(&result);
  }
  std::vector<CaseResult> out;
  for (const auto& [id, runs] : by_id) {
    if (runs.size() < 2) continue;
    const CaseResult& first = *runs.front();
    for (const CaseResult* other : runs) {
      if (other == &first) continue;
      std::string difference;
      if (other->finding.verdict != first.finding.verdict) {
        difference = "another verdict than in mode " + first.mode;
      } else {
        difference = first_difference(first.finding.evidence, other->finding.evidence);
      }
      if (first.finding.evidence.is_null() && difference.empty()) continue;
      CaseResult result;
      result.id = "modes-agree/" + id;
      result.mode = other->mode;
      result.level = first.level;
      result.sentence = "gives in every mode what it gives in " + first.mode;
      result.rule = "one plugin, one behaviour";
      result.finding = difference.empty() ? passed() : failed(difference);
      out.push_back(std::move(result));
    }
  }
  return out;
}

// A file that is no plugin: the one failure that says why.
RunReport unreadable(RunReport report, const Error& error, const RunOptions& options) {
  const Case rules = file_cases().front();
  CaseResult result{rules.id, "", rules.level, rules.sentence, rules.rule, {}, "", {}};
  result.finding = failed(error.message);
  if (options.each) options.each(result);
  report.results.push_back(std::move(result));
  return report;
}

}  // namespace

size_t RunReport::count(Verdict verdict) const {
  return static_cast<size_t>(
      std::count_if(results.begin(), results.end(),
                    [&](const CaseResult& result) { return result.finding.verdict == verdict; }));
}

Result<RunReport> run_cases(const std::string& plugin_file, const RunOptions& options) {
  RunReport report;
  report.file = plugin_file;
  report.level = options.level;
  report.seed = options.seed;
  if (!file_exists(plugin_file)) return Error::not_found("there is no file " + plugin_file);
  Subject subject;
  subject.config = TRY(read_kit_config(options.config, plugin_file));
  subject.seed = options.seed;
  auto file = read_plugin_file(fs::absolute(plugin_file).string());
  if (!file.ok()) {
    report.plugin = fs::path(plugin_file).filename().string();
    return unreadable(std::move(report), file.error(), options);
  }
  subject.file = *std::move(file);
  report.plugin = subject.manifest().name + " " + subject.manifest().version;
  const auto timeout = options.timeout.count() > 0 ? options.timeout : subject.config.timeout;
  std::vector<Instance> runs = TRY(instances(subject.manifest(), options));
  for (Instance& instance : runs) {
    run_one(instance, subject, timeout);
    if (options.each) options.each(instance.result);
    report.results.push_back(std::move(instance.result));
  }
  for (CaseResult& result : compare_modes(report.results)) {
    if (options.each) options.each(result);
    report.results.push_back(std::move(result));
  }
  return report;
}

Result<std::vector<CaseResult>> list_cases(const std::string& plugin_file,
                                           const RunOptions& options) {
  const PluginFile file = TRY(read_plugin_file(plugin_file));
  std::vector<CaseResult> out;
  for (Instance& instance : TRY(instances(file.manifest, options))) {
    out.push_back(std::move(instance.result));
  }
  return out;
}

}  // namespace capstan::conformance
