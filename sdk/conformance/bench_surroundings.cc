// What stands around the object under test, as Cluster API's controllers would have made it.
#include <chrono>
#include <thread>

#include "runtime/base/text.h"
#include "runtime/plugin/provider_outcome.h"
#include "runtime/plugin/provider_request.h"
#include "runtime/system/pki.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/sample_object.h"
#include "sdk/conformance/shape.h"

namespace capstan::conformance {
namespace {

constexpr const char* kNamespace = "default";
constexpr const char* kCluster = "conformance";
constexpr const char* kCoreVersion = "cluster.x-k8s.io/v1beta2";
constexpr auto kPause = std::chrono::milliseconds(20);

Json owner_reference(const Object& owner) {
  return {
      {"apiVersion", owner.api_version()}, {"kind", owner.kind()}, {"name", owner.meta().name},
      {"uid", owner.meta().uid},           {"controller", true},   {"blockOwnerDeletion", true}};
}

}  // namespace

Result<void> Bench::surround() {
  for (const Json& object : subject_.config.objects) TRY(put(in_world(object, subject_.world)));
  return entry_.role == ProviderRole::kResource ? Result<void>() : put_cluster();
}

// A Cluster whose parts are all there, so that nothing but the object under test is waited for.
Result<void> Bench::put_cluster() {
  const bool machines =
      entry_.role == ProviderRole::kInfraMachine || entry_.role == ProviderRole::kBootstrapConfig;
  const bool ready = entry_.role != ProviderRole::kInfraCluster;
  Json cluster = {{"apiVersion", kCoreVersion},
                  {"kind", "Cluster"},
                  {"metadata", {{"name", kCluster}, {"namespace", kNamespace}}},
                  {"spec",
                   {{"clusterNetwork", {{"pods", {{"cidrBlocks", {"10.244.0.0/16"}}}}}},
                    {"controlPlaneEndpoint", {{"host", "127.0.0.1"}, {"port", 6443}}},
                    {"controlPlaneRef",
                     {{"apiGroup", "controlplane.cluster.x-k8s.io"},
                      {"kind", "KubeadmControlPlane"},
                      {"name", kCluster}}},
                    {"infrastructureRef",
                     {{"apiGroup", "infrastructure.cluster.x-k8s.io"},
                      {"kind", "DevCluster"},
                      {"name", kCluster}}}}}};
  if (ready) cluster["status"]["initialization"]["infrastructureProvisioned"] = true;
  if (entry_.role == ProviderRole::kInfraMachine) {
    cluster["status"]["initialization"]["controlPlaneInitialized"] = true;
  }
  TRY(put(std::move(cluster)));
  return machines ? put_certificates() : Result<void>();
}

// The cluster's certificate authorities and its key for service accounts, as a control plane
// provider would have made them.
Result<void> Bench::put_certificates() {
  for (const std::string name : {"ca", "etcd", "proxy", "sa"}) {
    CertificateAndKey pair;
    if (name == "sa") {
      SigningKey key = TRY(generate_key(KeyAlgorithm::kEcdsaP256));
      pair = {std::move(key.public_key_pem), std::move(key.key_pem)};
    } else {
      pair = TRY(make_ca({.common_name = "conformance-" + name}, stage_->clock.now()));
    }
    TRY(put({{"apiVersion", "v1"},
             {"kind", "Secret"},
             {"type", "cluster.x-k8s.io/secret"},
             {"metadata",
              {{"name", std::string(kCluster) + "-" + name},
               {"namespace", kNamespace},
               {"labels", {{"cluster.x-k8s.io/cluster-name", kCluster}}}}},
             {"data",
              {{"tls.crt", base64_encode(pair.certificate_pem)},
               {"tls.key", base64_encode(pair.key_pem)}}}}));
  }
  return {};
}

// As the Cluster controller would have it.
Result<Json> Bench::companion(const ReconcileEntry& entry) const {
  const ObjectPtr cluster =
      stage_->cache->get({{"cluster.x-k8s.io", "Cluster"}, kNamespace, kCluster});
  Json object = TRY(smallest_object(subject_.manifest(), entry));
  const auto sample = subject_.config.samples.find(entry.kind.kind);
  if (sample != subject_.config.samples.end()) {
    object.merge_patch(in_world(sample->second, subject_.world));
  }
  object["metadata"] = {{"name", kCluster},
                        {"namespace", kNamespace},
                        {"labels", {{"cluster.x-k8s.io/cluster-name", kCluster}}},
                        {"ownerReferences", Json::array({owner_reference(*cluster)})}};
  return object;
}

// A machine's own infrastructure cluster, where the plugin has one that goes with it. A new
// instance of the plugin is asked about it even where it is ready, as the runtime does at its
// start.
Result<void> Bench::put_companion() {
  for (const ReconcileEntry& other : subject_.manifest().reconciles) {
    const bool same_backend = !entry_.when || (other.when && other.when->path == entry_.when->path);
    if (other.role != ProviderRole::kInfraCluster || !same_backend) continue;
    const ObjectKey key{other.kind, kNamespace, kCluster};
    if (stage_->cache->get(key) == nullptr) TRY(put(TRY(companion(other))));
    for (int i = 0; i < 50 && (i == 0 || !is_ready(*stage_->cache->get(key)->tree(), other.role));
         ++i) {
      const ObjectPtr current = stage_->cache->get(key);
      const std::string text =
          provider_request(*current, other, *stage_->cache, stage_->clock.now());
      ProviderCall call;
      call.deadline = stage_->clock.monotonic() + other.timeout;
      call.key = current->meta().uid;
      const ProviderReply reply = provider_->reconcile(call, text);
      Outcome outcome = provider_outcome(
          reply, {*current, subject_.manifest(), stage_->kinds, stage_->clock.now()});
      if (i == 49 && outcome.error) return *outcome.error;
      TRY(stage_->committer->commit(std::move(outcome.changes), subject_.manifest().name));
      if (outcome.requeue_after && i > 4) std::this_thread::sleep_for(kPause);
    }
    return {};
  }
  return {};
}

Result<ObjectPtr> Bench::put(Json object) {
  const GroupKind id{GroupVersion::parse(get_string(object, {"apiVersion"})).group,
                     get_string(object, {"kind"})};
  const KindPtr kind = stage_->kinds.find(id);
  if (kind == nullptr) return Error::not_found("kind " + id.text() + " is not known to the kit");
  if (kind->namespaced && get_string(object, {"metadata", "namespace"}).empty()) {
    object["metadata"]["namespace"] = kNamespace;
  }
  const std::string ns = kind->namespaced ? get_string(object, {"metadata", "namespace"}) : "";
  ResourceRef ref{kind, GroupVersion::parse(get_string(object, {"apiVersion"})).version, ns,
                  get_string(object, {"metadata", "name"})};
  const Json status = object.value("status", Json());
  WriteOptions options;
  options.manager = "conformance";
  const ObjectPtr created = TRY(stage_->resources->create(ref, std::move(object), options));
  if (status.is_null()) return created;
  options.subresource = "status";
  return stage_->resources->patch(ref, PatchType::kMerge, {{"status", status}}, options);
}

// The Machine that owns an infrastructure machine or a bootstrap config, and its bootstrap data.
// Gives the Machine's name.
Result<std::string> Bench::put_machine(const std::string& name) {
  const bool bootstrap = entry_.role == ProviderRole::kBootstrapConfig;
  Json machine = {
      {"apiVersion", kCoreVersion},
      {"kind", "Machine"},
      {"metadata",
       {{"name", name},
        {"namespace", kNamespace},
        {"labels",
         {{"cluster.x-k8s.io/cluster-name", kCluster}, {"cluster.x-k8s.io/control-plane", ""}}}}},
      {"spec",
       {{"clusterName", kCluster},
        {"version", subject_.config.machine_version},
        {"bootstrap", {{"dataSecretName", name + "-data"}}},
        {"infrastructureRef",
         {{"apiGroup", "infrastructure.cluster.x-k8s.io"},
          {"kind", "DevMachine"},
          {"name", name}}}}}};
  if (bootstrap) {
    machine["spec"]["bootstrap"] = {
        {"configRef",
         {{"apiGroup", entry_.kind.group}, {"kind", entry_.kind.kind}, {"name", name}}}};
  } else {
    TRY(put({{"apiVersion", "v1"},
             {"kind", "Secret"},
             {"metadata", {{"name", name + "-data"}, {"namespace", kNamespace}}},
             {"data",
              {{"value", base64_encode("#cloud-config\n# " + KitHost::canary("bootstrap") +
                                       "\nruncmd: []\n")},
               {"format", base64_encode("cloud-config")}}}}));
  }
  TRY(put(std::move(machine)));
  return name;
}

Result<ObjectKey> Bench::add(const std::string& name, const Json& more) {
  Json object = TRY(smallest_object(subject_.manifest(), entry_));
  const auto sample = subject_.config.samples.find(entry_.kind.kind);
  if (sample != subject_.config.samples.end()) {
    object.merge_patch(in_world(sample->second, subject_.world));
  }
  Json& metadata = object["metadata"];
  metadata["name"] = name;
  metadata["namespace"] = kNamespace;
  ObjectPtr owner;
  if (entry_.role == ProviderRole::kInfraMachine || entry_.role == ProviderRole::kBootstrapConfig) {
    owner =
        stage_->cache->get({{"cluster.x-k8s.io", "Machine"}, kNamespace, TRY(put_machine(name))});
  } else if (entry_.role != ProviderRole::kResource) {
    owner = stage_->cache->get({{"cluster.x-k8s.io", "Cluster"}, kNamespace, kCluster});
  }
  if (owner != nullptr) {
    metadata["labels"]["cluster.x-k8s.io/cluster-name"] = kCluster;
    metadata["ownerReferences"] = Json::array({owner_reference(*owner)});
  }
  if (entry_.role == ProviderRole::kInfraMachine) {
    metadata["labels"]["cluster.x-k8s.io/control-plane"] = "";
  }
  object.merge_patch(more);
  auto stored = put(std::move(object));
  if (!stored.ok()) {
    Error error = std::move(stored).error();
    for (const FieldError& field : error.fields) error.message += "; " + field.field;
    return std::move(error).with_context("the kit's sample of " + entry_.kind.kind +
                                         " (see `samples` of conformance.yaml)");
  }
  return (*stored)->key();
}

}  // namespace capstan::conformance
