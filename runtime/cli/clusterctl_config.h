// Variables of templates that are not given by flags: the environment, then clusterctl's config
// file
// ($XDG_CONFIG_HOME/cluster-api/clusterctl.yaml, or ~/.config/cluster-api/clusterctl.yaml), whose
// top-level scalars are variables.
//
// Thread safety: const members from any thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "runtime/base/result.h"

namespace capstan::cli {

class ClusterctlConfig {
 public:
  // "": the default place, which may be absent. Errors: kNotFound for a named file that is absent,
  // kInvalid for malformed YAML.
  static Result<ClusterctlConfig> load(const std::string& path);

  std::optional<std::string> variable(const std::string& name) const;  // from the file
  std::optional<std::string> lookup(const std::string& name) const;    // environment, then the file

 private:
  std::map<std::string, std::string> variables_;
};

}  // namespace capstan::cli
