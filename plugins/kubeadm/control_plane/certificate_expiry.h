// When the certificates of control plane machines end: the API server of each is asked for its own,
// once, and the date is kept as an annotation of the machine's KubeadmConfig. The Machine shows it
// in status.certificatesExpiryDate.
//
// kubeadm makes all certificates of a machine at once, so that of the API server stands for all.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Asks what is not known yet. A machine whose API server does not answer is asked the next time.
void note_certificate_expiry(ControlPlane& plane);

// Whether spec.rollout.before says that the machine is to be replaced by now.
bool certificates_end_soon(const ControlPlane& plane, const ControlPlaneMachine& machine);

}  // namespace capstan::kubeadm
