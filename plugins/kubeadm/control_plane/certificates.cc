#include "plugins/kubeadm/control_plane/certificates.h"

#include <capstan/text.h>

#include <algorithm>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/bootstrap/yaml_text.h"
#include "plugins/kubeadm/certificate_pairs.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/secrets.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::find_at;
using sdk::string_at;

constexpr int64_t kRenewBeforeSeconds = 182LL * 24 * 3600;
constexpr int64_t kKubeconfigDays = 365;

PairsOf pairs_of(const ControlPlane& plane) {
  return {plane.host, plane.reply, plane.ns, plane.cluster_name, plane.config_spec()};
}

std::string kubeconfig_text(const ControlPlane& plane, const std::string& ca, const Json& client) {
  const std::string& cluster = plane.cluster_name;
  const std::string user = cluster + "-admin";
  return to_yaml(
      {{"apiVersion", "v1"},
       {"kind", "Config"},
       {"clusters", Json::array({{{"name", cluster},
                                  {"cluster",
                                   {{"server", "https://" + control_plane_endpoint(plane.cluster)},
                                    {"certificate-authority-data", sdk::base64_encode(ca)}}}}})},
       {"users",
        Json::array(
            {{{"name", user},
              {"user",
               {{"client-certificate-data", sdk::base64_encode(string_at(client, "certificate"))},
                {"client-key-data", sdk::base64_encode(string_at(client, "key"))}}}}})},
       {"contexts", Json::array({{{"name", user + "@" + cluster},
                                  {"context", {{"cluster", cluster}, {"user", user}}}}})},
       {"current-context", user + "@" + cluster},
       {"preferences", Json::object()}});
}

// The client certificate inside of a kubeconfig that this code wrote; "" where it is another's.
std::string client_certificate(const std::string& kubeconfig) {
  constexpr std::string_view kField = "client-certificate-data: \"";
  const size_t start = kubeconfig.find(kField);
  if (start == std::string::npos) return "";
  const size_t begin = start + kField.size();
  const size_t end = kubeconfig.find('"', begin);
  if (end == std::string::npos) return "";
  return sdk::base64_decode(kubeconfig.substr(begin, end - begin));
}

bool owned_by_plane(const ControlPlane& plane, const Json& secret) {
  const Json* owners = find_at(secret, "metadata/ownerReferences");
  return owners != nullptr && owners->is_array() &&
         std::any_of(owners->begin(), owners->end(), [&](const Json& owner) {
           return string_at(owner, "uid") == plane.request.uid();
         });
}

// A user's own kubeconfig is left alone.
Expected<bool> needs_renewal(const ControlPlane& plane, const Json& secret) {
  if (!owned_by_plane(plane, secret)) return false;
  const std::string certificate = client_certificate(CAPSTAN_TRY(secret_value(secret, "value")));
  if (certificate.empty()) return false;
  const Json inspected =
      CAPSTAN_TRY(plane.host.pki().run({{"op", "inspect"}, {"certificate", certificate}}));
  const std::optional<int64_t> end = unix_seconds(string_at(inspected, "notAfter"));
  return end && *end - plane.host.clock().unix_nanos() / 1'000'000'000 < kRenewBeforeSeconds;
}

}  // namespace

Expected<bool> ensure_certificates(ControlPlane& plane) {
  const PairsOf pairs = pairs_of(plane);
  for (const std::string purpose : kCertificatePurposes) {
    const bool is_given = purpose == "etcd" && !plane.stacked_etcd();
    if (!plane.initialized && !is_given) continue;
    if ((CAPSTAN_TRY(stored_pair(pairs, purpose))).has_value()) continue;
    const std::string name = secret_name(plane.cluster_name, purpose);
    if (plane.initialized) {
      return Error::failed_precondition(
          "Secret \"" + name +
          "\" is gone though the control plane is initialized; restore it "
          "from a backup, since the cluster trusts only what it held");
    }
    return Error::failed_precondition("the etcd cluster is external: create Secret \"" + name +
                                      "\" with its CA in tls.crt");
  }
  return plane.initialized || CAPSTAN_TRY(create_missing_pairs(pairs));
}

Expected<bool> ensure_kubeconfig(ControlPlane& plane) {
  const std::optional<Json> present = CAPSTAN_TRY(stored_pair(pairs_of(plane), "kubeconfig"));
  if (present && !CAPSTAN_TRY(needs_renewal(plane, *present))) return true;
  const std::optional<Json> ca = CAPSTAN_TRY(stored_pair(pairs_of(plane), "ca"));
  if (!ca) return Error::unavailable("Secret \"" + plane.cluster_name + "-ca\" does not exist yet");
  const std::string ca_pem = CAPSTAN_TRY(secret_value(*ca, "tls.crt"));
  const Json client =
      CAPSTAN_TRY(plane.host.pki().run({{"op", "issue"},
                                        {"caCertificate", ca_pem},
                                        {"caKey", CAPSTAN_TRY(secret_value(*ca, "tls.key"))},
                                        {"algorithm", key_algorithm(plane.config_spec())},
                                        {"commonName", "kubernetes-admin"},
                                        {"organizations", {"system:masters"}},
                                        {"usages", {"client"}},
                                        {"days", kKubeconfigDays}}));
  Json secret = make_secret(plane.ns, secret_name(plane.cluster_name, "kubeconfig"),
                            plane.cluster_name, {{"value", kubeconfig_text(plane, ca_pem, client)}},
                            plane.reply.owner_reference());
  if (present) {
    plane.reply.patch_other({"v1", "Secret", plane.ns, string_at(secret, "metadata/name")},
                            {{"data", secret["data"]}});
  } else {
    plane.reply.create(std::move(secret));
  }
  return present.has_value();
}

}  // namespace capstan::kubeadm
