#include "plugins/kubeadm/old_conditions.h"

#include <capstan/contract.h>

#include <algorithm>

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::string_at;

constexpr const char* kList = "deprecated/v1beta1/conditions";

OldCondition from_json(const Json& json) {
  return {string_at(json, "type"), string_at(json, "status"), string_at(json, "severity"),
          string_at(json, "reason"), string_at(json, "message")};
}

std::vector<OldCondition> stored(const Json& object) {
  std::vector<OldCondition> conditions;
  const Json* list = find_at(object, std::string("status/") + kList);
  if (list == nullptr || !list->is_array()) return conditions;
  for (const Json& condition : *list) conditions.push_back(from_json(condition));
  return conditions;
}

std::string time_of(const Json& object, const OldCondition& condition, const std::string& now) {
  const Json* list = find_at(object, std::string("status/") + kList);
  if (list == nullptr || !list->is_array()) return now;
  for (const Json& present : *list) {
    if (from_json(present) == condition) return string_at(present, "lastTransitionTime", now);
  }
  return now;
}

// The lower, the more it counts.
int weight(const OldCondition& condition) {
  if (condition.status == "True") return 3;
  if (condition.status != "False") return 4;
  if (condition.severity == "Error") return 0;
  return condition.severity == "Warning" ? 1 : 2;
}

bool less(const OldCondition& a, const OldCondition& b) {
  if ((a.type == "Ready") != (b.type == "Ready")) return a.type == "Ready";
  return a.type < b.type;
}

}  // namespace

std::optional<OldCondition> old_ready(const Json& object) {
  for (OldCondition& condition : stored(object)) {
    if (condition.type == "Ready") return std::move(condition);
  }
  return std::nullopt;
}

OldConditions::OldConditions(const sdk::Request& request, sdk::Reply& reply)
    : request_(request), reply_(reply), conditions_(stored(request.object())) {}

std::optional<OldCondition> OldConditions::get(const std::string& type) const {
  for (const OldCondition& condition : conditions_) {
    if (condition.type == type) return condition;
  }
  return std::nullopt;
}

void OldConditions::set(OldCondition condition) {
  std::erase_if(conditions_, [&](const OldCondition& c) { return c.type == condition.type; });
  conditions_.push_back(std::move(condition));
}

void OldConditions::mirror(const std::string& source, const std::string& target,
                           const std::string& severity, const std::string& reason) {
  std::optional<OldCondition> found;
  if (const Json* stored = sdk::condition_of(request_.object(), source)) found = from_json(*stored);
  for (const sdk::Condition& condition : reply_.conditions()) {
    if (condition.type != source) continue;
    found = OldCondition{target, condition.status, "", condition.reason, condition.message};
  }
  if (!found) return;
  found->type = target;
  if (found->status == "True") {
    found->reason = found->message = "";
  } else if (found->status == "False") {
    found->severity = severity;
    if (!reason.empty()) found->reason = reason;
  }
  set(*std::move(found));
}

void OldConditions::aggregate(const std::string& target, const std::string& kind,
                              const std::vector<const Json*>& objects) {
  OldCondition worst{target, "True"};
  size_t done = 0;
  std::string from;
  bool any = objects.empty();
  for (const Json* object : objects) {
    const std::optional<OldCondition> ready = old_ready(*object);
    if (!ready) continue;
    if (ready->status == "True") ++done;
    if (any && weight(*ready) >= weight(worst)) continue;
    any = true;
    worst = *ready;
    from = kind + "/" + string_at(*object, "metadata/name");
  }
  if (!any) return;
  worst.type = target;
  if (worst.status != "True") {
    if (worst.reason.find('@') == std::string::npos) worst.reason += " @ " + from;
    worst.message = std::to_string(done) + " of " + std::to_string(objects.size()) + " completed";
  }
  set(std::move(worst));
}

void OldConditions::summarize(const std::vector<std::string>& types) {
  std::optional<OldCondition> worst;
  for (const std::string& type : types) {
    std::optional<OldCondition> condition = get(type);
    if (condition && (!worst || weight(*condition) < weight(*worst))) worst = condition;
  }
  if (!worst) return;
  worst->type = "Ready";
  set(*std::move(worst));
}

void OldConditions::write() {
  std::sort(conditions_.begin(), conditions_.end(), less);
  if (conditions_ == stored(request_.object())) return;
  Json list = Json::array();
  for (const OldCondition& condition : conditions_) {
    Json item = {{"type", condition.type},
                 {"status", condition.status},
                 {"lastTransitionTime", time_of(request_.object(), condition, request_.now())}};
    const auto put = [&item](const char* field, const std::string& value) {
      if (!value.empty()) item[field] = value;
    };
    put("severity", condition.severity);
    put("reason", condition.reason);
    put("message", condition.message);
    list.push_back(std::move(item));
  }
  reply_.status(kList, std::move(list));
}

}  // namespace capstan::kubeadm
