#include "sdk/conformance/bench.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "cluster_api_kinds.h"
#include "runtime/base/text.h"
#include "runtime/plugin/host_calls/host_call_tables.h"
#include "runtime/plugin/provider_outcome.h"
#include "runtime/plugin/provider_request.h"
#include "runtime/system/pki.h"
#include "sdk/conformance/sample_object.h"
#include "sdk/conformance/shape.h"
#include "sdk/conformance/world.h"

namespace capstan::conformance {
namespace {

using std::chrono::milliseconds;

constexpr const char* kNamespace = "default";
constexpr const char* kCluster = "conformance";
constexpr const char* kCoreVersion = "cluster.x-k8s.io/v1beta2";
// A requeue that is later counts as rest.
constexpr auto kRest = std::chrono::seconds(45);
// Of one object, changing all the time: more is no coming to rest.
constexpr int kMaxCalls = 250;
// Failures in a row after which nothing new is expected.
constexpr uint32_t kMaxFailures = 20;
constexpr auto kPause = milliseconds(20);

Json owner_reference(const Object& owner) {
  return {
      {"apiVersion", owner.api_version()}, {"kind", owner.kind()}, {"name", owner.meta().name},
      {"uid", owner.meta().uid},           {"controller", true},   {"blockOwnerDeletion", true}};
}

}  // namespace

// A bench that goes on from another's state makes other uids than that one did.
Bench::Bench(const Subject& subject, const ReconcileEntry& entry, bool fresh)
    : subject_(subject), entry_(entry), random_(subject.seed + (fresh ? 0 : 1'000'003)) {}

Bench::~Bench() {
  if (provider_ != nullptr) provider_->deactivate();
}

Result<std::unique_ptr<Bench>> Bench::make(const Subject& subject, const ReconcileEntry& entry,
                                           BenchOptions options) {
  const bool fresh = options.stored.is_null();
  const bool active = options.activate;
  std::unique_ptr<Bench> bench(new Bench(subject, entry, fresh));
  TRY(bench->boot(options.stored));
  TRY(bench->start(std::move(options)));
  if (fresh) TRY(bench->surround());
  if (active && entry.role == ProviderRole::kInfraMachine) TRY(bench->put_companion());
  return bench;
}

Result<void> Bench::boot(const Json& stored) {
  store_ = make_memory_store();
  cache_ = TRY(make_watch_cache(*store_));
  resources_ = make_resource_service({*store_, *cache_, kinds_, clock_, random_, {}, {}});
  const std::vector<Json> builtin = TRY(builtin_kind_documents());
  BootOptions boot;
  boot.builtin_kinds = builtin;
  boot.embedded_crds = cluster_api_kinds_json();
  boot.bundled_crds = subject_.manifest().kinds;
  TRY(boot_resources(*resources_, boot));
  committer_ = std::make_unique<Committer>(*resources_);
  if (!stored.is_array()) return {};
  std::vector<Write> writes;
  for (const Json& object : stored) {
    const ObjectPtr parsed = TRY(Object::from_json(object));
    writes.push_back({Write::Op::kCreate, parsed->key(), parsed, 0});
  }
  TRY(store_->commit(std::move(writes)));
  return {};
}

Result<void> Bench::start(BenchOptions options) {
  host_ = std::make_shared<KitHost>(subject_, *cache_, clock_);
  host_->set_hook(std::move(options.hook));
  host_->set_absent(std::move(options.absent_service));
  provider_ = TRY(subject_.mode.make(subject_.file, std::make_unique<HostCallTables>(host_)));
  if (!options.activate) return {};
  return provider_->activate(in_world(subject_.config.settings, subject_.world));
}

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
      pair = TRY(make_ca({.common_name = "conformance-" + name}, clock_.now()));
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
  const ObjectPtr cluster = cache_->get({{"cluster.x-k8s.io", "Cluster"}, kNamespace, kCluster});
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
    if (cache_->get(key) == nullptr) TRY(put(TRY(companion(other))));
    for (int i = 0; i < 50 && (i == 0 || !is_ready(*cache_->get(key)->tree(), other.role)); ++i) {
      const ObjectPtr current = cache_->get(key);
      const std::string text = provider_request(*current, other, *cache_, clock_.now());
      ProviderCall call;
      call.deadline = clock_.monotonic() + other.timeout;
      call.key = current->meta().uid;
      const ProviderReply reply = provider_->reconcile(call, text);
      Outcome outcome =
          provider_outcome(reply, {*current, subject_.manifest(), kinds_, clock_.now()});
      if (i == 49 && outcome.error) return *outcome.error;
      TRY(committer_->commit(std::move(outcome.changes), subject_.manifest().name));
      if (outcome.requeue_after && i > 4) std::this_thread::sleep_for(kPause);
    }
    return {};
  }
  return {};
}

Result<ObjectPtr> Bench::put(Json object) {
  const GroupKind id{GroupVersion::parse(get_string(object, {"apiVersion"})).group,
                     get_string(object, {"kind"})};
  const KindPtr kind = kinds_.find(id);
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
  const ObjectPtr created = TRY(resources_->create(ref, std::move(object), options));
  if (status.is_null()) return created;
  options.subresource = "status";
  return resources_->patch(ref, PatchType::kMerge, {{"status", status}}, options);
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
        {"version", "v1.34.2"},
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
    owner = cache_->get({{"cluster.x-k8s.io", "Machine"}, kNamespace, TRY(put_machine(name))});
  } else if (entry_.role != ProviderRole::kResource) {
    owner = cache_->get({{"cluster.x-k8s.io", "Cluster"}, kNamespace, kCluster});
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

std::string Bench::request(const ObjectKey& key) const {
  const ObjectPtr object = cache_->get(key);
  return object == nullptr ? "" : provider_request(*object, entry_, *cache_, clock_.now());
}

Step Bench::call(const ObjectKey& key, ProviderCall call, bool commit) {
  Step step;
  const ObjectPtr object = cache_->get(key);
  step.gone = object == nullptr;
  if (step.gone) return step;
  const std::string text = provider_request(*object, entry_, *cache_, clock_.now());
  if (call.deadline == MonotonicTime{}) call.deadline = clock_.monotonic() + entry_.timeout;
  call.key = object->meta().uid;
  step.reply = provider_->reconcile(call, text);
  step.outcome = provider_outcome(step.reply, {*object, subject_.manifest(), kinds_, clock_.now()});
  if (!commit) return step;
  const Revision before = cache_->revision();
  step.committed = committer_->commit(step.outcome.changes, subject_.manifest().name);
  step.changed = cache_->revision() != before;
  return step;
}

Settled Bench::settle(const ObjectKey& key, const std::function<bool(const Step&)>& each) {
  Settled settled;
  const auto end = std::chrono::steady_clock::now() + subject_.config.settle;
  uint32_t attempt = 0;
  while (std::chrono::steady_clock::now() < end && settled.calls < kMaxCalls) {
    ProviderCall call;
    call.attempt = attempt;
    settled.last = this->call(key, call);
    const Step& step = settled.last;
    if (step.gone) {
      settled.at_rest = true;
      return settled;
    }
    ++settled.calls;
    for (std::string& complaint : complaints_of(step, *this)) {
      if (settled.complaints.size() < 5) settled.complaints.push_back(std::move(complaint));
    }
    if (each && !each(step)) return settled;
    const bool failed = step.outcome.error.has_value();
    if (step.reply.status != Code::kOk) {
      settled.failures.push_back(step.reply.error(subject_.manifest().name).message);
    } else if (failed) {
      settled.failures.push_back(step.outcome.error->message);
    }
    attempt = failed ? attempt + 1 : 0;
    if (attempt >= kMaxFailures) return settled;
    const bool early = step.outcome.requeue_after && *step.outcome.requeue_after < kRest;
    if (!step.changed && !early && !failed && step.committed.ok()) {
      settled.at_rest = true;
      return settled;
    }
    if (!step.changed) std::this_thread::sleep_for(kPause);
  }
  return settled;
}

Result<void> Bench::ask_deletion(const ObjectKey& key) {
  TRY(resources_->remove({kinds_.find(key.kind), "", key.ns, key.name}, {}));
  return {};
}

Result<void> Bench::patch(const ObjectKey& key, const Json& patch) {
  WriteOptions options;
  options.manager = "conformance";
  TRY(resources_->patch({kinds_.find(key.kind), "", key.ns, key.name}, PatchType::kMerge, patch,
                        options));
  return {};
}

Json Bench::dump() const {
  Json out = Json::array();
  for (const KindPtr& kind : kinds_.all()) {
    if (kind->id.kind == "CustomResourceDefinition" || kind->id.kind == "Namespace" ||
        !kind->stored_as.empty()) {
      continue;
    }
    for (const ObjectPtr& object : cache_->list(kind->id).items) out.push_back(*object->tree());
  }
  return out;
}

std::string Bench::digest() const {
  return world_digest(subject_);
}

bool Bench::ready(const ObjectKey& key) const {
  const ObjectPtr object = cache_->get(key);
  if (object == nullptr) return false;
  return is_ready(*object->tree(), entry_.role);
}

std::string misbehaviour(const ProviderReply& reply, const Subject& subject) {
  if (reply.status != Code::kInternal || reply.diagnostics.empty()) return "";
  const std::string& said = reply.diagnostics.front().summary;
  const std::string mark = "plugin \"" + subject.manifest().name + "\" ";
  return said.starts_with(mark + "gave status") || said.starts_with(mark + "let an exception") ||
                 said.starts_with(mark + "wrote more")
             ? said
             : "";
}

std::vector<std::string> complaints_of(const Step& step, const Bench& bench) {
  std::vector<std::string> out;
  const std::string broken = misbehaviour(step.reply, bench.subject());
  if (!broken.empty()) out.push_back(broken);
  const bool unread =
      std::any_of(step.outcome.events.begin(), step.outcome.events.end(),
                  [](const EventRecord& event) { return event.reason == "ProviderError"; });
  if (unread && step.outcome.error) out.push_back(step.outcome.error->message);
  if (!step.committed.ok() && step.committed.code() != Code::kConflict) {
    std::string text = "the reply cannot be stored: " + step.committed.error().message;
    for (const FieldError& field : step.committed.error().fields) text += "; " + field.message;
    out.push_back(std::move(text));
  }
  if (step.reply.status == Code::kOk) return out;
  const bool said = std::any_of(step.reply.diagnostics.begin(), step.reply.diagnostics.end(),
                                [](auto& d) { return !d.warning && !d.summary.empty(); });
  if (!said) {
    out.push_back("a call failed with " + std::string(code_name(step.reply.status)) +
                  " and no diagnostic says why");
  }
  return out;
}

}  // namespace capstan::conformance
