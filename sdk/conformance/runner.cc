#include "sdk/conformance/runner.h"

#include <poll.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <list>
#include <regex>
#include <utility>

#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "sdk/conformance/agreement.h"
#include "sdk/conformance/case_process.h"
#include "sdk/conformance/instances.h"
#include "sdk/conformance/modes.h"
#include "sdk/conformance/stage.h"
#include "sdk/conformance/world.h"

namespace capstan::conformance {
namespace {

namespace fs = std::filesystem;

// A folder that goes with it.
class Folder {
 public:
  Folder() {
    std::string path = (fs::temp_directory_path() / "capstan-conformance-XXXXXX").string();
    if (::mkdtemp(path.data()) != nullptr) path_ = path;
  }
  Folder(Folder&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ~Folder() {
    std::error_code failure;
    if (!path_.empty()) fs::remove_all(path_, failure);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

const Skip* skip_of(const KitConfig& config, const CaseResult& result) {
  for (const Skip& skip : config.skips) {
    if (!skip.mode.empty() && skip.mode != result.mode) continue;
    if (std::regex_match(result.id, std::regex(skip.pattern))) return &skip;
  }
  return nullptr;
}

// A process that the plugin lost is the reason of whatever else was seen.
Finding with_crashes(Finding finding) {
  const std::vector<std::string> crashes = crashes_seen();
  if (crashes.empty()) return finding;
  const std::string crashed = "crashed: " + crashes.front();
  if (finding.verdict != Verdict::kFailed) return failed(crashed);
  finding.message += "; " + crashed;
  return finding;
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
  return with_crashes(instance.run(subject));
}

// Runs the instances, so many at a time; gives their results in their order.
class Schedule {
 public:
  Schedule(std::vector<Instance> instances, const Subject& subject, const RunOptions& options)
      : instances_(std::move(instances)),
        done_(instances_.size()),
        subject_(subject),
        options_(options),
        timeout_(options.timeout.count() > 0 ? options.timeout : subject.config.timeout) {}

  std::vector<CaseResult> run() {
    const size_t jobs = static_cast<size_t>(std::max(1, options_.jobs));
    while (results_.size() < instances_.size()) {
      while (next_ < instances_.size() && running_.size() < jobs) start(next_++);
      give_in_order();
      if (!running_.empty()) wait();
    }
    return std::move(results_);
  }

 private:
  struct Running {
    size_t index;
    Folder folder;
    CaseProcess process;
  };

  void start(size_t index) {
    const Instance& instance = instances_[index];
    const std::string reason = instance.not_applicable();
    if (!reason.empty()) return settle(index, not_applicable(reason));
    if (const Skip* skip = skip_of(subject_.config, instance.result)) {
      return settle(index, skipped(skip->reason));
    }
    Folder folder;
    Subject subject = subject_;
    subject.mode = instance.mode;
    subject.world = folder.path();
    CaseProcess process =
        CaseProcess::start([&] { return run_with_world(instance, subject); }, timeout_);
    running_.push_back({index, std::move(folder), std::move(process)});
  }

  void settle(size_t index, Finding finding) {
    instances_[index].result.finding = std::move(finding);
    done_[index] = true;
  }

  // Until one of them has something to say or its time is over.
  void wait() {
    std::vector<pollfd> polls;
    auto left = std::chrono::milliseconds::max();
    for (const Running& one : running_) {
      polls.push_back({one.process.descriptor(), POLLIN, 0});
      left = std::min(left, one.process.left());
    }
    ::poll(polls.data(), polls.size(), static_cast<int>(left.count()));
    for (auto one = running_.begin(); one != running_.end();) {
      if (!one->process.advance()) {
        ++one;
        continue;
      }
      ProcessResult result = one->process.finish();
      instances_[one->index].result.output = std::move(result.output);
      instances_[one->index].result.took = result.took;
      settle(one->index, std::move(result.finding));
      one = running_.erase(one);
    }
  }

  void give_in_order() {
    for (size_t i = results_.size(); i < instances_.size() && done_[i]; ++i) {
      if (options_.each) options_.each(instances_[i].result);
      results_.push_back(std::move(instances_[i].result));
    }
  }

  std::vector<Instance> instances_;
  std::vector<bool> done_;
  const Subject& subject_;
  const RunOptions& options_;
  const std::chrono::milliseconds timeout_;
  std::list<Running> running_;
  size_t next_ = 0;
  std::vector<CaseResult> results_;
};

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
  auto file = read_plugin_file(fs::absolute(plugin_file).lexically_normal().string());
  if (!file.ok()) {
    report.plugin = fs::path(plugin_file).filename().string();
    return unreadable(std::move(report), file.error(), options);
  }
  subject.file = *std::move(file);
  report.plugin = subject.manifest().name + " " + subject.manifest().version;
  // The processes of the cases have it by being forked.
  if (auto stage = Stage::take(subject.manifest()); stage.ok()) {
    Stage::give_back(*std::move(stage));
  }
  report.results = Schedule(TRY(instances(subject.manifest(), options)), subject, options).run();
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
