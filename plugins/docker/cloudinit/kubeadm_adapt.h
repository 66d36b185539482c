// What kubeadm needs to be told in a container: no conntrack limits (the kernel's are read-only in
// a container's network namespace), no preflight checks of the host, and the machine's providerID
// for its Node.
//
// Thread safety: functions of values.
#pragma once

#include <string>

#include "plugins/docker/cloudinit/user_data.h"

namespace capstan::docker {

// Changes kubeadm's configuration files and commands in place; repeating it changes nothing. What
// the user set stays.
void adapt_kubeadm(const std::string& provider_id, UserData& data);

}  // namespace capstan::docker
