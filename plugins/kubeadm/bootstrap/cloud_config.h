// The user data that a machine boots with: cloud-init's #cloud-config, in the shape and order that
// Cluster API's bootstrap provider writes, so that images made for it work unchanged.
//
// Source: Cluster API's kubeadm bootstrap provider (write_files, runcmd, the sentinel file).
//
// Thread safety: free functions.
#pragma once

#include <capstan/json.h>
#include <capstan/status.h>

#include <string>
#include <vector>

namespace capstan::kubeadm {

using sdk::Json;

// A file on the machine. `content` is text; permissions as in "0640".
struct MachineFile {
  std::string path;
  std::string content;
  std::string permissions = "0640";
  std::string owner = "root:root";
  std::string encoding = {};  // "", "base64", "gzip", "gzip+base64"
  bool append = false;
};

enum class Join { kInit, kControlPlane, kWorker };

struct CloudConfigInput {
  const Json& spec;  // KubeadmConfig.spec
  Join join = Join::kWorker;
  std::string kubeadm_document;           // what kubeadm reads
  std::vector<MachineFile> certificates;  // for control planes
  std::vector<MachineFile> files;         // the spec's, with contents resolved
  std::vector<Json> users;                // the spec's, with passwords resolved
};

constexpr const char* kSentinelFile = "/run/cluster-api/bootstrap-success.complete";

std::string cloud_config(const CloudConfigInput& input);

}  // namespace capstan::kubeadm
