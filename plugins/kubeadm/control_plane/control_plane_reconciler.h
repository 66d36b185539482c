// KubeadmControlPlane: certificates, kubeconfig, and the machines of a control plane with stacked
// or external etcd.
//
// Thread safety: reconcile() from many threads for different objects.
#pragma once

#include <capstan/admission.h>
#include <capstan/host.h>
#include <capstan/reconcile.h>
#include <capstan/status.h>

#include <string>

#include "plugins/kubeadm/control_plane/addons.h"

namespace capstan::kubeadm {

class ControlPlaneReconciler {
 public:
  explicit ControlPlaneReconciler(const sdk::Host& host) : host_(host) {}
  std::string kind() const { return "KubeadmControlPlane"; }
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call);

 private:
  sdk::Status normal(ControlPlane& plane);
  sdk::Status prepare(ControlPlane& plane, bool& ready);
  sdk::Status remove(ControlPlane& plane);

  const sdk::Host& host_;
  Addons addons_;
};

// Defaults and checks of KubeadmControlPlanes beyond the schema.
sdk::Status admit_control_plane(sdk::Admission& admission);

}  // namespace capstan::kubeadm
