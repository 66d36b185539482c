// A plugin that is a folder: a plugin.yaml, kind files, templates and code in another language than
// C or C++. What is loaded is the library that runs plugins of that language
// (LIB/capstan/languages/capstan_LANGUAGE.so, ext/folder.h); everything else of the host sees a
// plugin like any other.
//
// The manifest is made of the folder's files by the SDK's capstan-manifest, as that of a library is
// at its build. It is kept in the folder's manifest.json; where that is missing or older than what
// it is made of, the tool is run.
//
// Thread safety: pure functions but for the tool's process.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/plugin/plugin_file.h"

namespace capstan {

// Whether the path is a folder with a plugin.yaml.
bool is_plugin_folder(const std::string& path);

// Errors: what is wrong and what to do, with the path.
Result<PluginFile> read_plugin_folder(const std::string& path);

}  // namespace capstan
