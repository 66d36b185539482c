// capstan plugin replay
#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <ostream>

#include "runtime/cli/plugin/plugin_command.h"
#include "runtime/plugin/recording/replay.h"

namespace capstan::cli {
namespace {

Result<void> replay_file(const std::string& recording_path, const std::string& plugin_path,
                         std::ostream& out) {
  const Recording recording = TRY(read_recording(recording_path));
  const PluginFile file = TRY(read_plugin_file(std::filesystem::absolute(plugin_path).string()));
  const ReplayResult result = TRY(replay(recording, file));
  if (!result.difference.empty()) return Error::failed_precondition(result.difference);
  out << "the same in all of " << result.calls << " calls (recorded with " << recording.plugin
      << " " << recording.version << ", replayed with " << file.manifest.version << ")\n";
  return {};
}

}  // namespace

void add_plugin_replay(CLI::App& plugin, Program& program) {
  CLI::App* replay = plugin.add_subcommand("replay", "Feed a recording to a plugin again");
  replay->footer(
      R"(A plugin is recorded with `record: FILE` in the server's config. The host's services are
answered from the recording, in which secrets are redacted.

Example:
  capstan plugin replay acme.jsonl ./acme.so)");
  auto recording = std::make_shared<std::string>();
  auto library = std::make_shared<std::string>();
  replay->add_option("RECORDING", *recording, "The file that was recorded")->required();
  replay->add_option("PLUGIN", *library, "The plugin's library")->required();
  replay->callback([recording, library, &program] {
    program.command = [recording, library, &program] {
      return replay_file(*recording, *library, program.out);
    };
  });
}

}  // namespace capstan::cli
