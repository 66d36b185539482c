#include "runtime/lifecycle/machine_set/deletion_order.h"

#include <algorithm>
#include <cmath>

#include "runtime/lifecycle/common/names.h"

namespace capstan::lifecycle {
namespace {

bool unhealthy(const Json& machine) {
  return find(machine, {"status", "nodeRef"}) == nullptr ||
         is_condition_false(machine, "NodeHealthy") ||
         is_condition_false(machine, "HealthCheckSucceeded");
}

// Grows with age and stays below 50, the score of an unhealthy Machine; half of it is reached after
// a week.
double oldest_score(const Object& machine, Instant now) {
  const auto created = parse_time(machine.meta().creation_timestamp);
  if (!created.ok()) return 0;
  constexpr double kTenDays = 864'000;
  const double age = std::chrono::duration<double>(now - *created).count();
  return 50 * (1 - std::exp(-std::max(0.0, age) / kTenDays));
}

}  // namespace

double deletion_score(const Object& machine, const std::string& order, Instant now) {
  const Metadata& meta = machine.meta();
  if (meta.deleting()) return 100;
  if (meta.annotations.contains(kDeleteMachine)) return 80;
  const JsonPtr tree = machine.tree();
  if (is_condition_true(*tree, "Updating")) return 75;
  if (unhealthy(*tree)) return 50;
  if (order == "Oldest") return oldest_score(machine, now);
  if (order == "Newest") return 50 - oldest_score(machine, now);
  return 20;
}

Objects sort_for_deletion(Objects machines, const std::string& order, Instant now) {
  std::vector<std::pair<double, ObjectPtr>> scored;
  for (ObjectPtr& machine : machines) {
    const double score = deletion_score(*machine, order, now);
    scored.emplace_back(score, std::move(machine));
  }
  std::sort(scored.begin(), scored.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return a.second->meta().name < b.second->meta().name;
  });
  Objects sorted;
  for (auto& [score, machine] : scored) sorted.push_back(std::move(machine));
  return sorted;
}

}  // namespace capstan::lifecycle
