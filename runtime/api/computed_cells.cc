#include "runtime/api/computed_cells.h"

#include <array>

#include "runtime/base/text.h"
#include "runtime/object/conditions.h"

namespace capstan {
namespace {

using CellFunction = Json (*)(const Json& object, Instant now);

int64_t size_of(const Json& object, std::initializer_list<std::string_view> path) {
  const Json* value = find(object, path);
  return value != nullptr && value->is_structured() ? static_cast<int64_t>(value->size()) : 0;
}

const Json& list_of(const Json& object, std::initializer_list<std::string_view> path) {
  static const Json kNone = Json::array();
  const Json* value = find(object, path);
  return value != nullptr && value->is_array() ? *value : kNone;
}

std::string age_of(const std::string& time, Instant now) {
  const auto parsed = parse_time(time);
  return parsed.ok() ? format_age(now - *parsed) : "<unknown>";
}

std::string first_of(const Json& object,
                     std::initializer_list<std::initializer_list<std::string_view>> paths) {
  for (const auto& path : paths) {
    std::string value = get_string(object, path);
    if (!value.empty()) return value;
  }
  return "";
}

std::string event_first_time(const Json& event) {
  return first_of(event, {{"firstTimestamp"}, {"deprecatedFirstTimestamp"}, {"eventTime"}});
}

Json data_count(const Json& object, Instant) {
  return size_of(object, {"data"}) + size_of(object, {"binaryData"});
}

Json secrets_count(const Json& object, Instant) {
  return size_of(object, {"secrets"});
}

Json event_count(const Json& event, Instant) {
  const int64_t series = get_int(event, {"series", "count"});
  const int64_t count = get_int(event, {"count"}, get_int(event, {"deprecatedCount"}));
  return std::max<int64_t>({series, count, 1});
}

Json event_first_seen(const Json& event, Instant now) {
  return age_of(event_first_time(event), now);
}

Json event_last_seen(const Json& event, Instant now) {
  const std::string last = first_of(
      event, {{"series", "lastObservedTime"}, {"lastTimestamp"}, {"deprecatedLastTimestamp"}});
  const std::string first = event_first_time(event);
  const int64_t count = event_count(event, now).get<int64_t>();
  if (count <= 1) return age_of(last.empty() ? first : last, now);
  return age_of(last.empty() ? first : last, now) + " (x" + std::to_string(count) + " over " +
         age_of(first, now) + ")";
}

Json event_object(const Json& event, Instant) {
  const Json* object = find(event, {"involvedObject"});
  if (object == nullptr) object = find(event, {"regarding"});
  if (object == nullptr) return nullptr;
  return to_lower(get_string(*object, {"kind"})) + "/" + get_string(*object, {"name"});
}

Json event_source(const Json& event, Instant) {
  const std::string component = first_of(event, {{"source", "component"},
                                                 {"deprecatedSource", "component"},
                                                 {"reportingComponent"},
                                                 {"reportingController"}});
  const std::string host = get_string(event, {"source", "host"});
  return host.empty() ? component : component + ", " + host;
}

Json binding_role(const Json& binding, Instant) {
  return get_string(binding, {"roleRef", "kind"}) + "/" + get_string(binding, {"roleRef", "name"});
}

Json deployment_ready(const Json& deployment, Instant) {
  return std::to_string(get_int(deployment, {"status", "readyReplicas"})) + "/" +
         std::to_string(get_int(deployment, {"spec", "replicas"}));
}

Json node_status(const Json& node, Instant) {
  std::string status = is_condition_true(node, "Ready")           ? "Ready"
                       : find_condition(node, "Ready") == nullptr ? "Unknown"
                                                                  : "NotReady";
  if (get_bool(node, {"spec", "unschedulable"})) status += ",SchedulingDisabled";
  return status;
}

Json node_roles(const Json& node, Instant) {
  constexpr std::string_view kPrefix = "node-role.kubernetes.io/";
  std::vector<std::string> roles;
  const Json* labels = find(node, {"metadata", "labels"});
  if (labels != nullptr && labels->is_object()) {
    for (const auto& [key, value] : labels->items()) {
      if (key.starts_with(kPrefix) && key.size() > kPrefix.size()) {
        roles.push_back(key.substr(kPrefix.size()));
      }
    }
  }
  return roles.empty() ? "<none>" : join(roles, ",");
}

Json pod_ready(const Json& pod, Instant) {
  int64_t ready = 0;
  for (const Json& container : list_of(pod, {"status", "containerStatuses"})) {
    if (get_bool(container, {"ready"})) ++ready;
  }
  return std::to_string(ready) + "/" + std::to_string(size_of(pod, {"spec", "containers"}));
}

Json pod_status(const Json& pod, Instant) {
  if (!get_string(pod, {"metadata", "deletionTimestamp"}).empty()) return "Terminating";
  for (const Json& container : list_of(pod, {"status", "containerStatuses"})) {
    for (const char* state : {"waiting", "terminated"}) {
      const std::string reason = get_string(container, {"state", state, "reason"});
      if (!reason.empty()) return reason;
    }
  }
  return first_of(pod, {{"status", "reason"}, {"status", "phase"}});
}

Json pod_restarts(const Json& pod, Instant) {
  int64_t restarts = 0;
  for (const Json& container : list_of(pod, {"status", "containerStatuses"})) {
    restarts += get_int(container, {"restartCount"});
  }
  return std::to_string(restarts);
}

Json service_external_ip(const Json& service, Instant) {
  std::vector<std::string> addresses;
  for (const Json& ingress : list_of(service, {"status", "loadBalancer", "ingress"})) {
    std::string address = first_of(ingress, {{"ip"}, {"hostname"}});
    if (!address.empty()) addresses.push_back(std::move(address));
  }
  if (!addresses.empty()) return join(addresses, ",");
  return get_string(service, {"spec", "type"}) == "LoadBalancer" ? "<pending>" : "<none>";
}

Json service_ports(const Json& service, Instant) {
  std::vector<std::string> ports;
  for (const Json& port : list_of(service, {"spec", "ports"})) {
    std::string text = std::to_string(get_int(port, {"port"}));
    const int64_t node_port = get_int(port, {"nodePort"});
    if (node_port != 0) text += ":" + std::to_string(node_port);
    ports.push_back(text + "/" + get_string(port, {"protocol"}, "TCP"));
  }
  return ports.empty() ? "<none>" : join(ports, ",");
}

Json endpoints(const Json& object, Instant) {
  constexpr size_t kShown = 3;
  std::vector<std::string> addresses;
  for (const Json& subset : list_of(object, {"subsets"})) {
    for (const Json& address : list_of(subset, {"addresses"})) {
      for (const Json& port : list_of(subset, {"ports"})) {
        addresses.push_back(get_string(address, {"ip"}) + ":" +
                            std::to_string(get_int(port, {"port"})));
      }
    }
  }
  if (addresses.empty()) return "<none>";
  if (addresses.size() <= kShown) return join(addresses, ",");
  const size_t more = addresses.size() - kShown;
  addresses.resize(kShown);
  return join(addresses, ",") + " + " + std::to_string(more) + " more...";
}

constexpr std::array<std::pair<std::string_view, CellFunction>, 17> kCells = {{
    {"data-count", data_count},
    {"secrets-count", secrets_count},
    {"event-count", event_count},
    {"event-first-seen", event_first_seen},
    {"event-last-seen", event_last_seen},
    {"event-object", event_object},
    {"event-source", event_source},
    {"binding-role", binding_role},
    {"deployment-ready", deployment_ready},
    {"node-status", node_status},
    {"node-roles", node_roles},
    {"pod-ready", pod_ready},
    {"pod-status", pod_status},
    {"pod-restarts", pod_restarts},
    {"service-external-ip", service_external_ip},
    {"service-ports", service_ports},
    {"endpoints", endpoints},
}};

}  // namespace

Json computed_cell(std::string_view name, const Json& object, Instant now) {
  for (const auto& [known, cell] : kCells) {
    if (known == name) return cell(object, now);
  }
  return nullptr;
}

}  // namespace capstan
