// KubeadmConfig: makes the user data that a Machine boots with.
//
// The first control plane machine (the holder of the init lock) gets `kubeadm init`, all others
// wait until the control plane is initialized and get `kubeadm join`. The user data is a function
// of what is stored, but for the join token, which is kept in the config's spec.
//
// Thread safety: reconcile() from many threads for different objects.
#pragma once

#include <capstan/host.h>
#include <capstan/reconcile.h>
#include <capstan/status.h>

#include <string>
#include <vector>

#include "plugins/kubeadm/bootstrap/cloud_config.h"

namespace capstan::kubeadm {

class ConfigReconciler {
 public:
  explicit ConfigReconciler(const sdk::Host& host) : host_(host) {}
  std::string kind() const { return "KubeadmConfig"; }
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call);

 private:
  struct Context;  // one call

  sdk::Status make_data(Context& context);
  sdk::Status first_time(Context& context);
  sdk::Status refresh_token(Context& context);
  sdk::Status init(Context& context);
  sdk::Status join(Context& context, Join how);
  sdk::Status fill_discovery(Context& context, Json& spec);
  sdk::Status write_data(Context& context, const Json& spec, Join how, std::string document);
  sdk::Expected<std::vector<MachineFile>> certificate_files(const Context& context) const;
  std::string control_plane_version(const Context& context) const;
  sdk::Expected<std::vector<MachineFile>> spec_files(const Context& context,
                                                     const Json& spec) const;
  sdk::Expected<std::vector<Json>> spec_users(const Context& context, const Json& spec) const;
  sdk::Expected<Json> secret(const Context& context, const std::string& name) const;

  const sdk::Host& host_;
};

}  // namespace capstan::kubeadm
