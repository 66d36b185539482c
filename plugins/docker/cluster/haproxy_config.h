// The load balancer's configuration, made from the control-plane machines behind it.
//
// Thread safety: functions of values.
#pragma once

#include <capstan/status.h>

#include <string>
#include <string_view>
#include <vector>

namespace capstan::docker {

inline constexpr int kApiServerPort = 6443;
inline constexpr const char* kHaproxyFolder = "/usr/local/etc/haproxy";
inline constexpr const char* kHaproxyFile = "haproxy.cfg";

struct Backend {
  std::string name = {};
  std::string address = {};
};

std::string haproxy_config(const std::vector<Backend>& backends);

// A configuration of the user's own with Cluster API's template variables: {{ range $server,
// $backend := .BackendServers }} ... {{ end }} with {{ $server }}, {{ $backend.Address }} and
// {{ JoinHostPort $backend.Address ... }}, and .FrontendControlPlanePort and
// .BackendControlPlanePort. Errors: kInvalid for anything else in double braces.
sdk::Expected<std::string> haproxy_config_from(std::string_view text,
                                               const std::vector<Backend>& backends);

}  // namespace capstan::docker
