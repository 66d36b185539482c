#include "runtime/object/old_conditions.h"

#include <algorithm>

#include "runtime/object/conditions.h"

namespace capstan {
namespace {

const Json* old_list(const Json& object) {
  const Json* list = find(object, {"status", "deprecated", "v1beta1", "conditions"});
  return list != nullptr && list->is_array() ? list : nullptr;
}

Json to_json(const OldCondition& condition, Instant now) {
  Json json = {{"type", condition.type},
               {"status", condition.status},
               {"lastTransitionTime", format_time(now)}};
  const auto put = [&json](const char* field, const std::string& value) {
    if (!value.empty()) json[field] = value;
  };
  put("severity", condition.severity);
  put("reason", condition.reason);
  put("message", condition.message);
  return json;
}

OldCondition from_json(const Json& json) {
  return {get_string(json, {"type"}), get_string(json, {"status"}), get_string(json, {"severity"}),
          get_string(json, {"reason"}), get_string(json, {"message"})};
}

bool less(const Json& a, const Json& b) {
  const std::string type_a = get_string(a, {"type"});
  const std::string type_b = get_string(b, {"type"});
  if ((type_a == "Ready") != (type_b == "Ready")) return type_a == "Ready";
  return type_a < type_b;
}

// The lower, the more it counts.
int weight(const OldCondition& condition) {
  if (condition.status == kTrue) return 3;
  if (condition.status != kFalse) return 4;
  if (condition.severity == "Error") return 0;
  return condition.severity == "Warning" ? 1 : 2;
}

// A reason that says no more than that the condition is not true.
bool says_only_not_yet(const std::string& reason) {
  return reason == "NotReady" || reason == "NotAvailable" || reason == "DoesNotExist" ||
         reason == "NotInitialized" || reason == "NoReasonReported";
}

bool contains(const std::vector<std::string_view>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

size_t count_true(const std::vector<OldCondition>& conditions) {
  return static_cast<size_t>(std::count_if(conditions.begin(), conditions.end(),
                                           [](const auto& c) { return c.status == kTrue; }));
}

std::string completed(size_t done, size_t of) {
  return std::to_string(done) + " of " + std::to_string(of) + " completed";
}

const Json* find_old(const Json& object, std::string_view type) {
  const Json* list = old_list(object);
  if (list == nullptr) return nullptr;
  const auto found = std::find_if(list->begin(), list->end(), [&](const Json& condition) {
    return get_string(condition, {"type"}) == type;
  });
  return found == list->end() ? nullptr : &*found;
}

}  // namespace

std::optional<OldCondition> get_old_condition(const Json& object, std::string_view type) {
  const Json* found = find_old(object, type);
  return found == nullptr ? std::nullopt : std::optional(from_json(*found));
}

std::string old_transition_time(const Json& object, std::string_view type) {
  const Json* found = find_old(object, type);
  return found == nullptr ? "" : get_string(*found, {"lastTransitionTime"});
}

void set_old_condition(Json& object, const OldCondition& condition, Instant now) {
  if (get_old_condition(object, condition.type) == condition) return;
  Json& list = make(object, {"status", "deprecated", "v1beta1", "conditions"});
  if (!list.is_array()) list = Json::array();
  const auto found = std::find_if(list.begin(), list.end(), [&](const Json& present) {
    return get_string(present, {"type"}) == condition.type;
  });
  if (found != list.end()) {
    *found = to_json(condition, now);
    return;
  }
  list.push_back(to_json(condition, now));
  std::sort(list.begin(), list.end(), less);
}

void remove_old_condition(Json& object, std::string_view type) {
  if (!get_old_condition(object, type)) return;
  Json& list = make(object, {"status", "deprecated", "v1beta1", "conditions"});
  list.erase(
      std::remove_if(list.begin(), list.end(),
                     [&](const Json& present) { return get_string(present, {"type"}) == type; }),
      list.end());
}

void mirror_old_condition(Json& object, const OldMirror& mirror, Instant now) {
  const auto source = get_condition(object, mirror.source);
  if (!source) return remove_old_condition(object, mirror.target);
  OldCondition target{std::string(mirror.target), source->status};
  if (source->status != kTrue) {
    target.reason = source->reason;
    target.message = source->message;
  }
  if (source->status == kFalse) {
    target.severity = mirror.severity;
    if (!mirror.fallback.empty() && says_only_not_yet(source->reason)) {
      target.reason = mirror.fallback;
    }
  }
  set_old_condition(object, target, now);
}

void summarize_old_conditions(Json& object, const OldSummary& summary, Instant now) {
  std::vector<OldCondition> found;
  bool counts_steps = !summary.steps.empty();
  for (const std::string_view type : summary.types) {
    auto condition = get_old_condition(object, type);
    if (!condition) continue;
    if (!contains(summary.steps, type)) counts_steps = false;
    found.push_back(*std::move(condition));
  }
  const auto worst = std::min_element(found.begin(), found.end(), [](const auto& a, const auto& b) {
    return weight(a) < weight(b);
  });
  if (worst == found.end()) return remove_old_condition(object, "Ready");
  OldCondition ready = *worst;
  ready.type = "Ready";
  if (ready.status != kTrue && counts_steps) {
    ready.message = completed(count_true(found), summary.steps.size());
  }
  set_old_condition(object, ready, now);
}

void aggregate_old_conditions(Json& object, std::string_view target,
                              const std::vector<OldSource>& sources, size_t total, Instant now) {
  if (total == 0) return set_old_condition(object, {std::string(target), std::string(kTrue)}, now);
  const auto worst =
      std::min_element(sources.begin(), sources.end(), [](const auto& a, const auto& b) {
        return weight(a.ready) != weight(b.ready) ? weight(a.ready) < weight(b.ready)
                                                  : a.name < b.name;
      });
  if (worst == sources.end()) return remove_old_condition(object, target);
  OldCondition condition = worst->ready;
  condition.type = target;
  if (condition.status != kTrue) {
    const auto done = std::count_if(sources.begin(), sources.end(), [](const auto& source) {
      return source.ready.status == kTrue;
    });
    if (condition.reason.find('@') == std::string::npos) condition.reason += " @ " + worst->name;
    condition.message = completed(static_cast<size_t>(done), total);
  }
  set_old_condition(object, condition, now);
}

}  // namespace capstan
