#include "plugins/memory/eviction.h"

#include <cmath>

#include "runtime/api/status.h"
#include "runtime/object/selector.h"

namespace capstan::memory {
namespace {

const GroupKind kPod{"", "Pod"};
const GroupKind kBudget{"policy", "PodDisruptionBudget"};

bool is_ready(const Object& pod) {
  const JsonPtr tree = pod.tree();
  const Json* conditions = find(*tree, {"status", "conditions"});
  if (conditions == nullptr || !conditions->is_array()) return false;
  return std::any_of(conditions->begin(), conditions->end(), [](const Json& condition) {
    return get_string(condition, {"type"}) == "Ready" &&
           get_string(condition, {"status"}) == "True";
  });
}

// A number, or a percentage of `total` rounded up.
int64_t amount(const Json& value, int64_t total) {
  if (value.is_number_integer()) return value.get<int64_t>();
  const double percent = value.is_string() ? std::atof(value.get<std::string>().c_str()) : 0;
  return static_cast<int64_t>(std::ceil(percent * static_cast<double>(total) / 100));
}

// How many of the budget's pods may go now.
int64_t allowed_disruptions(const Json& budget, int64_t total, int64_t healthy) {
  if (const Json* least = find(budget, {"spec", "minAvailable"})) {
    return healthy - amount(*least, total);
  }
  if (const Json* most = find(budget, {"spec", "maxUnavailable"})) {
    return healthy - (total - amount(*most, total));
  }
  return healthy;
}

// "" where no budget stands against it, else the budget's name.
std::string forbidding_budget(WatchCache& cache, const ObjectPtr& pod) {
  const std::string& ns = pod->meta().ns;
  if (!is_ready(*pod)) return "";
  const std::vector<ObjectPtr> pods = cache.list(kPod, {ns, {}}).items;
  for (const ObjectPtr& budget : cache.list(kBudget, {ns, {}}).items) {
    const JsonPtr tree = budget->tree();
    const Json* wanted = find(*tree, {"spec", "selector"});
    const auto selector = LabelSelector::from_json(wanted == nullptr ? Json() : *wanted);
    if (!selector.ok() || !selector->matches(pod->meta().labels)) continue;
    int64_t total = 0, healthy = 0;
    for (const ObjectPtr& other : pods) {
      if (!selector->matches(other->meta().labels)) continue;
      ++total;
      if (is_ready(*other)) ++healthy;
    }
    if (allowed_disruptions(*tree, total, healthy) < 1) return budget->meta().name;
  }
  return "";
}

HttpResponse refusal(const std::string& budget) {
  HttpResponse response = failure_response(
      429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
  Json status = Json::parse(response.content(), nullptr, false);
  if (status.is_object()) {
    status["details"] = {{"causes", Json::array({{{"reason", "DisruptionBudget"},
                                                  {"message", "The disruption budget " + budget +
                                                                  " does not allow it now"}}})}};
    response = json_response(429, status);
  }
  return response;
}

}  // namespace

void evict_pod(ResourceService& service, HttpExchange& exchange, const std::string& ns,
               const std::string& name) {
  const StatusSubject subject{"", "pods", name, ""};
  WatchCache& cache = service.cache();
  const ObjectPtr pod = cache.get({kPod, ns, name});
  if (pod == nullptr) {
    return exchange.respond(
        failure_response(Error::not_found("pods \"" + name + "\" not found"), subject));
  }
  const std::string budget = forbidding_budget(cache, pod);
  if (!budget.empty()) return exchange.respond(refusal(budget));
  const auto removed = service.remove({service.kinds().find(kPod), "", ns, name}, {});
  if (!removed.ok()) return exchange.respond(failure_response(removed.error(), subject));
  exchange.respond(json_response(201, success_status(subject, pod->meta().uid)));
}

}  // namespace capstan::memory
