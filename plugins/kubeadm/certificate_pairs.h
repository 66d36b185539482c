// The certificate pairs of a cluster, in its Secrets `<cluster>-ca` and so on: which are there, and
// how one is made.
//
// Thread safety: free functions. Lifetime: what PairsOf refers to outlives the call.
#pragma once

#include <capstan/host.h>
#include <capstan/reconcile.h>

#include <optional>
#include <string>

namespace capstan::kubeadm {

using sdk::Json;

// For which cluster, by which settings, and whose the Secrets become.
struct PairsOf {
  const sdk::Host& host;
  sdk::Reply& reply;
  std::string ns;
  std::string cluster;
  const Json* spec;  // KubeadmConfigSpec, or null
};

// ECDSA unless the spec says otherwise: an RSA key costs a thousand times more CPU.
std::string key_algorithm(const Json* spec);

// The Secret `<cluster>-<purpose>`; nothing where absent.
sdk::Expected<std::optional<Json>> stored_pair(const PairsOf& of, const std::string& purpose);

// Makes the pair in the reply. Errors: those of the host's key service.
sdk::Status create_pair(const PairsOf& of, const std::string& purpose);

// Makes all pairs that are missing. Gives whether all are stored already.
sdk::Expected<bool> create_missing_pairs(const PairsOf& of);

}  // namespace capstan::kubeadm
