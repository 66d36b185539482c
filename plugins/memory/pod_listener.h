// The port of an etcd member behind a port-forward: TLS with a certificate of the cluster's etcd
// authority, which clients need too, and HTTP/1.1 inside, one request a connection.
//
// Thread safety: tunnels belong to the event loop; EtcdTls is immutable.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "runtime/api/http.h"
#include "runtime/base/json.h"
#include "runtime/system/tls.h"

namespace capstan::memory {

// One member's certificate and whom it believes.
class EtcdTls;
// Errors: kInvalid where the authority cannot be used.
Result<std::shared_ptr<EtcdTls>> make_etcd_tls(const KeyPair& authority, const std::string& node,
                                               Instant now);

// Called on the event loop with the path and the body of a POST.
using EtcdAnswer = std::function<std::pair<int, Json>(const std::string& path, const Json& body)>;
std::shared_ptr<HttpTunnel> make_etcd_tunnel(std::shared_ptr<EtcdTls> tls, EtcdAnswer answer);

}  // namespace capstan::memory
