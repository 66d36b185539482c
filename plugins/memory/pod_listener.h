// A port of a control plane's pod behind a port-forward: TLS and HTTP/1.1 inside, one request a
// connection. etcd's members have a certificate of the cluster's etcd authority, which clients
// need too; API servers take anyone.
//
// Thread safety: tunnels belong to the event loop; PodTls is immutable.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "runtime/api/http.h"
#include "runtime/base/json.h"
#include "runtime/system/tls.h"

namespace capstan::memory {

// A pod's certificate, and whom it believes.
class PodTls;
// Errors: kInvalid where the authority cannot be used.
Result<std::shared_ptr<PodTls>> make_etcd_tls(const KeyPair& authority, const std::string& node,
                                              Instant now);
// Errors: kInvalid where the certificate cannot be used.
Result<std::shared_ptr<PodTls>> make_api_server_tls(const KeyPair& certificate);

// Called on the event loop with the path and the body of a request.
using PodAnswer = std::function<std::pair<int, Json>(const std::string& path, const Json& body)>;
std::shared_ptr<HttpTunnel> make_pod_tunnel(int port, std::shared_ptr<PodTls> tls,
                                            PodAnswer answer);

}  // namespace capstan::memory
