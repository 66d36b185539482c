// capstan plugin keygen
#include <string.h>  // explicit_bzero

#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/system/file.h"
#include "runtime/trust/ed25519.h"

namespace capstan::cli {
namespace {

Result<void> keygen(const std::string& name, Program& program) {
  const std::string secret = name + ".key", open = name + ".pub";
  for (const std::string& path : {secret, open}) {
    if (file_exists(path)) {
      return Error::already_exists(path +
                                   " exists, and a key that signs is not replaced; choose "
                                   "another name or move it away");
    }
  }
  const PrivateKey key = TRY(PrivateKey::generate());
  std::string pem = key.pem();
  const Result<void> written = write_file(secret, pem, 0600);
  explicit_bzero(pem.data(), pem.size());
  TRY(Result<void>(written));
  TRY(write_file(open, key.public_key().pem()));
  program.out << "Wrote " << secret << " (keep it to yourself) and " << open
              << " (give it to who is to trust you)\nKey " << key.public_key().id() << "\n";
  return {};
}

}  // namespace

void add_plugin_keygen(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand("keygen", "Make an Ed25519 key pair to sign with");
  command->footer(R"(Examples:
  capstan plugin keygen acme          writes acme.key and acme.pub
  capstan plugin sign acme-1.2.0.capstan --key acme.key --publisher acme)");
  auto name = std::make_shared<std::string>();
  command->add_option("name", *name, "Path of the files, without .key and .pub")->required();
  command->callback(
      [name, &program] { program.command = [name, &program] { return keygen(*name, program); }; });
}

}  // namespace capstan::cli
