// capstan plugin sign
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/package/packer.h"
#include "runtime/system/file.h"

namespace capstan::cli {
namespace {

struct Flags {
  std::string file, key, publisher;
};

Result<void> sign(const Flags& flags, Program& program) {
  const auto key = PrivateKey::parse(TRY(read_file(flags.key)));
  if (!key.ok()) return Error::invalid(flags.key + " " + key.error().message);
  const Instant now = program.clock.now();
  std::string written = flags.file;
  if (flags.file.ends_with(kPackageSuffix)) {
    const Package package = TRY(Package::open(flags.file));
    TRY(write_file(flags.file, TRY(sign_package(package, {*key, flags.publisher}, now))));
  } else {
    const SealedFile file = TRY(SealedFile::read(flags.file));
    const Signature signature = TRY(Signature::make(*key, flags.publisher, file.sha256(), now));
    written += kSignatureSuffix;
    TRY(write_file(written, signature.text()));
  }
  program.out << "Signed " << flags.file << " as " << flags.publisher << " with key "
              << key->public_key().id() << (written == flags.file ? "" : " in " + written) << "\n";
  return {};
}

}  // namespace

void add_plugin_sign(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand("sign", "Sign a package, or a library beside it");
  command->footer(R"(Examples:
  capstan plugin sign acme-1.2.0.capstan --key acme.key --publisher acme
  capstan plugin sign acme.so --key acme.key --publisher acme      writes acme.so.sig)");
  auto flags = std::make_shared<Flags>();
  command->add_option("file", flags->file, "Package or library")->required();
  command->add_option("--key", flags->key, "File of the private key")->required();
  command->add_option("--publisher", flags->publisher, "Name that the key is known by")->required();
  command->callback(
      [flags, &program] { program.command = [flags, &program] { return sign(*flags, program); }; });
}

}  // namespace capstan::cli
