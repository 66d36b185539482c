// kube-proxy and CoreDNS, which `kubeadm init` put into the cluster and no node brings along: once
// all control plane machines are as the spec asks, their images follow.
//
// Thread safety: all members from any thread, for different control planes.
#pragma once

#include <capstan/status.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "plugins/kubeadm/control_plane/control_plane.h"

namespace capstan::kubeadm {

// "registry.example.com:5000/kube-proxy:v1.33.0@sha256:..." in its parts, without a digest.
struct ImageName {
  std::string repository;  // all before the last part, "" where there is one part only
  std::string name;
  std::string tag;
  static ImageName parse(const std::string& text);
  std::string text() const;
};

class Addons {
 public:
  // Does nothing while machines come, go or are to be replaced, nor again for two minutes for a
  // spec that it has seen through. Errors: kUnavailable; kFailedPrecondition for a CoreDNS that is
  // older than what runs.
  sdk::Status update(ControlPlane& plane);
  void forget(const std::string& control_plane_uid);

 private:
  struct Done {
    std::string asked_for;
    int64_t at = 0;  // seconds since 1970
  };
  bool is_done(const std::string& uid, const std::string& wanted, int64_t now);

  std::mutex mutex_;
  std::map<std::string, Done> done_;  // by the control plane's uid
};

}  // namespace capstan::kubeadm
