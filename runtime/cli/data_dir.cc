#include "runtime/cli/data_dir.h"

#include <cstdlib>

namespace capstan::cli {

std::string default_data_dir() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
    return std::string(state) + "/capstan";
  }
  const char* home = std::getenv("HOME");
  return home == nullptr || *home == '\0' ? "/var/lib/capstan"
                                          : std::string(home) + "/.local/state/capstan";
}

}  // namespace capstan::cli
