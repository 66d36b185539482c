// The Kubernetes objects that a pretended cluster has: what kubeadm and the kubelet would have
// written.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan::memory {

// A machine as its node and its static pods show it.
struct PretendedMachine {
  std::string name;  // of the node
  std::string uid;   // the DevMachine's
  std::string version;
  std::string address;
  std::string provider_id;
  bool control_plane = false;
};

// Repeatable: the same text gives the same uid.
std::string uid_of(const std::string& text);

Json node_object(const PretendedMachine& machine, Instant since);
// `component` is kube-apiserver, kube-controller-manager, kube-scheduler or etcd.
Json static_pod_object(const PretendedMachine& machine, const std::string& component,
                       Instant since);
std::vector<Json> namespace_objects(const std::string& cluster_uid, Instant since);

// What `kubeadm init` leaves: kubeadm-config, cluster-info, kube-proxy, CoreDNS and the bootstrap
// roles.
struct KubeadmInit {
  std::string cluster_name;
  std::string cluster_uid;
  std::string version;
  std::string endpoint;  // "127.8.3.4:20000"
  std::string ca_pem;
  Instant since;
};
std::vector<Json> kubeadm_objects(const KubeadmInit& init);

}  // namespace capstan::memory
