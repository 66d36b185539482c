// capstan plugin verify
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/package/inspection.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  TrustFlags trust;
  std::string file;
};

Result<void> verify(const Flags& flags, Program& program) {
  const ServerConfig config = TRY(host_config(flags.host));
  const TrustPolicy policy = TRY(trust_policy(config.trust, flags.trust, publisher_of(flags.file)));
  const Inspection seen = TRY(inspect_plugin(flags.file, policy, program.clock.now()));
  const auto refused = [](const std::string& message) {
    return Error{Code::kPermissionDenied, message, {}, {}};
  };
  if (!seen.trust_problem.empty()) return refused(seen.trust_problem);
  if (!seen.manifest_problem.empty()) return refused(flags.file + ": " + seen.manifest_problem);
  for (const LintFinding& finding : seen.findings) {
    if (finding.severity == LintSeverity::kError) {
      return refused(flags.file + ": " + finding.text());
    }
  }
  for (const std::string& warning : seen.verified.warnings)
    program.err << "warning: " << warning << "\n";
  program.out << flags.file << ": " << seen.manifest->name << " " << seen.manifest->version << ", "
              << (seen.verified.level == TrustLevel::kSigned
                      ? "signed by " + seen.verified.publisher + " with key " + seen.verified.key_id
                  : seen.verified.level == TrustLevel::kDigest
                      ? std::string("has the digest that is pinned")
                      : std::string("whole; nobody who is trusted has signed it"))
              << "\n";
  return {};
}

}  // namespace

void add_plugin_verify(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand(
      "verify", "Check a plugin's bytes, signature and rules as the loader would");
  command->footer(R"(Examples:
  capstan plugin verify acme-1.2.0.capstan --key acme.pub
  capstan plugin verify /opt/acme/acme.so --config /etc/capstan/config.yaml

Exit code 0: it would be loaded. 1: it would not; the reason is on standard error.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("file", flags->file, "Library or package")->required();
  add_host_flags(*command, flags->host);
  add_trust_flags(*command, flags->trust);
  command->callback([flags, &program] {
    program.command = [flags, &program] { return verify(*flags, program); };
  });
}

}  // namespace capstan::cli
