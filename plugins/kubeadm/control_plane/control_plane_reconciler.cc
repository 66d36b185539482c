#include "plugins/kubeadm/control_plane/control_plane_reconciler.h"

#include <capstan/provider.h>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/control_plane/adoption.h"
#include "plugins/kubeadm/control_plane/certificate_expiry.h"
#include "plugins/kubeadm/control_plane/certificates.h"
#include "plugins/kubeadm/control_plane/control_plane.h"
#include "plugins/kubeadm/control_plane/etcd_members.h"
#include "plugins/kubeadm/control_plane/health.h"
#include "plugins/kubeadm/control_plane/machines.h"
#include "plugins/kubeadm/control_plane/old_status.h"
#include "plugins/kubeadm/control_plane/remediation.h"
#include "plugins/kubeadm/control_plane/scale.h"
#include "plugins/kubeadm/control_plane/status.h"
#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::Status;
using sdk::string_at;

constexpr const char* kFinalizer = "kubeadm.controlplane.cluster.x-k8s.io";

// Workload clusters tell of changed Nodes by a watch; pods and etcd are looked at again after a
// while: soon while something is not as it should be.
constexpr std::chrono::seconds kUnhealthyRecheck{2};

bool all_healthy(const ControlPlane& plane) {
  return plane.initialized && why_not_stable(plane).empty();
}

}  // namespace

Status ControlPlaneReconciler::reconcile(const sdk::Request& request, sdk::Reply& reply,
                                         const sdk::Call& call) {
  if (request.cluster() == nullptr) return {};  // the Cluster adopts it, which wakes it
  if (sdk::detail::paused(request, reply)) return {};
  ControlPlane plane(host_, request, reply, call);
  if (request.deleting()) return remove(plane);
  if (!sdk::detail::finalizer_is_stored(request, reply, kFinalizer)) return {};
  if (plane.foreign_machines > 0) {
    return sdk::detail::failed(
        reply,
        Error::failed_precondition("the Cluster has control plane Machines that this "
                                   "KubeadmControlPlane does not own"),
        "MixedManagement");
  }
  if (!plane.adoptable.empty()) {
    Status adopted = adopt_machines(plane);
    if (adopted.ok()) return {};  // their change wakes it
    return sdk::detail::failed(reply, adopted.error(), "AdoptionFailed");
  }
  judge_machines(plane);
  Status result = normal(plane);
  if (plane.given_up()) return Error::cancelled("the look at the control plane was given up");
  write_status(plane);
  write_old_status(plane, result);
  if (!plane.machines.empty()) {
    reply.requeue_after(all_healthy(plane) ? kHealthyRecheck : kUnhealthyRecheck);
  }
  return result;
}

// Certificates, endpoint and kubeconfig: what has to be there before any machine.
Status ControlPlaneReconciler::prepare(ControlPlane& plane, bool& ready) {
  ready = false;
  if (!sdk::infrastructure_provisioned(plane.cluster)) return {};
  const Expected<bool> certificates = ensure_certificates(plane);
  if (!certificates.ok()) {
    plane.reply.condition(
        {"CertificatesAvailable", "False", "InternalError", certificates.error().summary});
    return certificates.error();
  }
  if (!*certificates) {
    plane.reply.requeue_after(sdk::Milliseconds(1));  // they are stored with this reply
    return {};
  }
  plane.reply.condition({"CertificatesAvailable", "True", "Available", ""});
  if (control_plane_endpoint(plane.cluster).empty()) return {};
  if (!CAPSTAN_TRY(ensure_kubeconfig(plane))) plane.reply.requeue_after(sdk::Milliseconds(1));
  ready = true;
  return {};
}

Status ControlPlaneReconciler::normal(ControlPlane& plane) {
  adopt_template(plane);
  bool ready = false;
  CAPSTAN_TRY(prepare(plane, ready));
  if (!ready) return {};
  if (!plane.initialized && !plane.machines.empty()) plane.initialized = is_initialized(plane);
  propagate_in_place(plane);
  check_health(plane);
  if (plane.given_up()) return {};
  note_certificate_expiry(plane);
  Expected<bool> removed = remove_stray_member(plane);
  if (removed.ok() && *removed) return {};  // etcd is another one now, and looked at again
  // Whatever keeps one machine from going, the others are repaired.
  Status finished = finish_deletions(plane);
  if (!CAPSTAN_TRY(remediate(plane))) {
    CAPSTAN_TRY(scale(plane));
    CAPSTAN_TRY(addons_.update(plane));
  }
  return removed.ok() ? finished : std::move(removed).error();
}

Status ControlPlaneReconciler::remove(ControlPlane& plane) {
  judge_machines(plane);
  if (plane.machines.empty()) {
    addons_.forget(plane.request.uid());
    plane.reply.remove_finalizer(kFinalizer);
    return {};
  }
  write_status(plane);
  write_old_status(plane, {});
  if (plane.worker_machines > 0) {
    plane.reply.condition(
        {"Deleting", "True", "WaitingForWorkersDeletion",
         std::to_string(plane.worker_machines) + " worker Machine(s) are still there"});
    return {};
  }
  for (const ControlPlaneMachine& machine : plane.machines) {
    // The whole etcd goes: nobody has to leave it in good order.
    if (sdk::has_annotation(*machine.machine, kCleanupHook)) {
      plane.reply.patch_other({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()},
                              {{"metadata", {{"annotations", {{kCleanupHook, nullptr}}}}}});
    }
    if (!machine.deleting()) {
      plane.reply.remove({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()});
    }
  }
  return {};
}

Status admit_control_plane(sdk::Admission& admission) {
  const Json& object = admission.object();
  const int64_t replicas = sdk::int_at(object, "spec/replicas", 1);
  if (sdk::find_at(object, "spec/replicas") == nullptr)
    admission.defaults()["spec"]["replicas"] = 1;
  if (replicas < 1) {
    return Error::invalid("must be at least 1: a control plane cannot be empty", "/spec/replicas");
  }
  const bool external =
      sdk::find_at(object, "spec/kubeadmConfigSpec/clusterConfiguration/etcd/external") != nullptr;
  if (!external && replicas % 2 == 0) {
    return Error::invalid("must be odd with a stacked etcd, which needs a majority",
                          "/spec/replicas");
  }
  std::string version = string_at(object, "spec/version");
  if (!version.empty() && version.front() != 'v') {
    version.insert(0, "v");
    admission.defaults()["spec"]["version"] = version;
  }
  if (const Expected<Version> parsed = Version::parse(version); !parsed.ok()) {
    return Error::invalid(parsed.error().summary, "/spec/version");
  }
  const Json* surge = sdk::find_at(object, "spec/rollout/strategy/rollingUpdate/maxSurge");
  if (surge == nullptr) {
    admission.defaults()["spec"]["rollout"]["strategy"] = {{"type", "RollingUpdate"},
                                                           {"rollingUpdate", {{"maxSurge", 1}}}};
    return {};
  }
  const std::string text = surge->is_string() ? surge->get<std::string>() : surge->dump();
  if (text != "0" && text != "1") {
    return Error::invalid("must be 0 or 1", "/spec/rollout/strategy/rollingUpdate/maxSurge");
  }
  if (text == "0" && replicas < 3) {
    return Error::invalid("0 needs at least 3 replicas",
                          "/spec/rollout/strategy/rollingUpdate/maxSurge");
  }
  return {};
}

}  // namespace capstan::kubeadm
