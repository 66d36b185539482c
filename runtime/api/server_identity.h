// The certificates of the server, kept in its data folder: a certificate authority made at first
// start, the server's own certificate, and the administrator's, from which admin.kubeconfig comes.
// All files are the owner's alone (0600).
//
// Thread safety: free functions; not for two processes at once on one folder.
#pragma once

#include <string>
#include <vector>

#include "runtime/api/http_listener.h"
#include "runtime/system/tls.h"

namespace capstan {

// Whether it is an IPv4 or IPv6 address, and so no DNS name.
bool is_ip_address(const std::string& name);

struct ServerIdentity {
  std::string folder;
  KeyPair authority;
  KeyPair server;
  KeyPair admin;

  HttpTls tls() const { return {server, authority.certificate_pem}; }
};

// Reads FOLDER/pki/{ca,server,admin}.{crt,key}; makes what is absent, and issues anew what ends
// within 30 days or was made for other names. `names` are DNS names and addresses besides
// localhost, 127.0.0.1 and ::1.
// Errors: those of the file system; kInvalid where a file is no certificate.
Result<ServerIdentity> load_server_identity(const std::string& folder,
                                            const std::vector<std::string>& names, Clock& clock);

// A kubeconfig with everything embedded.
std::string make_kubeconfig(const std::string& cluster, const std::string& url,
                            const std::string& ca_pem, const std::string& user,
                            const KeyPair& certificate);

// Writes FOLDER/admin.kubeconfig and gives its path.
Result<std::string> write_admin_kubeconfig(const ServerIdentity& identity, const std::string& url);

}  // namespace capstan
