#include "runtime/package/doctor.h"

#include <sys/utsname.h>

#include <algorithm>
#include <filesystem>

#include "runtime/package/inspection.h"
#include "runtime/trust/ownership.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr Duration kSoon = std::chrono::hours(24 * 30);

class Doctor {
 public:
  Doctor(const DoctorOptions& options, Instant now)
      : options_(options), now_(now), store_(options.data_dir) {}

  std::vector<CheckUp> examine() {
    examine_host();
    examine_data_dir();
    if (!examine_trust()) return std::move(found_);
    examine_installed();
    for (const std::string& directory : options_.plugin_directories) examine_directory(directory);
    return std::move(found_);
  }

 private:
  void good(std::string subject, std::string message) {
    found_.push_back({Health::kGood, std::move(subject), std::move(message), ""});
  }
  void warn(std::string subject, std::string message, std::string remedy) {
    found_.push_back({Health::kWarning, std::move(subject), std::move(message), std::move(remedy)});
  }
  void bad(std::string subject, std::string message, std::string remedy) {
    found_.push_back({Health::kBad, std::move(subject), std::move(message), std::move(remedy)});
  }

  void examine_host() {
    utsname system{};
    ::uname(&system);
    good("host", std::string("Linux ") + system.release + " " + system.machine + ", glibc " +
                     running_glibc() + ", plugin ABI " + std::to_string(CAPSTAN_ABI_MAJOR) + "." +
                     std::to_string(CAPSTAN_ABI_MINOR));
    const auto sealed = SealedFile::read("/proc/self/exe");
    if (sealed.ok()) {
      good("host", "memory files can be sealed, so verified bytes are the loaded bytes");
    } else {
      bad("host", sealed.error().message,
          "allow memfd_create and 256 MiB of shared memory to this user");
    }
  }

  void examine_data_dir() {
    if (!fs::is_directory(options_.data_dir)) {
      good("data", options_.data_dir + " does not exist yet; the first start or install makes it");
      return;
    }
    const auto problems = check_ownership_at(options_.data_dir);
    for (const OwnershipProblem& problem : problems) {
      bad("data", problem.message, "correct it: who can write there decides which code runs");
    }
    if (problems.empty()) {
      good("data", options_.data_dir + " can be written by root and this user only");
    }
  }

  bool examine_trust() {
    auto policy = TrustPolicy::create(options_.trust);
    if (!policy.ok()) {
      bad("trust", policy.error().message, "correct the section trust of the config");
      return false;
    }
    policy_ = *std::move(policy);
    for (const PublisherConfig& publisher : options_.trust.publishers) {
      if (!publisher.not_after) {
        good("trust", "publisher " + publisher.name + " is trusted");
      } else if (*publisher.not_after < now_) {
        bad("trust",
            "the key of " + publisher.name + " has expired on " + format_time(*publisher.not_after),
            "get the publisher's new key, and the plugins signed with it");
      } else if (*publisher.not_after - now_ < kSoon) {
        warn("trust",
             "the key of " + publisher.name + " expires on " + format_time(*publisher.not_after),
             "ask the publisher for the next key");
      } else {
        good("trust", "publisher " + publisher.name + " is trusted until " +
                          format_time(*publisher.not_after));
      }
    }
    const auto protect = store_.protect(policy_);
    if (!protect.ok()) {
      bad("installed", protect.error().message,
          "restore it from a backup, or remove it and install the plugins again");
      return false;
    }
    return true;
  }

  void examine_installed() {
    const auto plugins = store_.list();
    if (!plugins.ok()) return;  // examine_trust() has said so
    for (const InstalledPlugin& plugin : *plugins) {
      const std::string subject = "plugin " + plugin.name + " " + plugin.version;
      const auto files = store_.check_files(plugin);
      if (!files.ok()) {
        bad(subject, files.error().message,
            "capstan plugin install " +
                (plugin.source.empty() ? plugin.name + "@" + plugin.version : plugin.source));
      } else if (plugin.library.empty()) {
        good(subject, "its files are as they were installed");
      } else {
        examine_file(subject, plugin.file());
      }
    }
    if (plugins->empty()) good("installed", "no plugin is installed below " + store_.folder());
    const auto strays = store_.strays();
    if (!strays.ok()) return;
    for (const std::string& stray : *strays) {
      warn("installed", stray + " is not in plugins.lock and is not used",
           "the next install or remove deletes it");
    }
  }

  void examine_directory(const std::string& directory) {
    std::error_code error;
    std::vector<std::string> files;
    for (const auto& entry : fs::directory_iterator(directory, error)) {
      if (entry.path().extension() == ".so") files.push_back(entry.path().string());
    }
    if (error) {
      bad("directory", "cannot read " + directory + ": " + error.message(),
          "correct pluginDirectory");
    }
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) examine_file("file " + file, file);
  }

  void examine_file(const std::string& subject, const std::string& path) {
    const auto seen = inspect_plugin(path, policy_, now_);
    if (!seen.ok()) {
      bad(subject, seen.error().message, "replace or remove it");
      return;
    }
    if (!seen->trust_problem.empty()) {
      bad(subject, seen->trust_problem, "it is not loaded until that is corrected");
    }
    if (!seen->manifest_problem.empty()) {
      bad(subject, seen->manifest_problem, "replace or remove it");
    }
    for (const LintFinding& finding : seen->findings) {
      const bool error = finding.severity == LintSeverity::kError;
      found_.push_back(
          {error ? Health::kBad : Health::kWarning, subject, finding.text(), "tell its author"});
    }
    for (const std::string& warning : seen->verified.warnings) {
      warn(subject, warning, "it is loaded all the same, as trust requires nothing of it");
    }
    if (!seen->loads()) return;
    good(subject, seen->manifest->name + " " + seen->manifest->version +
                      ", trust: " + trust_level_name(seen->verified.level) +
                      (seen->verified.publisher.empty() ? "" : " by " + seen->verified.publisher));
  }

  const DoctorOptions& options_;
  Instant now_;
  PluginStore store_;
  TrustPolicy policy_;
  std::vector<CheckUp> found_;
};

}  // namespace

std::vector<CheckUp> examine(const DoctorOptions& options, Instant now) {
  return Doctor(options, now).examine();
}

}  // namespace capstan
