// capstan plugin inspect
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/cli/table.h"
#include "runtime/package/inspection.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  std::string file, output;
};

std::string abi_range(const Manifest& manifest) {
  const std::string major = std::to_string(manifest.abi_major) + ".";
  const std::string low = major + std::to_string(manifest.abi_min_minor);
  const std::string high = major + std::to_string(manifest.abi_max_minor);
  return low == high ? low : low + " to " + high;
}

class Printer {
 public:
  Printer(const Inspection& seen, Program& program) : seen_(seen), program_(program) {}

  void print() {
    line("File", seen_.path + " (" + seen_.type + ", " + std::to_string(seen_.size) + " bytes)");
    line("SHA-256", seen_.sha256);
    if (seen_.manifest) print_manifest(*seen_.manifest);
    if (seen_.elf) print_library(*seen_.elf);
    if (!seen_.files.empty()) line("Files", join(seen_.files, ", "));
    print_trust();
    print_verdict();
  }

 private:
  void line(const std::string& title, const std::string& text, Color color = Color::kNone) {
    if (text.empty()) return;
    program_.out << title << ":" << std::string(title.size() < 14 ? 14 - title.size() : 1, ' ')
                 << paint(text, color, program_.colors) << "\n";
  }

  void print_manifest(const Manifest& manifest) {
    line("Plugin", manifest.name + " " + manifest.version + " (" + manifest.id + ")");
    line("ABI", abi_range(manifest));
    line("Status", manifest.status);
    line("Can reach", manifest.security_posture);
    for (const ProviderEntry& provider : manifest.providers) {
      line("Provider", provider.type + " " + provider.name);
    }
    for (const Json& crd : manifest.kinds) {
      line("Kind",
           get_string(crd, {"spec", "names", "kind"}) + "." + get_string(crd, {"spec", "group"}));
    }
    for (const ReconcileEntry& entry : manifest.reconciles) line("Reconciles", entry.kind.text());
    for (const ObjectAccess& access : manifest.needs.objects) {
      line("Needs", (access.write ? "write " : "read ") + access.kind.text());
    }
    const auto needs = [&](const char* what, const std::vector<std::string>& names) {
      if (!names.empty()) line("Needs", std::string(what) + " " + join(names, ", "));
    };
    needs("secrets", manifest.needs.secrets);
    needs("hosts", manifest.needs.hosts);
    needs("paths", manifest.needs.paths);
    if (manifest.needs.listen) line("Needs", "to listen on the loopback interface");
    if (manifest.needs.workload) line("Needs", "the workload clusters");
    std::vector<std::string> templates;
    for (const auto& [name, text] : manifest.templates) templates.push_back(name);
    line("Templates", join(templates, ", "));
  }

  void print_library(const ElfFile& elf) {
    line("Links", join(elf.needed, ", "));
    line("glibc", needed_glibc(elf).empty() ? "" : needed_glibc(elf) + " or later");
    line("At load", std::to_string(elf.initialisers) + " initialisers run");
  }

  void print_trust() {
    if (!seen_.signature) {
      line("Signature", "none");
    } else {
      const bool trusted = seen_.verified.level == TrustLevel::kSigned;
      line("Signature",
           "by " + seen_.signature->publisher + ", key " + seen_.signature->key_id + ", " +
               format_time(seen_.signature->signed_at) +
               (trusted ? " (trusted)" : " (not by a publisher that is trusted here)"),
           trusted ? Color::kGreen : Color::kYellow);
    }
    for (const std::string& warning : seen_.verified.warnings) {
      line("Warning", warning, Color::kYellow);
    }
  }

  void print_verdict() {
    for (const LintFinding& finding : seen_.findings) {
      const bool error = finding.severity == LintSeverity::kError;
      line(error ? "Error" : "Warning", finding.text(), error ? Color::kRed : Color::kYellow);
    }
    line("Error", seen_.manifest_problem, Color::kRed);
    line("Error", seen_.trust_problem, Color::kRed);
    line("Verdict", seen_.loads() ? "would be loaded" : "would not be loaded",
         seen_.loads() ? Color::kGreen : Color::kRed);
  }

  const Inspection& seen_;
  Program& program_;
};

Result<void> inspect(const Flags& flags, Program& program) {
  const ServerConfig config = TRY(host_config(flags.host));
  const TrustPolicy policy = TRY(TrustPolicy::create(config.trust));
  const Inspection seen = TRY(inspect_plugin(flags.file, policy, program.clock.now()));
  if (flags.output.empty()) {
    Printer(seen, program).print();
  } else {
    program.out << formatted(seen.to_json(), flags.output);
  }
  return {};
}

}  // namespace

void add_plugin_inspect(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand(
      "inspect", "Show what a plugin is, brings and needs, without running any of it");
  command->footer(R"(Examples:
  capstan plugin inspect ./acme.so
  capstan plugin inspect acme-1.2.0.capstan -o yaml
  capstan plugin inspect acme.so --config /etc/capstan/config.yaml      judged by its trust)");
  auto flags = std::make_shared<Flags>();
  command->add_option("file", flags->file, "Library or package")->required();
  add_host_flags(*command, flags->host);
  add_output_flag(*command, flags->output);
  command->callback([flags, &program] {
    program.command = [flags, &program] { return inspect(*flags, program); };
  });
}

}  // namespace capstan::cli
