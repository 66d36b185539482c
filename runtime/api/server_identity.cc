#include "runtime/api/server_identity.h"

#include <arpa/inet.h>

#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/system/file.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr unsigned kPrivate = 0600;
constexpr auto kRenewBefore = std::chrono::hours(24 * 30);

Result<void> write_pair(const std::string& base, const KeyPair& pair) {
  TRY(write_file(base + ".key", pair.key_pem, kPrivate));
  return write_file(base + ".crt", pair.certificate_pem, kPrivate);
}

Result<KeyPair> read_pair(const std::string& base) {
  return KeyPair{TRY(read_file(base + ".crt")), TRY(read_file(base + ".key"))};
}

Result<KeyPair> load_authority(const std::string& base, Clock& clock) {
  if (file_exists(base + ".crt")) return read_pair(base);
  KeyPair authority = TRY(make_certificate_authority("capstan-ca", {}, clock.now()));
  TRY(write_pair(base, authority));
  return authority;
}

// `purpose` tells for what names a certificate was made; it is kept beside it.
Result<KeyPair> load_leaf(const std::string& base, const KeyPair& authority,
                          const CertificateOptions& options, const std::string& purpose,
                          Clock& clock) {
  const auto kept = file_exists(base + ".for") ? read_file(base + ".for") : Result<std::string>("");
  if (kept.ok() && *kept == purpose) {
    const auto pair = read_pair(base);
    const auto expiry =
        pair.ok() ? certificate_expiry(pair->certificate_pem) : Result<Instant>(pair.error());
    if (expiry.ok() && *expiry > clock.now() + kRenewBefore) return pair;
  }
  KeyPair issued = TRY(issue_certificate(authority, options, clock.now()));
  TRY(write_pair(base, issued));
  TRY(write_file(base + ".for", purpose, kPrivate));
  return issued;
}

CertificateOptions server_options(const std::vector<std::string>& names) {
  CertificateOptions options;
  options.common_name = "capstan-server";  // not the authority's: the name would look self-signed
  options.server = true;
  options.dns_names = {"localhost"};
  options.ip_addresses = {"127.0.0.1", "::1"};
  for (const std::string& name : names) {
    auto& list = is_ip_address(name) ? options.ip_addresses : options.dns_names;
    if (std::find(list.begin(), list.end(), name) == list.end()) list.push_back(name);
  }
  return options;
}

}  // namespace

bool is_ip_address(const std::string& name) {
  unsigned char buffer[16];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 ||
         inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

Result<ServerIdentity> load_server_identity(const std::string& folder,
                                            const std::vector<std::string>& names, Clock& clock) {
  const std::string pki = folder + "/pki";
  TRY(make_folder(folder, 0700));
  TRY(make_folder(pki, 0700));
  ServerIdentity identity;
  identity.folder = folder;
  identity.authority = TRY(load_authority(pki + "/ca", clock));
  const std::string ca = hex_encode(sha256(identity.authority.certificate_pem)).substr(0, 16);
  const CertificateOptions server = server_options(names);
  identity.server = TRY(load_leaf(
      pki + "/server", identity.authority, server,
      ca + " " + join(server.dns_names, ",") + " " + join(server.ip_addresses, ","), clock));
  CertificateOptions admin;
  admin.common_name = "admin";
  admin.organizations = {"system:masters"};
  admin.client = true;
  identity.admin = TRY(load_leaf(pki + "/admin", identity.authority, admin, ca, clock));
  return identity;
}

std::string make_kubeconfig(const std::string& cluster, const std::string& url,
                            const std::string& ca_pem, const std::string& user,
                            const KeyPair& certificate) {
  const std::string context = user + "@" + cluster;
  const Json config = {
      {"apiVersion", "v1"},
      {"kind", "Config"},
      {"clusters",
       {{{"name", cluster},
         {"cluster", {{"server", url}, {"certificate-authority-data", base64_encode(ca_pem)}}}}}},
      {"users",
       {{{"name", user},
         {"user",
          {{"client-certificate-data", base64_encode(certificate.certificate_pem)},
           {"client-key-data", base64_encode(certificate.key_pem)}}}}}},
      {"contexts", {{{"name", context}, {"context", {{"cluster", cluster}, {"user", user}}}}}},
      {"current-context", context}};
  return dump_yaml(config);
}

Result<std::string> write_admin_kubeconfig(const ServerIdentity& identity, const std::string& url) {
  const std::string path = identity.folder + "/admin.kubeconfig";
  TRY(write_file(
      path,
      make_kubeconfig("capstan", url, identity.authority.certificate_pem, "admin", identity.admin),
      kPrivate));
  return path;
}

}  // namespace capstan
