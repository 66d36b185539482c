// Where the program is that runs one plugin: beside this one (a build tree), or in libexec.
//
// Thread safety: free function.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace capstan::isolation {

// Errors: kNotFound with the places that were looked at.
Result<std::string> plugin_host_program();

}  // namespace capstan::isolation
