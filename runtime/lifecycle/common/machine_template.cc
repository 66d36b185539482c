#include "runtime/lifecycle/common/machine_template.h"

#include <array>

#include "runtime/object/object_tree.h"

namespace capstan::lifecycle {
namespace {

constexpr std::array kInPlaceFields = {"readinessGates", "minReadySeconds", "taints"};
constexpr std::array kTimeouts = {"nodeDrainTimeoutSeconds", "nodeVolumeDetachTimeoutSeconds",
                                  "nodeDeletionTimeoutSeconds"};

const Json* at(const Json& object, const std::vector<std::string_view>& path) {
  const Json* value = &object;
  for (const std::string_view step : path) {
    value = find(*value, {step});
    if (value == nullptr) return nullptr;
  }
  return value;
}

std::vector<std::string_view> under(std::vector<std::string_view> path, std::string_view step) {
  path.push_back(step);
  return path;
}

void carry_over(const Json* wanted, const std::vector<std::string_view>& path,
                const std::string& manager, Draft& draft) {
  const Json* present = at(draft.tree(), path);
  if (wanted != nullptr) {
    draft.set_at(path, *wanted);
  } else if (present != nullptr && set_by_manager(draft.tree(), manager, path)) {
    draft.set_at(path, nullptr);
  }
}

// Whether nothing would be left at the path: an empty object is not allowed there.
bool loses_all(const Json* wanted, const std::vector<std::string_view>& path,
               const std::string& manager, const Draft& draft) {
  const Json* present = at(draft.tree(), path);
  if (present == nullptr || !present->is_object()) return false;
  if (wanted != nullptr && !wanted->empty()) return false;
  for (const auto& [field, value] : present->items()) {
    if (!set_by_manager(draft.tree(), manager, under(path, field))) return false;
  }
  return true;
}

bool same(const Json& a, const Json& b, std::initializer_list<std::string_view> path) {
  const Json* x = find(a, path);
  const Json* y = find(b, path);
  if (x == nullptr || y == nullptr) return x == y;
  return *x == *y;
}

// A template's version may be written with or without the leading v.
std::string version_of(const Json& machine_template) {
  const std::string version = get_string(machine_template, {"spec", "version"});
  return version.starts_with("v") ? version.substr(1) : version;
}

}  // namespace

std::vector<std::string> template_differences(const Json& current, const Json& wanted) {
  std::vector<std::string> reasons;
  if (version_of(current) != version_of(wanted)) {
    reasons.push_back("Version " + get_string(current, {"spec", "version"}) + ", " +
                      get_string(wanted, {"spec", "version"}) + " required");
  }
  if (!same(current, wanted, {"spec", "failureDomain"})) {
    reasons.push_back("Failure domain " + get_string(current, {"spec", "failureDomain"}) + ", " +
                      get_string(wanted, {"spec", "failureDomain"}) + " required");
  }
  if (!same(current, wanted, {"spec", "bootstrap"})) {
    reasons.push_back(get_string(current, {"spec", "bootstrap", "configRef", "kind"}, "Bootstrap") +
                      " is not up-to-date");
  }
  if (!same(current, wanted, {"spec", "infrastructureRef"})) {
    reasons.push_back(get_string(current, {"spec", "infrastructureRef", "kind"}) +
                      " is not up-to-date");
  }
  return reasons;
}

bool set_by_manager(const Json& object, const std::string& manager,
                    const std::vector<std::string_view>& path) {
  for (const Json& entry : managed_fields_of(object)) {
    if (get_string(entry, {"manager"}) != manager) continue;
    const Json* fields = find(entry, {"fieldsV1"});
    for (const std::string_view step : path) {
      if (fields == nullptr) break;
      fields = find(*fields, {"f:" + std::string(step)});
    }
    if (fields != nullptr) return true;
  }
  return false;
}

void propagate_in_place(const Json& wanted, std::vector<std::string_view> path,
                        const std::string& manager, Draft& draft) {
  for (const char* field : kInPlaceFields) {
    carry_over(find(wanted, {field}), under(path, field), manager, draft);
  }
  const auto deletion = under(path, "deletion");
  if (loses_all(find(wanted, {"deletion"}), deletion, manager, draft)) {
    draft.set_at(deletion, nullptr);
    return;
  }
  for (const char* field : kTimeouts) {
    carry_over(find(wanted, {"deletion", field}), under(deletion, field), manager, draft);
  }
}

void propagate_strings(const Json& wanted, std::vector<std::string_view> path,
                       const std::string& manager, Draft& draft) {
  if (wanted.is_object()) {
    for (const auto& [key, value] : wanted.items()) draft.set_at(under(path, key), value);
  }
  const Json* present = at(draft.tree(), path);
  if (present == nullptr || !present->is_object()) return;
  for (const auto& [key, value] : present->items()) {
    if (wanted.is_object() && wanted.contains(key)) continue;
    const auto full = under(path, key);
    if (set_by_manager(draft.tree(), manager, full)) draft.set_at(full, nullptr);
  }
}

}  // namespace capstan::lifecycle
