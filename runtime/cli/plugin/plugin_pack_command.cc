// capstan plugin pack
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/package/repository.h"
#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan::cli {
namespace {

struct Flags {
  PackSource source;
  std::string output, repository, key, publisher;
};

Result<PackedFile> pack_signed(const Flags& flags, Instant now) {
  if (flags.key.empty() != flags.publisher.empty()) {
    return Error::invalid("--sign-key and --publisher go together");
  }
  if (flags.key.empty()) return pack_plugin(flags.source, nullptr, now);
  const auto key = PrivateKey::parse(TRY(read_file(flags.key)));
  if (!key.ok()) return Error::invalid(flags.key + " " + key.error().message);
  const Signer signer{*key, flags.publisher};
  return pack_plugin(flags.source, &signer, now);
}

Result<void> pack(const Flags& flags, Program& program) {
  const PackedFile packed = TRY(pack_signed(flags, program.clock.now()));
  std::string path = flags.output.empty() ? packed.file_name : flags.output;
  if (!flags.repository.empty()) {
    path = TRY(Repository(flags.repository).add(packed));
  } else {
    TRY(write_file(path, packed.bytes));
  }
  program.out << "Packed " << packed.manifest.name << " " << packed.manifest.version << " into "
              << path << " (" << packed.bytes.size() << " bytes, "
              << (flags.key.empty() ? "not signed" : "signed by " + flags.publisher)
              << ")\nsha256:" << sha256_hex(packed.bytes) << "\n";
  return {};
}

}  // namespace

void add_plugin_pack(CLI::App& plugin, Program& program) {
  CLI::App* command = plugin.add_subcommand("pack", "Make a package of a plugin");
  command->footer(R"(Examples:
  capstan plugin pack build/acme.so                            acme-1.2.0.capstan
  capstan plugin pack ./my-python-plugin --output out.capstan
  capstan plugin pack build/acme.so --repo /srv/plugins --sign-key acme.key --publisher acme

The same input gives the same bytes. The plugin's version is the one in its manifest.)");
  auto flags = std::make_shared<Flags>();
  command->add_option("source", flags->source.path, "Library, or folder of a plugin in Python")
      ->required();
  auto* output = command->add_option("--output", flags->output, "File to write");
  command
      ->add_option("--repo", flags->repository,
                   "Repository folder to put it into, with what clusterctl reads beside it")
      ->excludes(output);
  command->add_option("--metadata", flags->source.metadata_file,
                      "clusterctl's metadata.yaml (default: made from the manifest)");
  command->add_option("--file", flags->source.extra_files,
                      "Another file to put in; may be repeated");
  command->add_option("--sign-key", flags->key, "File of the private key to sign with");
  command->add_option("--publisher", flags->publisher, "Name that the key is known by");
  command->callback(
      [flags, &program] { program.command = [flags, &program] { return pack(*flags, program); }; });
}

}  // namespace capstan::cli
