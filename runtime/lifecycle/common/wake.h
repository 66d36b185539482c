// Which objects a change wakes: the map functions of WatchRules.
//
// Thread safety: pure functions; called for every event, so they look at metadata first.
#pragma once

#include <string>
#include <vector>

#include "runtime/store/watch_cache.h"

namespace capstan::lifecycle {

using Keys = std::vector<ObjectKey>;

// The Cluster that the object's cluster-name label names.
Keys wake_cluster_of_label(const StoreEvent& event, const WatchCache& objects);
// Of the Secret `<cluster>-kubeconfig`: the Cluster, or its Machines.
Keys wake_cluster_of_kubeconfig(const StoreEvent& event, const WatchCache& objects);
Keys wake_machines_of_kubeconfig(const StoreEvent& event, const WatchCache& objects);
// Of a new Secret `<cluster>-ca`: the Cluster.
Keys wake_cluster_of_authority(const StoreEvent& event, const WatchCache& objects);
// Of a provider's object: the Clusters (Machines) that own it or, where it is new and owned by
// nobody, that refer to it.
Keys wake_clusters_that_refer(const StoreEvent& event, const WatchCache& objects);
Keys wake_machines_that_refer(const StoreEvent& event, const WatchCache& objects);
// Of any object: what refers to it (references.h) and is of the kind.
Keys wake_referring(const GroupKind& kind, const StoreEvent& event, const WatchCache& objects);
// Of a Cluster: its objects of a kind, where something changed that they wait for: it is new,
// paused, provisioned, initialized, deleted.
bool wake_matters(const StoreEvent& event);
Keys wake_of_cluster(const GroupKind& kind, const StoreEvent& event, const WatchCache& objects);
// Of a Cluster's control plane object: the cluster's objects of a kind, where its versions changed.
Keys wake_of_control_plane(const GroupKind& kind, const StoreEvent& event,
                           const WatchCache& objects);
// Of any object: its controller, where that is of the kind.
Keys wake_controller(const GroupKind& kind, const StoreEvent& event);

// All objects of a kind with the cluster's name as label.
Keys keys_of_cluster(const GroupKind& kind, const std::string& ns, const std::string& cluster,
                     const WatchCache& objects);

}  // namespace capstan::lifecycle
