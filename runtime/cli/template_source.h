// Where `generate cluster` finds a template: a file, standard input, a ConfigMap, clusterctl's
// local overrides, or a provider's plugin, which carries its templates in its manifest.
//
// Thread safety: free functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/cli/provider_name.h"

namespace capstan::cli {

// Directories with plugins, by where the program stands: beside a build tree's bin, or installed.
// $CAPSTAN_PLUGIN_PATH (colon separated) comes first.
std::vector<std::string> plugin_directories(const std::string& executable);

// "cluster-template.yaml", or "cluster-template-FLAVOR.yaml".
std::string template_file_name(const std::string& flavor);

// The text of a provider's template, of an installed plugin or one in the directories. Errors:
// kNotFound with the flavors that there are.
Result<std::string> provider_template(const ProviderName& provider, const std::string& flavor,
                                      const std::string& data_dir,
                                      const std::vector<std::string>& plugin_directories);

// A file, or standard input for "-". Errors: kNotFound, kInvalid for a URL.
Result<std::string> template_from(const std::string& location);

}  // namespace capstan::cli
