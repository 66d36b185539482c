#include "runtime/lifecycle/simulation/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/controller/garbage_collector.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/references.h"
#include "runtime/object/conditions.h"
#include "simulation_bundled_kinds.h"

namespace capstan::lifecycle {
namespace {

Json reference(const char* group, const char* kind, const std::string& name) {
  return {{"apiGroup", group}, {"kind", kind}, {"name", name}};
}

Json named(const char* api_version, const char* kind, const std::string& name) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"metadata", {{"name", name}, {"namespace", "default"}}}};
}

constexpr char kInfra[] = "infrastructure.cluster.x-k8s.io";
constexpr char kInfraVersion[] = "infrastructure.cluster.x-k8s.io/v1beta2";

}  // namespace

Simulation::Simulation(std::vector<std::shared_ptr<Admission>> admission,
                       const Configure& configure, FakeProviderOptions providers)
    : store_(make_memory_store()),
      cache_(make_watch_cache(*store_, {.references = references_of}).value()) {
  resources_ =
      make_resource_service({*store_, *cache_, kinds, clock, random_, std::move(admission), {}});
  static const auto builtin = builtin_kind_documents().value();
  static const auto bundled = parse_kind_documents(simulation_bundled_kinds_json()).value();
  const auto booted = boot_resources(*resources_, {builtin, bundled});
  EXPECT_TRUE(booted.ok()) << (booted.ok() ? "" : booted.error().message);
  manager_ = std::make_shared<Manager>(ManagerOptions{*resources_, clock, random_});
  configure(*manager_, *resources_, workload);
  register_fake_providers(*manager_, workload, providers);
  manager_->add(garbage_collector(kinds));
  EXPECT_TRUE(manager_->attach().ok());
}

Result<ObjectPtr> Simulation::try_create(const Json& object) {
  const GroupKind id{GroupVersion::parse(get_string(object, {"apiVersion"})).group,
                     get_string(object, {"kind"})};
  const KindPtr kind = kinds.find(id);
  if (kind == nullptr) return Error::not_found("no kind " + id.text());
  const std::string ns = kind->namespaced ? "default" : "";
  return resources_->create({kind, "", ns, get_string(object, {"metadata", "name"})}, object, {});
}

Result<ObjectPtr> Simulation::try_patch(const ObjectKey& key, const Json& patch,
                                        const std::string& subresource) {
  WriteOptions options;
  options.subresource = subresource;
  return resources_->patch({kinds.find(key.kind), "", key.ns, key.name}, PatchType::kMerge, patch,
                           options);
}

void Simulation::apply(const std::vector<Json>& objects) {
  for (const Json& object : objects) {
    const auto created = try_create(object);
    ASSERT_TRUE(created.ok()) << dump_json(object) << "\n" << created.error().message;
  }
}

void Simulation::patch(const ObjectKey& key, const Json& patch) {
  const auto patched = try_patch(key, patch);
  ASSERT_TRUE(patched.ok()) << patched.error().message;
}

void Simulation::patch_status(const ObjectKey& key, const Json& patch) {
  const auto patched = try_patch(key, patch, "status");
  ASSERT_TRUE(patched.ok()) << patched.error().message;
}

void Simulation::remove(const ObjectKey& key) {
  const auto removed = resources_->remove({kinds.find(key.kind), "", key.ns, key.name}, {});
  ASSERT_TRUE(removed.ok()) << removed.error().message;
}

size_t Simulation::settle() {
  constexpr size_t kLimit = 20'000;
  const size_t steps = manager_->run_until_idle(kLimit);
  EXPECT_LT(steps, kLimit) << "the controllers do not come to rest";
  return steps;
}

void Simulation::run_for(Duration duration) {
  const MonotonicTime end = clock.monotonic() + duration;
  settle();
  while (clock.monotonic() < end) {
    const auto due = manager_->next_due();
    const MonotonicTime next = due ? std::min(*due, end) : end;
    clock.advance(std::max(next - clock.monotonic(), Duration(1)));
    settle();
  }
}

ObjectKey Simulation::key(const GroupKind& kind, const std::string& name) const {
  return {kind, "default", name};
}

ObjectPtr Simulation::get(const ObjectKey& key) const {
  return cache_->get(key);
}

Json Simulation::tree(const ObjectKey& key) const {
  const ObjectPtr object = get(key);
  return object != nullptr ? *object->tree() : Json();
}

std::vector<ObjectPtr> Simulation::list(const GroupKind& kind) const {
  return cache_->list(kind).items;
}

std::string Simulation::phase(const ObjectKey& key) const {
  return get_string(tree(key), {"status", "phase"});
}

std::string Simulation::reason(const ObjectKey& key, std::string_view condition) const {
  return condition_reason(tree(key), condition);
}

bool Simulation::is_true(const ObjectKey& key, std::string_view condition) const {
  return is_condition_true(tree(key), condition);
}

std::vector<Json> cluster_manifests(const std::string& name, const ClusterShape& shape) {
  Json cluster = named(kClusterApiVersion, "Cluster", name);
  cluster["spec"] = {{"infrastructureRef", reference(kInfra, "DevCluster", name)},
                     {"controlPlaneRef", reference("controlplane.cluster.x-k8s.io",
                                                   "KubeadmControlPlane", name + "-cp")}};

  Json control_plane =
      named("controlplane.cluster.x-k8s.io/v1beta2", "KubeadmControlPlane", name + "-cp");
  control_plane["spec"] = {
      {"replicas", 1},
      {"version", shape.version},
      {"machineTemplate",
       {{"spec", {{"infrastructureRef", reference(kInfra, "DevMachineTemplate", name)}}}}}};

  Json machines = named(kInfraVersion, "DevMachineTemplate", name);
  machines["spec"]["template"]["spec"] = {{"backend", {{"inMemory", Json::object()}}}};
  Json config = named("bootstrap.cluster.x-k8s.io/v1beta2", "KubeadmConfigTemplate", name);
  config["spec"]["template"]["spec"] = {
      {"joinConfiguration", {{"nodeRegistration", {{"name", "n"}}}}}};

  Json deployment = named(kClusterApiVersion, "MachineDeployment", name + "-md");
  deployment["spec"] = {
      {"clusterName", name},
      {"replicas", shape.workers},
      {"selector", Json::object()},
      {"template",
       {{"spec",
         {{"clusterName", name},
          {"version", shape.version},
          {"bootstrap",
           {{"configRef", reference("bootstrap.cluster.x-k8s.io", "KubeadmConfigTemplate", name)}}},
          {"infrastructureRef", reference(kInfra, "DevMachineTemplate", name)}}}}}};
  merge_patch(deployment["spec"], shape.deployment_spec);
  Json infrastructure = named(kInfraVersion, "DevCluster", name);
  infrastructure["spec"] = {{"backend", {{"inMemory", Json::object()}}}};
  return {std::move(infrastructure), std::move(control_plane), std::move(machines),
          std::move(config),         std::move(deployment),    std::move(cluster)};
}

}  // namespace capstan::lifecycle
