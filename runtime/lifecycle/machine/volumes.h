// Which volumes are attached to a Node, as Kubernetes' objects tell it.
//
// Thread safety: pure functions.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "runtime/base/json.h"

namespace capstan::lifecycle {

// status.volumesAttached of a Node: "kubernetes.io/csi/DRIVER^HANDLE".
std::set<std::string> volumes_in_use(const Json& node);
// Names of the PersistentVolumes that a VolumeAttachmentList attaches to the Node.
std::set<std::string> attached_volumes(const Json& attachments, const std::string& node_name);
// API paths of a pod's PersistentVolumeClaims.
std::vector<std::string> claims_of(const Json& pod);
// What a PersistentVolume of a CSI driver is called in status.volumesAttached; "" for others.
std::string attached_name(const Json& persistent_volume);

}  // namespace capstan::lifecycle
