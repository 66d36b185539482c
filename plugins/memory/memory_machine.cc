#include "plugins/memory/memory_machine.h"

#include "plugins/memory/errors.h"
#include "runtime/base/text.h"

namespace capstan::memory {
namespace {

constexpr const char* kApiVersion = "infrastructure.cluster.x-k8s.io/v1beta2";
constexpr const char* kKind = "DevMachine";
constexpr const char* kStartedAt = "memory.capstan.dev/started-at";
constexpr const char* kEtcdMember = "memory.capstan.dev/etcd-member";
constexpr const char* kRemoved = "removed";

// For whoever wants to see what happens: the annotation of a user's makes the member fail.
MemberState wanted_state(const sdk::MachineContext& machine) {
  const std::string text = sdk::annotation_of(machine.object(), kEtcdMember);
  if (text == "stopped") return MemberState::kStopped;
  return text == "full" ? MemberState::kFull : MemberState::kRunning;
}

// An address of 10.0.0.0/8 that nobody has.
std::string pretended_address(const std::string& uid) {
  const uint64_t hash = fnv1a(uid);
  return "10." + std::to_string(hash >> 8 & 255) + "." + std::to_string(hash >> 16 & 255) + "." +
         std::to_string(1 + (hash >> 24) % 254);
}

PretendedMachine pretend(const sdk::MachineContext& machine) {
  return {.name = machine.name(),
          .uid = machine.uid(),
          .version = machine.version(),
          .address = pretended_address(machine.uid()),
          .provider_id = "in-memory:////" + machine.name(),
          .control_plane = machine.control_plane()};
}

sdk::Instance instance_of(const sdk::MachineContext& machine, const PretendedMachine& pretended) {
  return {.provider_id = pretended.provider_id,
          .addresses = {{"Hostname", pretended.name}, {"InternalIP", pretended.address}},
          .failure_domain = machine.failure_domain()};
}

// Whoever gave the endpoint a name of another address has that forwarded here.
std::string listen_address(const std::string& host) {
  return host.starts_with("127.") ? host : "127.0.0.1";
}

sdk::Status status_of(const Result<void>& result) {
  if (result.ok()) return {};
  return to_sdk(result.error());
}

}  // namespace

MemoryMachine::MemoryMachine(sdk::Host& host, Clock& clock)
    : InfraMachine({.kind = kKind,
                    .finalizer = "devmachine.infrastructure.cluster.x-k8s.io",
                    .contract = sdk::Contract::kV1Beta2,
                    .workers_wait_for_control_plane = false,
                    .resync = sdk::Milliseconds::zero(),
                    // Each wait asks for its own, exact time.
                    .poll = std::chrono::hours(24)}),
      host_(host),
      clock_(clock) {}

sdk::Expected<std::optional<sdk::Instance>> MemoryMachine::find(
    const sdk::MachineContext& machine) {
  std::string started = sdk::annotation_of(machine.object(), kStartedAt);
  if (started.empty() && sdk::bool_at(machine.status(), "initialization/provisioned")) {
    started = sdk::string_at(machine.object(), "metadata/creationTimestamp");
  }
  if (started.empty()) return std::optional<sdk::Instance>();
  const Result<Instant> begin = parse_time(started);
  if (!begin.ok()) {
    return sdk::Error::invalid("annotation " + std::string(kStartedAt) + " is no time: " + started,
                               "/metadata/annotations");
  }
  return std::optional(CAPSTAN_TRY(look(machine, *begin)));
}

sdk::Step<sdk::Instance> MemoryMachine::create(const sdk::MachineContext& machine,
                                               const sdk::BootstrapData&) {
  const Instant now = clock_.now();
  machine.reply().annotation(kStartedAt, format_micro_time(now));
  sdk::Instance instance = CAPSTAN_TRY(look(machine, now));
  if (!instance.ready) {
    return sdk::InProgress{instance.reason, instance.message, std::chrono::hours(24)};
  }
  return instance;
}

sdk::Step<sdk::Done> MemoryMachine::remove(const sdk::MachineContext& machine) {
  if (const auto cluster = world_->find({machine.ns(), machine.cluster_name()})) {
    cluster->remove_machine(machine.name());
  }
  return sdk::Done{};
}

sdk::Expected<sdk::Instance> MemoryMachine::look(const sdk::MachineContext& machine,
                                                 Instant begin) {
  const Json* backend = sdk::find_at(machine.object(), "spec/backend/inMemory");
  const auto startup =
      plan_startup(backend == nullptr ? Json::object() : *backend, machine.uid(), begin);
  if (!startup.ok()) return to_sdk(startup.error(), "InvalidStartup");
  const PretendedMachine pretended = pretend(machine);
  sdk::Instance instance = instance_of(machine, pretended);
  if (is_due(machine, startup->vm)) {
    CAPSTAN_TRY(start_parts(machine, pretended, *startup));
  } else {
    instance.ready = false;
    instance.reason = "VMProvisioning";
    instance.message = "the pretended machine starts";
  }
  return instance;
}

sdk::Status MemoryMachine::start_parts(const sdk::MachineContext& machine,
                                       const PretendedMachine& pretended, const Startup& startup) {
  if (!is_due(machine, startup.node)) return {};
  auto found = world_->cluster({machine.ns(), machine.cluster_name()});
  if (!found.ok()) return to_sdk(found.error());
  PretendedCluster& cluster = **found;
  CAPSTAN_TRY(status_of(cluster.add_node(pretended, startup.node)));
  if (!pretended.control_plane || !is_due(machine, startup.etcd)) return {};
  CAPSTAN_TRY(start_etcd(machine, pretended, cluster, startup.etcd));
  if (!is_due(machine, startup.api_server)) return {};
  return start_api_server(machine, pretended, cluster, startup.api_server);
}

sdk::Status MemoryMachine::start_etcd(const sdk::MachineContext& machine,
                                      const PretendedMachine& pretended, PretendedCluster& cluster,
                                      Instant since) {
  if (sdk::annotation_of(machine.object(), kEtcdMember) == kRemoved) {
    cluster.etcd().mark_removed(pretended.name);
  } else if (cluster.etcd().was_removed(pretended.name)) {
    machine.reply().annotation(kEtcdMember, kRemoved);
  }
  if (!cluster.has_etcd(pretended.name)) {
    cluster.on_member_removed([&host = host_, ns = machine.ns()](const std::string& node) {
      host.wake().wake(kApiVersion, kKind, ns, node);
    });
    CAPSTAN_TRY(
        status_of(cluster.add_etcd(pretended, CAPSTAN_TRY(authority(machine, "etcd")), since)));
  }
  cluster.etcd().set_state(pretended.name, wanted_state(machine));
  return {};
}

sdk::Status MemoryMachine::start_api_server(const sdk::MachineContext& machine,
                                            const PretendedMachine& pretended,
                                            PretendedCluster& cluster, Instant since) {
  if (cluster.has_api_server(pretended.name)) return {};
  const int64_t port = sdk::int_at(*machine.cluster(), "spec/controlPlaneEndpoint/port");
  if (port < 1 || port > 65535) {
    return sdk::Error::failed_precondition(
        "Cluster spec.controlPlaneEndpoint has no port to listen on");
  }
  const ApiServerPlace place{
      listen_address(sdk::string_at(*machine.cluster(), "spec/controlPlaneEndpoint/host")),
      static_cast<uint16_t>(port), CAPSTAN_TRY(authority(machine, "ca"))};
  return status_of(cluster.add_api_server(pretended, place, since));
}

sdk::Expected<KeyPair> MemoryMachine::authority(const sdk::MachineContext& machine,
                                                const char* suffix) {
  const std::string name = machine.cluster_name() + "-" + suffix;
  const Json secret = CAPSTAN_TRY(host_.objects().get("v1", "Secret", machine.ns(), name));
  KeyPair pair{sdk::base64_decode(sdk::string_at(secret, "data/tls.crt")),
               sdk::base64_decode(sdk::string_at(secret, "data/tls.key"))};
  if (pair.certificate_pem.empty() || pair.key_pem.empty()) {
    return sdk::Error::failed_precondition("Secret " + machine.ns() + "/" + name +
                                           " has no tls.crt and tls.key");
  }
  return pair;
}

bool MemoryMachine::is_due(const sdk::MachineContext& machine, Instant time) {
  const Duration left = time - clock_.now();
  if (left <= Duration::zero()) return true;
  machine.reply().requeue_after(std::chrono::ceil<sdk::Milliseconds>(left));
  return false;
}

}  // namespace capstan::memory
