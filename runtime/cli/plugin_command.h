// The verbs of `capstan plugin`, one file or family each.
#pragma once

#include "runtime/cli/command.h"

namespace capstan::cli {

// list, enable, disable, reload: the plugins of a running server (plugin_state_commands.cc).
void add_plugin_state_verbs(CLI::App& plugin, Program& program);

}  // namespace capstan::cli
