// JSON values as block YAML that people can read: multi-line text as literal blocks, keys in order.
// What is written is read back equal by any YAML 1.1 or 1.2 parser: text that could be taken for
// something else is quoted.
//
// Thread safety: free functions.
#pragma once

#include <capstan/json.h>

#include <string>

namespace capstan::kubeadm {

using sdk::Json;

// Ends in a newline. `indent` blanks stand before each line.
std::string to_yaml(const Json& value, int indent = 0);

}  // namespace capstan::kubeadm
