// Exactly one machine runs `kubeadm init`: whoever holds the ConfigMap `<cluster>-lock`, in the
// form that Cluster API has it (data["lock-information"] = {"machineName": "..."}).
//
// Taking the lock is creating the ConfigMap, which only one can; who did is read back afterwards.
//
// Thread safety: free functions.
#pragma once

#include <capstan/json.h>
#include <capstan/reconcile.h>

#include <string>

namespace capstan::kubeadm {

using sdk::Json;

std::string lock_name(const std::string& cluster);

// The ConfigMap that takes the lock for a machine.
Json lock_object(const Json& cluster, const std::string& machine_name);

// The holder's name; "" where the lock's content cannot be read.
std::string lock_holder(const Json& config_map);

}  // namespace capstan::kubeadm
