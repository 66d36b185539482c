// The part of Jinja that user data made for Cluster API uses: {{ ds.meta_data.local_hostname }} and
// other names of the instance's data, comments, and {% raw %} blocks.
//
// Thread safety: functions of values.
#pragma once

#include <capstan/status.h>

#include <map>
#include <string>
#include <string_view>

namespace capstan::docker {

using sdk::Expected;

// Values by dotted name: {"ds.meta_data.local_hostname", "worker-1"}.
using JinjaVariables = std::map<std::string, std::string, std::less<>>;

// True where the text's first line is cloud-init's "## template: jinja".
bool is_jinja_template(std::string_view text);

// As cloud-init does, an unknown variable x.y becomes CI_MISSING_JINJA_VAR/y. Errors: kInvalid for
// statements and filters.
Expected<std::string> render_jinja(std::string_view text, const JinjaVariables& variables);

}  // namespace capstan::docker
