#include "plugins/kubeadm/control_plane/machines.h"

#include <algorithm>
#include <map>

#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/control_plane/certificate_expiry.h"
#include "plugins/kubeadm/control_plane/remediation.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/times.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::find_at;
using sdk::Status;
using sdk::string_at;

// Conditions of this provider that a control plane Machine's Ready waits for.
constexpr const char* kGates[] = {"APIServerPodHealthy", "ControllerManagerPodHealthy",
                                  "SchedulerPodHealthy", "NodeKubeadmLabelsAndTaintsSet"};
constexpr const char* kEtcdGates[] = {"EtcdPodHealthy", "EtcdMemberHealthy"};

uint64_t hash(std::string_view text) {
  uint64_t value = 14695981039346656037ULL;
  for (const unsigned char c : text) value = (value ^ c) * 1099511628211ULL;
  return value;
}

// `attempt` counts names that were not free.
std::string machine_name(const ControlPlane& plane, int attempt) {
  constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::vector<std::string> uids;
  for (const ControlPlaneMachine& machine : plane.machines) uids.push_back(machine.uid());
  std::sort(uids.begin(), uids.end());
  std::string seed = plane.request.uid();
  for (const std::string& uid : uids) seed += "/" + uid;
  if (attempt > 0) seed += "#" + std::to_string(attempt);
  uint64_t value = hash(seed);
  std::string random;
  for (int i = 0; i < 5; ++i, value /= kAlphabet.size())
    random += kAlphabet[value % kAlphabet.size()];
  std::string name = string_at(plane.object, "spec/machineNaming/template",
                               "{{ .kubeadmControlPlane.name }}-{{ .random }}");
  const std::pair<std::string, std::string> variables[] = {
      {".kubeadmControlPlane.name", plane.request.name()},
      {".cluster.name", plane.cluster_name},
      {".random", random}};
  for (const auto& [variable, text] : variables) {
    for (size_t at = name.find(variable); at != std::string::npos; at = name.find(variable)) {
      const size_t open = name.rfind("{{", at);
      const size_t close = name.find("}}", at);
      if (open == std::string::npos || close == std::string::npos) break;
      name.replace(open, close + 2 - open, text);
    }
  }
  // A name is at most 63 long, with the random part whole.
  if (name.size() > 63) name = name.substr(0, 58) + random;
  return name;
}

Json common_labels(const ControlPlane& plane) {
  const Json* extra = find_at(plane.object, "spec/machineTemplate/metadata/labels");
  Json labels = extra == nullptr ? Json::object() : *extra;
  labels[std::string(sdk::kClusterNameLabel)] = plane.cluster_name;
  labels[std::string(sdk::kControlPlaneLabel)] = "";
  labels[kControlPlaneNameLabel] = plane.request.name();
  return labels;
}

Json common_annotations(const ControlPlane& plane) {
  const Json* extra = find_at(plane.object, "spec/machineTemplate/metadata/annotations");
  return extra == nullptr ? Json::object() : *extra;
}

// Before the Machine is there to own them, the control plane does, so that nothing is left behind.
Json made_metadata(const ControlPlane& plane, const std::string& name) {
  return {{"name", name},
          {"namespace", plane.ns},
          {"labels", common_labels(plane)},
          {"annotations", common_annotations(plane)},
          {"ownerReferences", Json::array({plane.reply.owner_reference(false)})}};
}

sdk::Expected<Json> infra_template(const ControlPlane& plane) {
  const Json* ref = find_at(plane.object, "spec/machineTemplate/spec/infrastructureRef");
  if (ref == nullptr) {
    return Error::invalid("spec.machineTemplate.spec.infrastructureRef is missing",
                          "/spec/machineTemplate/spec/infrastructureRef");
  }
  const std::string kind = string_at(*ref, "kind");
  const std::string name = string_at(*ref, "name");
  sdk::Expected<Json> found =
      plane.host.objects().get(string_at(*ref, "apiGroup") + "/", kind, plane.ns, name);
  if (found.ok()) return found;
  return Error::unavailable("infrastructure template " + kind + " " + plane.ns + "/" + name +
                            " is not there: " + found.error().summary);
}

sdk::Expected<Json> infra_machine(const ControlPlane& plane, const std::string& name) {
  const sdk::Expected<Json> found = infra_template(plane);
  if (!found.ok()) return found.error();
  const std::string kind = string_at(*found, "kind");
  const std::string template_name = string_at(*found, "metadata/name");
  const std::string group =
      string_at(plane.object, "spec/machineTemplate/spec/infrastructureRef/apiGroup");
  const Json* spec = find_at(*found, "spec/template/spec");
  Json metadata = made_metadata(plane, name);
  for (const char* map : {"labels", "annotations"}) {
    if (const Json* extra = find_at(*found, std::string("spec/template/metadata/") + map)) {
      Json merged = *extra;
      merged.update(metadata[map]);
      metadata[map] = std::move(merged);
    }
  }
  metadata["annotations"][kClonedFromName] = template_name;
  metadata["annotations"][kClonedFromKind] = kind + "." + group;
  return Json{{"apiVersion", string_at(*found, "apiVersion")},
              {"kind", kind.substr(0, kind.size() - std::string("Template").size())},
              {"metadata", std::move(metadata)},
              {"spec", spec == nullptr ? Json::object() : *spec}};
}

// What the KubeadmConfig of a machine is to hold: the first one initializes, the others join.
Json config_spec(const ControlPlane& plane, bool joins) {
  Json spec = plane.config_spec() == nullptr ? Json::object() : *plane.config_spec();
  spec.erase(joins ? "initConfiguration" : "joinConfiguration");
  if (joins && find_at(spec, "joinConfiguration/controlPlane") == nullptr) {
    spec["joinConfiguration"]["controlPlane"] = Json::object();
  }
  return spec;
}

Json machine_spec(const ControlPlane& plane, const std::string& name, const Json& infra,
                  const std::string& failure_domain) {
  const Json* from = find_at(plane.object, "spec/machineTemplate/spec");
  Json spec = {
      {"clusterName", plane.cluster_name},
      {"version", plane.version()},
      {"bootstrap",
       {{"configRef",
         {{"apiGroup", "bootstrap.cluster.x-k8s.io"}, {"kind", "KubeadmConfig"}, {"name", name}}}}},
      {"infrastructureRef",
       {{"apiGroup", find_at(*from, "infrastructureRef/apiGroup")->get<std::string>()},
        {"kind", string_at(infra, "kind")},
        {"name", name}}}};
  for (const char* member : {"deletion", "taints"}) {
    if (const Json* value = find_at(*from, member)) spec[member] = *value;
  }
  if (!failure_domain.empty()) spec["failureDomain"] = failure_domain;
  Json gates = Json::array();
  for (const char* gate : kGates) gates.push_back({{"conditionType", gate}});
  if (plane.stacked_etcd()) {
    for (const char* gate : kEtcdGates) gates.push_back({{"conditionType", gate}});
  }
  if (const Json* extra = find_at(*from, "readinessGates")) {
    for (const Json& gate : *extra) gates.push_back(gate);
  }
  spec["readinessGates"] = gates;
  return spec;
}

// The stored config without what was filled in later.
Json comparable(Json spec) {
  if (Json* join = spec.contains("joinConfiguration") ? &spec["joinConfiguration"] : nullptr) {
    join->erase("discovery");
    if (join->contains("controlPlane") && (*join)["controlPlane"].empty())
      join->erase("controlPlane");
    if (join->empty()) spec.erase("joinConfiguration");
  }
  // CoreDNS follows without new machines.
  if (spec.contains("clusterConfiguration")) spec["clusterConfiguration"].erase("dns");
  for (const char* name : {"initConfiguration", "clusterConfiguration"}) {
    if (spec.contains(name) && spec[name].empty()) spec.erase(name);
  }
  return spec;
}

std::string outdated_because(const ControlPlane& plane, const ControlPlaneMachine& machine) {
  const std::string version = string_at(*machine.machine, "spec/version");
  if (version != plane.version()) {
    return "Version " + version + ", " + plane.version() + " required";
  }
  const std::string wanted =
      string_at(plane.object, "spec/machineTemplate/spec/infrastructureRef/name");
  if (machine.infra.is_object() && sdk::annotation_of(machine.infra, kClonedFromName) != wanted) {
    return string_at(machine.infra, "kind") + " is not up-to-date";
  }
  if (machine.config != nullptr) {
    const Json* spec = find_at(*machine.config, "spec");
    const Json actual = spec == nullptr ? Json::object() : *spec;
    // kubeadm init and join leave different halves of the same specification.
    const bool joins = actual.contains("joinConfiguration");
    if (comparable(actual) != comparable(config_spec(plane, joins))) {
      return "KubeadmConfig is not up-to-date";
    }
  }
  const auto after = unix_seconds(string_at(plane.object, "spec/rollout/after"));
  const auto made = unix_seconds(string_at(*machine.machine, "metadata/creationTimestamp"));
  const auto now = unix_seconds(plane.request.now());
  if (after && made && now && *after <= *now && *made < *after) {
    return "KubeadmControlPlane spec.rollout.after expired";
  }
  if (certificates_end_soon(plane, machine)) return "Certificates will expire soon";
  return "";
}

// Whether something of this name is not what an interrupted create_machine made: of a Machine that
// went, things stay for a moment, and they go while the new Machine would rely on them.
bool is_taken(const ControlPlane& plane, const std::string& name) {
  const auto somebody_elses = [&](const Json& object) {
    const Json* owners = find_at(object, "metadata/ownerReferences");
    return owners == nullptr || std::none_of(owners->begin(), owners->end(), [&](const Json& o) {
             return string_at(o, "uid") == plane.request.uid();
           });
  };
  for (const Json& config : plane.request.related("configs")) {
    if (string_at(config, "metadata/name") == name && somebody_elses(config)) return true;
  }
  if (plane.host.objects().get("v1", "Secret", plane.ns, name).ok()) return true;
  const Json* ref = find_at(plane.object, "spec/machineTemplate/spec/infrastructureRef");
  if (ref == nullptr) return false;
  const std::string kind = string_at(*ref, "kind");
  const sdk::Expected<Json> infra = plane.host.objects().get(
      string_at(*ref, "apiGroup") + "/",
      kind.substr(0, kind.size() - std::string("Template").size()), plane.ns, name);
  return infra.ok() && somebody_elses(*infra);
}

sdk::Expected<std::string> free_name(const ControlPlane& plane) {
  constexpr int kAttempts = 20;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    std::string name = machine_name(plane, attempt);
    if (!is_taken(plane, name)) return name;
  }
  // spec.machineNaming.template may leave no choice.
  return Error::unavailable("a KubeadmConfig, Secret or infrastructure machine \"" +
                            machine_name(plane, 0) +
                            "\" of another Machine is still there; waiting for it to go");
}

}  // namespace

sdk::Status create_machine(ControlPlane& plane, const std::string& failure_domain) {
  const std::string name = CAPSTAN_TRY(free_name(plane));
  Json infra = CAPSTAN_TRY(infra_machine(plane, name));
  const bool joins = plane.initialized;
  Json metadata = made_metadata(plane, name);
  Json config = {{"apiVersion", kBootstrapApi}, {"kind", "KubeadmConfig"}, {"metadata", metadata}};
  // An empty one is no valid one.
  if (Json spec = config_spec(plane, joins); !spec.empty()) config["spec"] = std::move(spec);
  metadata["ownerReferences"] = Json::array({plane.reply.owner_reference()});
  metadata["annotations"][kCleanupHook] = "";
  const std::string remediation = take_remediation(plane);
  if (!remediation.empty()) metadata["annotations"][kRemediationFor] = remediation;
  Json machine = {{"apiVersion", kCoreApi},
                  {"kind", "Machine"},
                  {"metadata", std::move(metadata)},
                  {"spec", machine_spec(plane, name, infra, failure_domain)}};
  plane.reply.create(std::move(infra));
  plane.reply.create(std::move(config));
  plane.reply.create(std::move(machine));
  plane.reply.event("SuccessfulCreate", "Created control plane Machine " + name);
  return {};
}

void judge_machines(ControlPlane& plane) {
  for (ControlPlaneMachine& machine : plane.machines) {
    machine.outdated_because = outdated_because(plane, machine);
    machine.up_to_date = machine.outdated_because.empty();
  }
}

void propagate_in_place(ControlPlane& plane) {
  const Json* deletion = find_at(plane.object, "spec/machineTemplate/spec/deletion");
  for (const ControlPlaneMachine& machine : plane.machines) {
    if (machine.deleting()) continue;
    Json patch = Json::object();
    const auto add = [&](const char* map, const Json& wanted) {
      for (const auto& [key, value] : wanted.items()) {
        if (!sdk::has_metadata_entry(*machine.machine, map, key) ||
            sdk::metadata_entry(*machine.machine, map, key) != value) {
          patch["metadata"][map][key] = value;
        }
      }
    };
    add("labels", common_labels(plane));
    Json annotations = common_annotations(plane);
    annotations[kCleanupHook] = "";  // an adopted one has none yet
    add("annotations", annotations);
    if (deletion != nullptr) {
      for (const auto& [name, seconds] : deletion->items()) {
        const Json* current = find_at(*machine.machine, "spec/deletion/" + name);
        if (current == nullptr || *current != seconds) patch["spec"]["deletion"][name] = seconds;
      }
    }
    if (patch.empty()) continue;
    plane.reply.patch_other({kCoreApi, "Machine", plane.ns, machine.name(), machine.uid()}, patch);
  }
}

void adopt_template(ControlPlane& plane) {
  const sdk::Expected<Json> found = infra_template(plane);
  if (!found.ok()) return;  // making a machine says so
  const std::string uid = string_at(plane.cluster, "metadata/uid");
  const Json* present = find_at(*found, "metadata/ownerReferences");
  Json owners = present != nullptr && present->is_array() ? *present : Json::array();
  const bool owned = std::any_of(owners.begin(), owners.end(),
                                 [&](const Json& owner) { return string_at(owner, "uid") == uid; });
  if (owned) return;
  owners.push_back(
      {{"apiVersion", kCoreApi}, {"kind", "Cluster"}, {"name", plane.cluster_name}, {"uid", uid}});
  plane.reply.patch_other({string_at(*found, "apiVersion"), string_at(*found, "kind"), plane.ns,
                           string_at(*found, "metadata/name"), string_at(*found, "metadata/uid")},
                          {{"metadata", {{"ownerReferences", owners}}}});
}

std::string next_failure_domain(const ControlPlane& plane) {
  std::map<std::string, int> load;
  const Json* domains = find_at(plane.cluster, "status/failureDomains");
  if (domains == nullptr || !domains->is_array()) return "";
  for (const Json& domain : *domains) {
    if (sdk::bool_at(domain, "controlPlane")) load[string_at(domain, "name")] = 0;
  }
  for (const ControlPlaneMachine& machine : plane.machines) {
    const auto found = load.find(machine.failure_domain());
    if (found != load.end() && !machine.deleting()) ++found->second;
  }
  const auto least = std::min_element(
      load.begin(), load.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return least == load.end() ? "" : least->first;
}

}  // namespace capstan::kubeadm
