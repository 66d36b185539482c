// cloud-init's user data as steps: what Cluster API's bootstrap providers write, read for a machine
// that has no cloud-init of its own.
//
// Thread safety: functions of values.
//
// Example:
//   UserData data = CAPSTAN_TRY(parse_user_data(text, {"worker-1"}));
#pragma once

#include <capstan/status.h>

#include <string>
#include <string_view>
#include <vector>

namespace capstan::docker {

using sdk::Expected;

struct NodeFile {
  std::string path = {};
  std::string content = {};  // decoded
  std::string owner = {};    // "root:root"; "" leaves it
  std::string permissions = "0644";
  bool append = false;
};

// One command: a program with its arguments, or one line for the shell.
struct NodeCommand {
  std::vector<std::string> arguments = {};
  std::string line = {};  // where there are no arguments
};

// In the order in which cloud-init works: boot commands, files, commands.
struct UserData {
  std::vector<NodeCommand> boot_commands = {};
  std::vector<NodeFile> files = {};
  std::vector<NodeCommand> commands = {};
  std::vector<std::string> ignored = {};  // sections that have no meaning here: "ntp"
};

struct InstanceMetadata {
  std::string hostname = {};
};

// Errors: kInvalid with the entry that is wrong: "write_files[2].content: ...".
Expected<UserData> parse_user_data(std::string_view text, const InstanceMetadata& instance);

}  // namespace capstan::docker
