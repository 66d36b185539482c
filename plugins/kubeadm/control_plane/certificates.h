// The cluster's certificate authorities and the kubeconfig that Capstan itself and its users reach
// the cluster with, kept in Secrets. Authorities are made once and never again: a missing one after
// the control plane is initialized is an error, since every node trusts the old one.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include <optional>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// What is still missing is made with the reply; true where all of them are stored.
sdk::Expected<bool> ensure_certificates(ControlPlane& plane);

// The same for `<cluster>-kubeconfig`, which is renewed half a year before it expires.
// Precondition: the Cluster's endpoint is set, the certificates are stored.
sdk::Expected<bool> ensure_kubeconfig(ControlPlane& plane);

}  // namespace capstan::kubeadm
