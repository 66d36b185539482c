// capstan plugin install
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/package/plugin_store.h"
#include "runtime/package/repository.h"
#include "runtime/trust/digest.h"

namespace capstan::cli {
namespace {

struct Flags {
  HostFlags host;
  TrustFlags trust;
  std::string what, repository, sha256;
};

// A file, or NAME[@VERSION] in a repository.
Result<std::string> package_path(const Flags& flags) {
  const bool is_file =
      flags.what.find('/') != std::string::npos || flags.what.ends_with(kPackageSuffix);
  if (is_file && flags.repository.empty()) return flags.what;
  if (flags.repository.empty()) {
    return Error::invalid("\"" + flags.what +
                          "\" is no package file; to install it by name, say --from FOLDER");
  }
  const size_t at = flags.what.find('@');
  return Repository(flags.repository)
      .find(flags.what.substr(0, at), at == std::string::npos ? "" : flags.what.substr(at + 1));
}

Result<void> check_digest(const Flags& flags, const Package& package) {
  if (flags.sha256.empty()) return {};
  const std::string wanted =
      flags.sha256.starts_with("sha256:") ? flags.sha256.substr(7) : flags.sha256;
  if (!is_sha256(wanted)) return Error::invalid("--sha256 must be 64 hexadecimal digits");
  if (wanted == package.archive_sha256()) return {};
  return Error{Code::kPermissionDenied,
               package.path() + " is not installed: its SHA-256 is " + package.archive_sha256() +
                   ", and " + wanted + " was asked for",
               {},
               {}};
}

Result<void> install(const Flags& flags, Program& program) {
  const ServerConfig config = TRY(host_config(flags.host));
  PluginStore store(config.data_dir);
  const Package package = TRY(Package::open(TRY(package_path(flags))));
  TRY(check_digest(flags, package));
  const TrustPolicy policy =
      TRY(trust_policy(config.trust, flags.trust, publisher_of(package.path())));
  const std::string place = store.folder() + "/" + package.index().name + "/" +
                            package.index().version + "/" + kIndexFile;
  auto verified = policy.verify_index(place, sha256_hex(package.index_text()), package.signature(),
                                      program.clock.now());
  if (!verified.ok()) return std::move(verified).error().with_context(package.path());
  const InstalledPlugin installed =
      TRY(store.install(package, {package.path(), *verified}, program.clock.now()));
  program.out << "Installed " << installed.name << " " << installed.version << " in "
              << installed.folder << " ("
              << (installed.publisher.empty() ? "not signed by a trusted publisher"
                                              : "signed by " + installed.publisher)
              << ")\n";
  return {};
}

}  // namespace

void add_plugin_install(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand("install", "Install a plugin from its package");
  command->footer(R"(Examples:
  capstan plugin install acme-1.2.0.capstan
  capstan plugin install acme --from /srv/plugins              the highest version that fits
  capstan plugin install acme@1.1.0 --from /srv/plugins        also to go back
  capstan plugin install acme-1.2.0.capstan --key acme.pub     only if acme has signed it

Its digests go into DATA/plugins.lock, and it is loaded only while its files have them. A running
server needs no new start: `capstan init --infrastructure acme` enables it.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("what", flags->what, "Package file, or NAME[@VERSION] with --from")
      ->required();
  command->add_option("--from", flags->repository, "Repository folder: FOLDER/NAME/VERSION/");
  command->add_option("--sha256", flags->sha256, "Refuse a package with another digest");
  add_host_flags(*command, flags->host);
  add_trust_flags(*command, flags->trust);
  command->callback([flags, &program] {
    program.command = [flags, &program] { return install(*flags, program); };
  });
}

}  // namespace capstan::cli
