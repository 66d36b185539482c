#include "plugins/kubeadm/control_plane/certificate_expiry.h"

#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/secrets.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::string_at;

constexpr int64_t kDefaultPort = 6443;
constexpr int kTimeoutMs = 5000;
constexpr int64_t kSecondsADay = 24 * 3600;

int64_t api_server_port(const Json& config) {
  for (const char* path : {"spec/initConfiguration/localAPIEndpoint/bindPort",
                           "spec/joinConfiguration/controlPlane/localAPIEndpoint/bindPort"}) {
    const int64_t port = sdk::int_at(config, path);
    if (port != 0) return port;
  }
  return kDefaultPort;
}

Expected<std::string> expiry_of(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const Json authority = CAPSTAN_TRY(
      plane.host.objects().get("v1", "Secret", plane.ns, secret_name(plane.cluster_name, "ca")));
  // Any status is an answer: the certificate is shown before it.
  const sdk::HttpAnswer answer = CAPSTAN_TRY(
      plane.host.workload().pod_request(plane.ns, plane.cluster_name,
                                        {{"method", "GET"},
                                         {"path", "/livez"},
                                         {"timeoutMs", kTimeoutMs},
                                         {"podNamespace", "kube-system"},
                                         {"pod", "kube-apiserver-" + machine.node()},
                                         {"port", api_server_port(*machine.config)},
                                         {"serverName", "kubernetes"},
                                         {"ca", CAPSTAN_TRY(secret_value(authority, "tls.crt"))},
                                         {"peerCertificate", true}}));
  const Json inspected = CAPSTAN_TRY(
      plane.host.pki().run({{"op", "inspect"}, {"certificate", answer.peer_certificate}}));
  const std::string end = string_at(inspected, "notAfter");
  if (!unix_seconds(end)) return Error::unavailable("the API server's certificate has no end");
  return end;
}

}  // namespace

void note_certificate_expiry(ControlPlane& plane) {
  if (!plane.initialized) return;
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting() || machine.node().empty() || machine.config == nullptr) continue;
    if (machine.health.api_server.status != "True") continue;
    if (sdk::has_annotation(*machine.config, kCertificatesExpiry)) continue;
    const Expected<std::string> end = expiry_of(plane, machine);
    if (!end.ok()) {
      plane.host.log().debug("the end of the certificates of Machine " + machine.name() +
                             " is not known: " + end.error().summary);
      continue;
    }
    plane.reply.patch_other(
        {kBootstrapApi, "KubeadmConfig", plane.ns, string_at(*machine.config, "metadata/name"),
         string_at(*machine.config, "metadata/uid")},
        {{"metadata", {{"annotations", {{kCertificatesExpiry, *end}}}}}});
  }
}

bool certificates_end_soon(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const int64_t days = sdk::int_at(plane.object, "spec/rollout/before/certificatesExpiryDays");
  if (days <= 0) return false;
  const auto end = unix_seconds(string_at(*machine.machine, "status/certificatesExpiryDate"));
  const auto now = unix_seconds(plane.request.now());
  return end && now && *end - *now < days * kSecondsADay;
}

}  // namespace capstan::kubeadm
