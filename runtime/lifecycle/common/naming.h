// Names of generated objects.
//
// Thread safety: pure functions.
#pragma once

#include <map>
#include <string>

#include "runtime/base/random.h"
#include "runtime/base/result.h"

namespace capstan::lifecycle {

// Renders a naming template such as "{{ .cluster.name }}-{{ .machineSet.name }}-{{ .random }}":
// `values` has "cluster.name" and so on; "random" is added. A name of more than 63 characters is
// cut to 58 and gets the five random ones. Errors: kInvalid that names what is not known.
Result<std::string> render_name(const std::string& pattern,
                                const std::map<std::string, std::string>& values, Random& random);

// As label value: a name of more than 63 characters becomes a hash of it.
std::string label_value(const std::string& name);

}  // namespace capstan::lifecycle
