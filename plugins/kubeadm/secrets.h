// Secrets in Cluster API's shape: type cluster.x-k8s.io/secret, labelled with the cluster.
//
// Thread safety: free functions.
#pragma once

#include <capstan/json.h>
#include <capstan/status.h>

#include <map>
#include <string>

namespace capstan::kubeadm {

using sdk::Expected;
using sdk::Json;

// `values` are the plain bytes; `owner` is an owner reference.
Json make_secret(const std::string& ns, const std::string& name, const std::string& cluster,
                 const std::map<std::string, std::string>& values, const Json& owner);

// A value of a Secret, decoded. Errors: kNotFound (no such key), kInvalid (no base64).
Expected<std::string> secret_value(const Json& secret, const std::string& key);

}  // namespace capstan::kubeadm
