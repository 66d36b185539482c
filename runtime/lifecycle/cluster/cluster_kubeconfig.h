// The kubeconfig of a Cluster that has no control plane provider: the Secret
// `<cluster>-kubeconfig`, with a client certificate of the authority in `<cluster>-ca`. A provider
// makes its own.
//
// Thread safety: pure functions, but for the randomness of new keys.
#pragma once

#include "runtime/controller/reconciler.h"
#include "runtime/lifecycle/cluster/cluster_scope.h"

namespace capstan::lifecycle {

// Makes the Secret once the Cluster has an endpoint and an authority, and renews the certificate of
// one that the Cluster owns when half a year is left. A user's own kubeconfig is left alone.
// Errors: kInvalid where the authority cannot be used.
Result<void> ensure_kubeconfig(const ClusterScope& scope, const WatchCache& objects, Instant now,
                               Outcome& outcome);

}  // namespace capstan::lifecycle
