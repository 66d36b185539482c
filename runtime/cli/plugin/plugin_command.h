// The verbs of `capstan plugin`, one file each.
//
// Thread safety: none.
#pragma once

#include "runtime/cli/command.h"

namespace capstan::cli {

// One file each.
void add_plugin_test(CLI::App& plugin, Program& program);
void add_plugin_replay(CLI::App& plugin, Program& program);

}  // namespace capstan::cli
