// The kubeadm provider: bootstrap (KubeadmConfig) and control plane (KubeadmControlPlane).
#include <capstan/plugin.h>

#include "plugins/kubeadm/bootstrap/config_reconciler.h"
#include "plugins/kubeadm/control_plane/control_plane_reconciler.h"

namespace capstan::kubeadm {

class KubeadmPlugin {
 public:
  explicit KubeadmPlugin(sdk::Host& host) : configs_(host), control_planes_(host) {}

  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call) {
    return sdk::dispatch(request, reply, call, configs_, control_planes_);
  }

  sdk::Status admit(sdk::Admission& admission) {
    return admission.kind() == "KubeadmControlPlane" ? admit_control_plane(admission)
                                                     : sdk::Status();
  }

 private:
  ConfigReconciler configs_;
  ControlPlaneReconciler control_planes_;
};

}  // namespace capstan::kubeadm

CAPSTAN_PLUGIN(capstan::kubeadm::KubeadmPlugin)
