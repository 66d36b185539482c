#include "runtime/lifecycle/machine/drain.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/workload_api.h"
#include "runtime/lifecycle/machine/volumes.h"

namespace capstan::lifecycle {
namespace {

constexpr Duration kEvictionBudget = std::chrono::seconds(10);  // per call of drain()
constexpr size_t kMaxPods = 20'000;

std::string pod_name(const Json& pod) {
  return get_string(pod, {"metadata", "namespace"}) + "/" + get_string(pod, {"metadata", "name"});
}

void mention(const std::string& what, const std::vector<std::string>& names, std::string& message) {
  if (names.empty()) return;
  message += "\n* " + what + ": ";
  const size_t shown = std::min<size_t>(names.size(), 5);
  message += join({names.begin(), names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
  if (names.size() > shown) message += ", ... (" + std::to_string(names.size() - shown) + " more)";
}

std::vector<std::string> names_of(const std::vector<const Json*>& pods) {
  std::vector<std::string> names;
  for (const Json* pod : pods) names.push_back(pod_name(*pod));
  return names;
}

}  // namespace

bool node_unreachable(const Json* node) {
  return node != nullptr && find_condition(*node, "Ready") != nullptr &&
         is_condition_unknown(*node, "Ready");
}

Result<void> Drainer::cordon(const DrainRequest& request) {
  if (request.node == nullptr || get_bool(*request.node, {"spec", "unschedulable"})) return {};
  WorkloadRequest patch;
  patch.method = "PATCH";
  patch.path = "/api/v1/nodes/" + request.node_name;
  patch.content_type = "application/merge-patch+json";
  patch.body = R"({"spec":{"unschedulable":true}})";
  auto answer = call_workload(workload_, request.cluster, patch);
  if (!answer.ok() && answer.code() != Code::kNotFound) return std::move(answer).error();
  return {};
}

Result<std::vector<Json>> Drainer::pods_of(const DrainRequest& request) {
  std::vector<Json> pods;
  std::string next;
  do {
    WorkloadRequest list;
    list.path = "/api/v1/pods?fieldSelector=spec.nodeName%3D" + request.node_name + "&limit=100" +
                (next.empty() ? "" : "&continue=" + url_encode(next));
    Json answer = TRY(call_workload(workload_, request.cluster, list));
    if (Json& items = answer["items"]; items.is_array()) {
      for (Json& item : items) pods.push_back(std::move(item));
    }
    next = get_string(answer, {"metadata", "continue"});
  } while (!next.empty() && pods.size() < kMaxPods);
  return pods;
}

Result<std::map<std::string, Labels>> Drainer::namespaces(const DrainRequest& request) {
  std::map<std::string, Labels> all;
  bool needed = false;
  for (const DrainRule& rule : request.rules) needed |= rule.needs_namespaces();
  if (!needed) return all;
  const Json list = TRY(get_workload(workload_, request.cluster, "/api/v1/namespaces"));
  const Json* items = find(list, {"items"});
  if (items == nullptr || !items->is_array()) return all;
  for (const Json& item : *items) {
    Labels& labels = all[get_string(item, {"metadata", "name"})];
    const Json* map = find(item, {"metadata", "labels"});
    if (map == nullptr || !map->is_object()) continue;
    for (const auto& [key, value] : map->items()) {
      if (value.is_string()) labels[key] = value.get<std::string>();
    }
  }
  return all;
}

// Gives why the pod was not evicted; "" where it was, or is gone.
Result<std::string> Drainer::evict(const DrainRequest& request, const Json& pod, bool unreachable) {
  const std::string ns = get_string(pod, {"metadata", "namespace"});
  const std::string name = get_string(pod, {"metadata", "name"});
  Json options = {{"preconditions", {{"uid", get_string(pod, {"metadata", "uid"})}}}};
  if (unreachable) options["gracePeriodSeconds"] = 1;
  const Json eviction = {{"apiVersion", "policy/v1"},
                         {"kind", "Eviction"},
                         {"metadata", {{"name", name}, {"namespace", ns}}},
                         {"deleteOptions", std::move(options)}};
  WorkloadRequest post;
  post.method = "POST";
  post.path = "/api/v1/namespaces/" + ns + "/pods/" + name + "/eviction";
  post.body = dump_json(eviction);
  auto answer = call_workload(workload_, request.cluster, post);
  if (answer.ok() || answer.code() == Code::kNotFound) return std::string();
  return answer.error().message;
}

Result<void> Drainer::evict_all(const DrainRequest& request, const DrainPlan& plan,
                                bool unreachable, std::string& message) {
  const MonotonicTime start = clock_.monotonic();
  std::vector<std::string> evicted;
  std::vector<std::string> refused;
  std::vector<std::string> not_tried;
  std::string refusal;
  for (const Json* pod : plan.evict) {
    if (clock_.monotonic() - start > kEvictionBudget) {
      not_tried.push_back(pod_name(*pod));
      continue;
    }
    const std::string why = TRY(evict(request, *pod, unreachable));
    (why.empty() ? evicted : refused).push_back(pod_name(*pod));
    if (!why.empty()) refusal = why;
  }
  mention("Pods that were evicted now", evicted, message);
  mention("Pods that could not be evicted (" + refusal + ")", refused, message);
  mention("Pods that are evicted next time", not_tried, message);
  return {};
}

Result<DrainProgress> Drainer::drain(const DrainRequest& request) {
  TRY(cordon(request));
  const std::vector<Json> pods = TRY(pods_of(request));
  const auto namespace_labels = TRY(namespaces(request));
  const bool unreachable = node_unreachable(request.node);
  const DrainPlan plan =
      plan_drain(pods, {request.rules, namespace_labels, unreachable, clock_.now()});
  if (plan.done()) return DrainProgress{.done = true};

  DrainProgress progress{.message = "Drain not completed yet:"};
  TRY(evict_all(request, plan, unreachable, progress.message));
  mention("Pods that are terminating", names_of(plan.terminating), progress.message);
  mention("Pods that are waited for to complete", names_of(plan.completing), progress.message);
  mention("Pods that are evicted later", names_of(plan.later), progress.message);
  return progress;
}

// Takes away the volumes of pods that drain leaves alone: nobody detaches those.
Result<void> Drainer::exempt_volumes(const DrainRequest& request, std::set<std::string>& attached,
                                     std::set<std::string>& persistent) {
  const std::vector<Json> pods = TRY(pods_of(request));
  const auto namespace_labels = TRY(namespaces(request));
  const DrainCircumstances circumstances{request.rules, namespace_labels, false, clock_.now()};
  for (const Json& pod : pods) {
    if (!drain_skips(pod, circumstances)) continue;
    for (const std::string& claim : claims_of(pod)) {
      auto found = get_workload(workload_, request.cluster, claim);
      if (!found.ok()) continue;
      const std::string volume = get_string(*found, {"spec", "volumeName"});
      persistent.erase(volume);
      auto object = get_workload(workload_, request.cluster, "/api/v1/persistentvolumes/" + volume);
      if (object.ok()) attached.erase(attached_name(*object));
    }
  }
  return {};
}

Result<DrainProgress> Drainer::wait_for_volumes(const DrainRequest& request) {
  if (request.node == nullptr || node_unreachable(request.node)) return DrainProgress{.done = true};
  std::set<std::string> attached = volumes_in_use(*request.node);
  const Json attachments =
      TRY(get_workload(workload_, request.cluster, "/apis/storage.k8s.io/v1/volumeattachments"));
  std::set<std::string> waiting = attached_volumes(attachments, request.node_name);
  if (!attached.empty() || !waiting.empty()) TRY(exempt_volumes(request, attached, waiting));
  waiting.insert(attached.begin(), attached.end());
  if (waiting.empty()) return DrainProgress{.done = true};
  DrainProgress progress{.message = "Waiting for Node volumes to be detached:"};
  mention("Volumes", {waiting.begin(), waiting.end()}, progress.message);
  return progress;
}

Result<void> Drainer::delete_node(const ClusterName& cluster, const std::string& node_name) {
  WorkloadRequest request;
  request.method = "DELETE";
  request.path = "/api/v1/nodes/" + node_name;
  auto answer = call_workload(workload_, cluster, request);
  if (!answer.ok() && answer.code() != Code::kNotFound) return std::move(answer).error();
  return {};
}

}  // namespace capstan::lifecycle
