// What a plugin's process is made of: its file or folder and its library; for a folder also the SDK
// of its language, and the environment with its requirements, which may be beside the folder.
//
// Thread safety: a pure function of the file system.
#pragma once

#include <string>
#include <vector>

#include "runtime/plugin/plugin_file.h"

namespace capstan::isolation {

// Paths of files and folders; some may not be there.
std::vector<std::string> plugin_files(const PluginFile& file);

}  // namespace capstan::isolation
