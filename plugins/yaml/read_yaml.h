// YAML as JSON values, with the types that plain scalars have in YAML: what user data and kubeadm's
// configuration are read with, by plugins. JSON is YAML too, so what is changed may be written back
// as JSON.
//
// Thread safety: functions of values.
//
// Example:
//   const std::vector<Json> documents = CAPSTAN_TRY(yaml::parse_yaml(text));
#pragma once

#include <capstan/json.h>

#include <string>
#include <string_view>
#include <vector>

namespace capstan::yaml {

using sdk::Expected;
using sdk::Json;

// All documents of a stream; empty ones are left out. Numbers with a leading zero (file modes) stay
// text. Errors: kInvalid with the line.
Expected<std::vector<Json>> parse_yaml(std::string_view text);

}  // namespace capstan::yaml
