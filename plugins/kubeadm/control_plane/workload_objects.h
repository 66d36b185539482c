// Objects of the workload cluster, read and written through the host.
//
// Thread safety: free functions on one call's ControlPlane.
#pragma once

#include <capstan/status.h>

#include <optional>
#include <string>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// Nothing where there is none. Errors: kUnavailable.
sdk::Expected<std::optional<Json>> get_workload_object(const ControlPlane& plane,
                                                       const std::string& path);

// `list`: the path of its kind. One of that name that is there already stays as it is.
sdk::Status create_workload_object(const ControlPlane& plane, const std::string& list,
                                   const Json& object);

// A merge patch of the object as it was read: kUnavailable where somebody has changed it since.
sdk::Status patch_workload_object(const ControlPlane& plane, const std::string& path,
                                  const Json& read, Json patch);

}  // namespace capstan::kubeadm
