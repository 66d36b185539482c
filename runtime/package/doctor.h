// Looks at the host and at everything that is installed, and says what to do about what is amiss.
// Changes nothing and runs no plugin's code.
//
// Thread safety: free function.
#pragma once

#include <string>
#include <vector>

#include "runtime/package/plugin_store.h"
#include "runtime/trust/trust_policy.h"

namespace capstan {

enum class Health { kGood, kWarning, kBad };

struct CheckUp {
  Health health = Health::kGood;
  std::string subject;  // "host", "trust", "plugin acme 1.2.0", ...
  std::string message;
  std::string remedy;  // "" where nothing is to be done
};

struct DoctorOptions {
  std::string data_dir;
  std::vector<std::string> plugin_directories;
  TrustConfig trust;
};

std::vector<CheckUp> examine(const DoctorOptions& options, Instant now);

}  // namespace capstan
