// The tokens that joining nodes authenticate with: Secrets `bootstrap-token-<id>` in kube-system of
// the workload cluster, short lived and kept alive until the node has joined.
//
// Source: Kubernetes' bootstrap token format, [a-z0-9]{6}.[a-z0-9]{16}.
//
// Thread safety: free functions.
#pragma once

#include <capstan/host.h>
#include <capstan/json.h>
#include <capstan/status.h>

#include <chrono>
#include <string>

namespace capstan::kubeadm {

using sdk::Expected;
using sdk::Json;

inline constexpr std::chrono::minutes kTokenLifetime{15};

// From the kernel's random numbers.
std::string new_token();

// Makes the token's Secret, or moves its expiry to kTokenLifetime from now where it exists.
// Errors: those of the workload cluster, with its answer.
sdk::Status keep_token(const sdk::Host& host, const std::string& ns, const std::string& cluster,
                       const std::string& token);

}  // namespace capstan::kubeadm
