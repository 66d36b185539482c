#include "plugins/docker/machine/machine.h"

#include "plugins/docker/cloudinit/kubeadm_adapt.h"
#include "plugins/docker/labels.h"
#include "plugins/docker/machine/inotify_hint.h"
#include "plugins/docker/machine/node_image.h"

namespace capstan::docker {
namespace {

using sdk::bool_at;
using sdk::BootstrapData;
using sdk::Code;
using sdk::Done;
using sdk::Expected;
using sdk::find_at;
using sdk::InProgress;
using sdk::Instance;
using sdk::MachineContext;
using sdk::Step;
using sdk::string_at;

constexpr const char* kContainerProvisioned = "ContainerProvisioned";
constexpr const char* kBootstrapExecSucceeded = "BootstrapExecSucceeded";
constexpr Milliseconds kSoon{300};

std::string provider_id(const std::string& container) {
  return "docker:////" + container;
}

void say(const MachineContext& machine, const char* type, const char* status, std::string reason,
         std::string message = "") {
  machine.reply().condition({type, status, std::move(reason), std::move(message)});
}

// The condition of a step: true when it is done, else why not.
void say_step(const MachineContext& machine, const char* type, const Step<Done>& step,
              const char* failure) {
  if (step.done()) return say(machine, type, "True", type);
  if (step.in_progress()) {
    return say(machine, type, "False", step.wait().reason, step.wait().message);
  }
  const Error& error = step.error();
  say(machine, type, "False", error.reason.empty() ? failure : error.reason, error.summary);
}

std::vector<std::string> texts(const Json& spec, const char* name) {
  std::vector<std::string> out;
  const Json* list = find_at(spec, name);
  if (list == nullptr || !list->is_array()) return out;
  for (const Json& item : *list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

std::string not_running(const Container& container) {
  const std::string what =
      "container " + container.name + " is " + container.state + " (" + container.status + "); ";
  const std::string hint = container.state == "restarting" ? inotify_hint() : "";
  if (!hint.empty()) return what + hint;
  return what + "docker logs " + container.name + " tells more, docker start " + container.name +
         " starts it";
}

}  // namespace

DockerMachines::DockerMachines(const std::string& kind, std::string spec_path,
                               const std::string& finalizer)
    : InfraMachine({.kind = kind, .finalizer = finalizer}), spec_path_(std::move(spec_path)) {}

const Json& DockerMachines::spec(const MachineContext& machine) const {
  static const Json kEmpty = Json::object();
  const Json* found = find_at(machine.spec(), spec_path_);
  return found == nullptr ? kEmpty : *found;
}

Expected<std::vector<Container>> DockerMachines::containers(const MachineContext& machine) {
  return list_containers(backend->engine, {{kUidLabel, machine.uid()}});
}

Instance DockerMachines::instance_of(const MachineContext& machine,
                                     const Container& container) const {
  const std::string address = container.address(backend->settings.network);
  Instance out;
  out.provider_id = provider_id(container.name);
  out.addresses = {{"Hostname", container.name}};
  if (!address.empty()) {
    out.addresses.push_back({"InternalIP", address});
    out.addresses.push_back({"ExternalIP", address});
  }
  out.failure_domain = machine.failure_domain();
  out.ready = container.state == "running" && !address.empty();
  if (out.ready) {
    say(machine, kContainerProvisioned, "True", kContainerProvisioned);
  } else {
    out.reason = "ContainerNotRunning";
    out.message = not_running(container);
    say(machine, kContainerProvisioned, "False", out.reason, out.message);
  }
  return out;
}

Expected<std::optional<Instance>> DockerMachines::find(const MachineContext& machine) {
  const auto found = CAPSTAN_TRY(containers(machine));
  // One that was made and not started is create()'s to go on with.
  if (found.empty() || found.front().state == "created") return std::optional<Instance>();
  return std::optional(instance_of(machine, found.front()));
}

Expected<std::string> DockerMachines::make_container(const NodeContainer& node) {
  auto made =
      create_container(backend->engine, node.name, node_container_config(node, backend->settings));
  if (made.code() != Code::kConflict) return made;
  // One of ours would have been found by its label, were it not for one that is made at this
  // moment.
  const auto present = CAPSTAN_TRY(inspect_container(backend->engine, node.name));
  if (!present || present->label(kUidLabel) == node.labels.at(kUidLabel)) {
    return Error::unavailable("the engine still makes container " + node.name)
        .with_reason("ContainerStarting")
        .with_retry_after(kSoon);
  }
  return Error::make(Code::kConflict,
                     "container " + node.name + " exists and is not of this machine",
                     "Remove it: docker rm -f " + node.name + ".")
      .with_reason("NameTaken");
}

// A container cannot be changed, so one that is refused its rights is made again with fewer.
Step<Done> DockerMachines::start_or_fall_back(const std::string& id) {
  auto started = start_container(backend->engine, id);
  if (started.ok()) return Done{};
  const bool may_fall_back =
      backend->settings.privileged == PrivilegedMode::kAuto && backend->privileged;
  if (!refuses_privileged(started.error())) return std::move(started).error();
  if (!may_fall_back) {
    Error error = std::move(started).error();
    error.detail =
        "The engine may not give these rights; the setting `privileged: auto` or `never` "
        "asks for fewer.";
    return error;
  }
  backend->privileged = false;
  backend->host.log().info("the engine may not start privileged containers; using capabilities",
                           {{"host", backend->engine.host()}});
  CAPSTAN_TRY(remove_container(backend->engine, id));
  return InProgress{"ContainerStarting", "made again without privileged", Milliseconds(1)};
}

Step<Done> DockerMachines::run_container(const MachineContext& machine) {
  const std::string role = machine.control_plane() ? kControlPlaneRole : kWorkerRole;
  NodeContainer node;
  node.name = machine.machine_name();
  node.image = CAPSTAN_TRY(node_image(backend->engine, backend->settings,
                                      string_at(spec(machine), "customImage"), machine.version()));
  node.control_plane = machine.control_plane();
  node.privileged = backend->privileged;
  node.mounts = read_mounts(spec(machine));
  node.labels = labels_of({machine.uid(), machine.ns(), machine.cluster_name(), role});
  node.labels[kMachineLabel] = machine.machine_name();
  if (!machine.failure_domain().empty()) {
    node.labels[kFailureDomainLabel] = machine.failure_domain();
  }
  const auto existing = CAPSTAN_TRY(containers(machine));
  if (!existing.empty()) return start_or_fall_back(existing.front().id);
  const auto image = backend->puller.ensure(node.image);
  if (!image.done()) return image;
  return start_or_fall_back(CAPSTAN_TRY(make_container(node)));
}

Step<Instance> DockerMachines::create(const MachineContext& machine, const BootstrapData& data) {
  // What cannot be run is refused before anything is made.
  CAPSTAN_TRY(node_bootstrap(machine, data));
  const auto running = run_container(machine);
  say_step(machine, kContainerProvisioned, running, "ContainerFailed");
  if (running.failed()) return running.error();
  if (running.in_progress()) return running.wait();
  const auto found = CAPSTAN_TRY(containers(machine));
  if (found.empty()) return InProgress{"ContainerStarting", "waiting for the container", kSoon};
  return instance_of(machine, found.front());
}

Expected<NodeBootstrap> DockerMachines::node_bootstrap(const MachineContext& machine,
                                                       const BootstrapData& data) const {
  if (data.format != "cloud-config") {
    return Error::invalid("bootstrap data of format \"" + data.format +
                          "\" cannot be run in a container; use cloud-config")
        .with_reason("BootstrapDataInvalid");
  }
  NodeBootstrap out;
  out.node = machine.machine_name();
  auto parsed = parse_user_data(data.value, {out.node});
  if (!parsed.ok()) {
    return std::move(parsed)
        .error()
        .with_context("Secret " + data.secret_name)
        .with_reason("BootstrapDataInvalid");
  }
  out.data = *std::move(parsed);
  adapt_kubeadm(provider_id(out.node), out.data);
  out.images = texts(spec(machine), "preLoadImages");
  const auto timeout = parse_duration(string_at(spec(machine), "bootstrapTimeout"));
  if (timeout) out.timeout = *timeout;
  return out;
}

// kubeadm reaches the API through the balancer, on the first control plane too: so it must know the
// machine before its bootstrap data runs.
Step<Done> DockerMachines::tell_balancer(const MachineContext& machine) {
  if (!machine.control_plane()) return Done{};
  if (!CAPSTAN_TRY(backend->balancers.update(machine.ns(), machine.cluster_name()))) {
    return InProgress{"WaitingForLoadBalancer",
                      "waiting for the load balancer of cluster " + machine.cluster_name(),
                      std::chrono::seconds(1)};
  }
  // Only DockerMachine has the field.
  if (spec_path_.empty()) machine.reply().status("loadBalancerConfigured", true);
  return Done{};
}

Step<Done> DockerMachines::bootstrap(const MachineContext& machine, const Instance&,
                                     const BootstrapData& data) {
  const auto node = CAPSTAN_TRY(node_bootstrap(machine, data));
  const auto state = CAPSTAN_TRY(bootstrap_state(backend->engine, node.node));
  Step<Done> step = Done{};
  if (state.started) {
    step = bootstrap_progress(state, node, backend->host.clock().unix_nanos() / 1'000'000'000);
  } else {
    step = tell_balancer(machine);
    if (step.done()) {
      for (const std::string& section : node.data.ignored) {
        machine.reply().event("BootstrapDataIgnored",
                              "section `" + section +
                                  "` of the user data has no meaning in a "
                                  "container and is left out",
                              "Warning");
      }
      step = start_bootstrap(*backend, node);
    }
  }
  say_step(machine, kBootstrapExecSucceeded, step, "BootstrapFailed");
  return step;
}

Expected<bool> DockerMachines::may_still_appear(const MachineContext& machine) {
  if (bool_at(machine.status(), "initialization/provisioned") ||
      sdk::condition_is_true(machine.object(), kContainerProvisioned)) {
    return false;  // it was seen, and is gone
  }
  const bool begun = machine.machine() == nullptr ||
                     !string_at(*machine.machine(), "spec/bootstrap/dataSecretName").empty();
  if (!begun) return false;
  const auto image = node_image(backend->engine, backend->settings,
                                string_at(spec(machine), "customImage"), machine.version());
  const std::string role = machine.control_plane() ? kControlPlaneRole : kWorkerRole;
  // Without its Machine the version is not known; any image that is there will do.
  return is_being_made(backend->engine, machine.machine_name(),
                       image.ok() ? *image : backend->settings.load_balancer_image,
                       labels_of({machine.uid(), machine.ns(), machine.cluster_name(), role}));
}

Step<Done> DockerMachines::remove(const MachineContext& machine) {
  // First out of the balancer, so that it sends nobody to a machine that goes away.
  if (machine.control_plane()) {
    CAPSTAN_TRY(backend->balancers.update(machine.ns(), machine.cluster_name(), machine.uid()));
  }
  const auto found = CAPSTAN_TRY(containers(machine));
  for (const Container& container : found) {
    if (container.state == "removing") continue;
    auto removed = remove_container(backend->engine, container.id);
    // Somebody, maybe a call of ours that was given up, removes it at this moment.
    if (!removed.ok() && removed.code() != Code::kConflict) return std::move(removed).error();
  }
  if (!found.empty() && !CAPSTAN_TRY(containers(machine)).empty()) {
    return InProgress{"Deleting", "waiting for the engine to remove the container", kSoon};
  }
  if (found.empty() && CAPSTAN_TRY(may_still_appear(machine))) {
    return InProgress{"Deleting", "waiting for the container that the engine still makes", kSoon};
  }
  CAPSTAN_TRY(backend->network.remove_unused());
  return Done{};
}

}  // namespace capstan::docker
