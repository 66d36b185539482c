// Kubeconfigs: what the Secret `<cluster>-kubeconfig` holds under `value`.
//
// A kubeconfig that comes out of a Secret is somebody else's text, so only what it embeds is used:
// one that names files, commands, auth providers or a proxy is refused, never followed.
//
// Thread safety: values and pure functions.
//
// Example:
//   const std::string yaml = make_kubeconfig({.cluster = "demo",
//                                             .server = "https://10.0.0.1:6443",
//                                             .ca_pem = ca, .certificate_pem = crt,
//                                             .key_pem = key});
//   const Kubeconfig config = TRY(parse_kubeconfig(yaml));  // config.context == "demo-admin@demo"
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

// Where an API server is. Only https.
struct ServerAddress {
  std::string host;  // name or IP address, without brackets
  int port = 443;
  std::string base_path;  // "" or "/k8s/clusters/c-1", put before every path

  // "10.0.0.1:6443", "[::1]:6443": for logs, errors and the Host header.
  std::string authority() const;
};

// Errors: kInvalid for anything but https://HOST[:PORT][/PATH].
Result<ServerAddress> parse_server_address(std::string_view url);

// The current context of a kubeconfig with its cluster and user.
struct Kubeconfig {
  std::string context;
  std::string cluster;
  std::string user;
  std::string server;  // as written
  ServerAddress address;
  std::string ca_pem;           // "": the system's authorities
  std::string tls_server_name;  // "": the host
  bool insecure_skip_tls_verify = false;
  std::string certificate_pem;  // client certificate and key, or
  std::string key_pem;
  std::string token;  // bearer token
};

// Errors: kInvalid, saying which field is wrong and what was expected.
Result<Kubeconfig> parse_kubeconfig(std::string_view yaml);

struct KubeconfigRequest {
  std::string cluster;
  std::string server;  // "https://host:port"
  std::string ca_pem;
  std::string certificate_pem;
  std::string key_pem;
};

// Cluster API's form: cluster `<cluster>`, user `<cluster>-admin`, context
// `<cluster>-admin@<cluster>`.
std::string make_kubeconfig(const KubeconfigRequest& request);

}  // namespace capstan
