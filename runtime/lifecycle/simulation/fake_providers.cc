#include "runtime/lifecycle/simulation/fake_providers.h"

#include "runtime/lifecycle/common/changes.h"
#include "runtime/lifecycle/common/draft.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/lifecycle/common/wake.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

const GroupKind kDevCluster{"infrastructure.cluster.x-k8s.io", "DevCluster"};
const GroupKind kDevMachine{"infrastructure.cluster.x-k8s.io", "DevMachine"};
const GroupKind kKubeadmConfig{"bootstrap.cluster.x-k8s.io", "KubeadmConfig"};
const GroupKind kControlPlane{"controlplane.cluster.x-k8s.io", "KubeadmControlPlane"};
constexpr char kFinalizer[] = "fake.capstan.dev";

bool cluster_says(const Draft& draft, const char* what, const WatchCache& objects) {
  const ObjectPtr cluster =
      objects.get({kCluster, draft.meta().ns, draft.meta().label(kClusterNameLabel)});
  return cluster != nullptr && get_bool(*cluster->tree(), {"status", "initialization", what});
}

ClusterName cluster_of(const Draft& draft) {
  return {draft.meta().ns, draft.meta().label(kClusterNameLabel)};
}

// What all have in common: an object, a finalizer, and something while it lives or goes.
class FakeProvider : public Reconciler {
 public:
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override {
    Outcome outcome;
    ObjectPtr object = context.objects.get(key);
    if (object == nullptr) return outcome;
    Draft draft(std::move(object));
    if (draft.meta().deleting()) {
      if (gone(draft, context, outcome)) draft.remove_finalizer(kFinalizer);
    } else if (!draft.meta().owner_references.empty()) {
      draft.add_finalizer(kFinalizer);
      live(draft, context, outcome);
    }
    draft.finish(outcome);
    return outcome;
  }

 protected:
  virtual void live(Draft& draft, const ReconcileContext& context, Outcome& outcome) = 0;
  virtual bool gone(Draft&, const ReconcileContext&, Outcome&) { return true; }
};

class DevClusterProvider final : public FakeProvider {
 public:
  std::string name() const override { return "devcluster"; }

 private:
  void live(Draft& draft, const ReconcileContext&, Outcome&) override {
    draft.set({"spec", "controlPlaneEndpoint"}, {{"host", "10.0.0.1"}, {"port", 6443}});
    make(draft.status(), {"initialization", "provisioned"}) = true;
  }
};

class DevMachineProvider final : public FakeProvider {
 public:
  DevMachineProvider(FakeWorkload& workload, FakeProviderOptions options)
      : workload_(workload), options_(options) {}
  std::string name() const override { return "devmachine"; }

 private:
  void live(Draft& draft, const ReconcileContext& context, Outcome& outcome) override {
    const OwnerReference* owner = find_owner(draft.meta(), kMachine);
    if (owner == nullptr) return;
    const ObjectPtr machine = context.objects.get({kMachine, draft.meta().ns, owner->name});
    if (machine == nullptr || !cluster_says(draft, "infrastructureProvisioned", context.objects) ||
        find(*machine->tree(), {"spec", "bootstrap", "dataSecretName"}) == nullptr) {
      return;
    }
    const auto created = parse_time(draft.meta().creation_timestamp);
    const Duration left = *created + options_.machine_delay - context.clock.now();
    if (left > Duration::zero()) {
      outcome.requeue_after = left;
      return;
    }
    const std::string id = "fake:///" + draft.meta().name;
    draft.set({"spec", "providerID"}, id);
    make(draft.status(), {"initialization", "provisioned"}) = true;
    draft.status()["addresses"] = {{{"type", "InternalIP"}, {"address", "10.0.0.2"}}};
    if (get_bool(draft.tree(), {"status", "initialization", "provisioned"})) return;
    workload_.add_node(cluster_of(draft), draft.meta().name, id);
  }

  FakeWorkload& workload_;
  const FakeProviderOptions options_;
};

class KubeadmConfigProvider final : public FakeProvider {
 public:
  std::string name() const override { return "kubeadmconfig"; }

 private:
  void live(Draft& draft, const ReconcileContext& context, Outcome&) override {
    const OwnerReference* owner = find_owner(draft.meta(), kMachine);
    if (owner == nullptr) return;
    const bool control_plane = draft.meta().labels.contains(kControlPlaneLabel);
    if (!control_plane && !cluster_says(draft, "controlPlaneInitialized", context.objects)) return;
    draft.status()["dataSecretName"] = draft.meta().name;
    make(draft.status(), {"initialization", "dataSecretCreated"}) = true;
  }
};

class ControlPlaneProvider final : public FakeProvider {
 public:
  explicit ControlPlaneProvider(FakeWorkload& workload) : workload_(workload) {}
  std::string name() const override { return "kubeadmcontrolplane"; }

 private:
  void live(Draft& draft, const ReconcileContext& context, Outcome& outcome) override {
    if (!cluster_says(draft, "infrastructureProvisioned", context.objects)) return;
    const std::string version = get_string(draft.tree(), {"spec", "version"});
    const std::string name = draft.meta().name + "-0";
    const ObjectPtr machine = context.objects.get({kMachine, draft.meta().ns, name});
    if (machine == nullptr) {
      create(draft, name, version, outcome);
      return;
    }
    const ObjectPtr infrastructure = context.objects.get({kDevMachine, draft.meta().ns, name});
    const bool up = infrastructure != nullptr &&
                    get_bool(*infrastructure->tree(), {"status", "initialization", "provisioned"});
    Json& status = draft.status();
    status["replicas"] = 1;
    status["readyReplicas"] = up ? 1 : 0;
    status["availableReplicas"] = up ? 1 : 0;
    status["upToDateReplicas"] = 1;
    if (!up) return;
    const bool first = find(draft.tree(), {"status", "initialization"}) == nullptr;
    make(status, {"initialization", "controlPlaneInitialized"}) = true;
    status["version"] = version;
    set_condition(draft.view(), {.type = "Available", .status = "True", .reason = "Available"},
                  context.clock.now());
    if (first) workload_.connect(cluster_of(draft));
  }

  bool gone(Draft& draft, const ReconcileContext& context, Outcome& outcome) override {
    const ObjectPtr machine =
        context.objects.get({kMachine, draft.meta().ns, draft.meta().name + "-0"});
    if (machine == nullptr) return true;
    if (!machine->meta().deleting()) outcome.changes.push_back(removal(*machine));
    return false;
  }

  static Json object(const Draft& draft, const char* api_version, const char* kind,
                     const std::string& name) {
    Json object = {{"apiVersion", api_version}, {"kind", kind}};
    object["metadata"] = {
        {"name", name},
        {"namespace", draft.meta().ns},
        {"labels",
         {{kClusterNameLabel, draft.meta().label(kClusterNameLabel)}, {kControlPlaneLabel, ""}}},
        {"ownerReferences", owners_json({owner_reference(draft.object(), true)})}};
    return object;
  }

  static void create(const Draft& draft, const std::string& name, const std::string& version,
                     Outcome& outcome) {
    Json infrastructure =
        object(draft, "infrastructure.cluster.x-k8s.io/v1beta2", "DevMachine", name);
    infrastructure["spec"] = {{"backend", {{"inMemory", Json::object()}}}};
    outcome.changes.push_back(creation(std::move(infrastructure)));
    outcome.changes.push_back(
        creation(object(draft, "bootstrap.cluster.x-k8s.io/v1beta2", "KubeadmConfig", name)));
    Json machine = object(draft, kClusterApiVersion, "Machine", name);
    machine["spec"] = {
        {"clusterName", draft.meta().label(kClusterNameLabel)},
        {"version", version},
        {"bootstrap",
         {{"configRef",
           {{"apiGroup", kKubeadmConfig.group}, {"kind", "KubeadmConfig"}, {"name", name}}}}},
        {"infrastructureRef",
         {{"apiGroup", kDevMachine.group}, {"kind", "DevMachine"}, {"name", name}}}};
    outcome.changes.push_back(creation(std::move(machine)));
  }

  FakeWorkload& workload_;
};

WatchRule on_cluster(const GroupKind& kind) {
  return {kCluster, [kind](const StoreEvent& event, const WatchCache& objects) {
            return keys_of_cluster(kind, event.object->meta().ns, event.object->meta().name,
                                   objects);
          }};
}

// The infrastructure and the config of a Machine have its name, and so has the control plane's.
WatchRule same_name(const GroupKind& from, const GroupKind& to) {
  return {from, [to](const StoreEvent& event, const WatchCache&) {
            return Keys{{to, event.object->meta().ns, event.object->meta().name}};
          }};
}

WatchRule to_control_plane(const GroupKind& from) {
  return {from, [](const StoreEvent& event, const WatchCache&) {
            const std::string& name = event.object->meta().name;
            if (!name.ends_with("-0")) return Keys{};
            return Keys{{kControlPlane, event.object->meta().ns, name.substr(0, name.size() - 2)}};
          }};
}

}  // namespace

void register_fake_providers(Manager& manager, FakeWorkload& workload,
                             FakeProviderOptions options) {
  manager.add(
      {.reconciler = std::make_shared<DevClusterProvider>(), .watches = {{kDevCluster, {}}}});
  manager.add(
      {.reconciler = std::make_shared<DevMachineProvider>(workload, options),
       .watches = {{kDevMachine, {}}, same_name(kMachine, kDevMachine), on_cluster(kDevMachine)}});
  manager.add({.reconciler = std::make_shared<KubeadmConfigProvider>(),
               .watches = {{kKubeadmConfig, {}}, on_cluster(kKubeadmConfig)}});
  manager.add({.reconciler = std::make_shared<ControlPlaneProvider>(workload),
               .watches = {{kControlPlane, {}},
                           on_cluster(kControlPlane),
                           to_control_plane(kDevMachine),
                           to_control_plane(kMachine)}});
}

}  // namespace capstan::lifecycle
