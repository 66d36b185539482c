// Where the server keeps its data where neither a flag nor the config says.
//
// Thread safety: free function.
#pragma once

#include <string>

namespace capstan::cli {

// $XDG_STATE_HOME/capstan, ~/.local/state/capstan, or /var/lib/capstan for a service without a
// home.
std::string default_data_dir();

}  // namespace capstan::cli
