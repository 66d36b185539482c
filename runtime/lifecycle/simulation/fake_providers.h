// Providers that only pretend, as reconcilers: what their objects say is enough for the lifecycle
// controllers. For tests.
#pragma once

#include "runtime/controller/manager.h"
#include "runtime/lifecycle/simulation/fake_workload.h"

namespace capstan::lifecycle {

struct FakeProviderOptions {
  Duration machine_delay = std::chrono::seconds(20);  // until a machine is provisioned
};

// DevCluster, DevMachine, KubeadmConfig and a KubeadmControlPlane of one Machine.
// Lifetime: `workload` outlives the manager.
void register_fake_providers(Manager& manager, FakeWorkload& workload,
                             FakeProviderOptions options = {});

}  // namespace capstan::lifecycle
