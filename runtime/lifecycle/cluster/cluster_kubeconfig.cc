#include "runtime/lifecycle/cluster/cluster_kubeconfig.h"

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/system/tls.h"
#include "runtime/workload/kubeconfig.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kValidity = std::chrono::hours(24 * 365);
constexpr Duration kRenewBefore = kValidity / 2;

Result<std::string> value_of(const Object& secret, const char* name) {
  const std::string text = get_string(*secret.tree(), {"data", name});
  if (text.empty()) return Error::invalid(secret.key().text() + " has no data[" + name + "]");
  return base64_decode(text);
}

std::string server_of(const Json& endpoint) {
  const ServerAddress address{get_string(endpoint, {"host"}),
                              static_cast<int>(get_int(endpoint, {"port"})), ""};
  return "https://" + address.authority();
}

// What cannot be read was not written here.
bool needs_renewal(const Object& secret, const std::string& cluster_uid, Instant now) {
  if (!owned_by(secret.meta(), cluster_uid)) return false;
  const auto text = value_of(secret, "value");
  if (!text.ok()) return false;
  const auto config = parse_kubeconfig(*text);
  if (!config.ok()) return false;
  const auto end = certificate_expiry(config->certificate_pem);
  return end.ok() && *end - now < kRenewBefore;
}

Result<std::string> new_kubeconfig(const ClusterScope& scope, const Object& authority,
                                   Instant now) {
  const KeyPair ca{TRY(value_of(authority, "tls.crt")), TRY(value_of(authority, "tls.key"))};
  CertificateOptions options;
  options.common_name = "kubernetes-admin";
  options.organizations = {"system:masters"};
  options.client = true;
  options.validity = kValidity;
  const KeyPair client = TRY(issue_certificate(ca, options, now));
  return make_kubeconfig({.cluster = scope.draft.meta().name,
                          .server = server_of(*control_plane_endpoint(scope.draft.tree())),
                          .ca_pem = ca.certificate_pem,
                          .certificate_pem = client.certificate_pem,
                          .key_pem = client.key_pem});
}

}  // namespace

Result<void> ensure_kubeconfig(const ClusterScope& scope, const WatchCache& objects, Instant now,
                               Outcome& outcome) {
  if (scope.control_plane.defined || scope.topology) return {};
  if (!control_plane_endpoint(scope.draft.tree())) return {};
  const Metadata& meta = scope.draft.meta();
  const std::string name = meta.name + "-kubeconfig";
  const ObjectPtr present = objects.get({kSecret, meta.ns, name});
  if (present != nullptr && !needs_renewal(*present, meta.uid, now)) return {};
  const ObjectPtr authority = objects.get({kSecret, meta.ns, meta.name + "-ca"});
  if (authority == nullptr) return {};  // it wakes the Cluster
  auto text = new_kubeconfig(scope, *authority, now);
  if (!text.ok()) return std::move(text).error().with_context("making Secret \"" + name + "\"");
  const Json data = {{"value", base64_encode(*text)}};
  if (present != nullptr) {
    Change change{.op = Change::Op::kPatch, .key = present->key(), .body = {{"data", data}}};
    change.expected = present->meta().resource_version;
    outcome.changes.push_back(std::move(change));
    return {};
  }
  outcome.changes.push_back(creation(
      {{"apiVersion", "v1"},
       {"kind", "Secret"},
       {"metadata",
        {{"name", name},
         {"namespace", meta.ns},
         {"labels", {{kClusterNameLabel, meta.name}}},
         {"ownerReferences", owners_json({owner_reference(scope.draft.object(), false)})}}},
       {"type", "cluster.x-k8s.io/secret"},
       {"data", data}}));
  return {};
}

}  // namespace capstan::lifecycle
