#include "runtime/lifecycle/machine_deployment/rollout.h"

#include <algorithm>

namespace capstan::lifecycle {
namespace {

RolloutPlan as_it_is(const RolloutInput& input) {
  RolloutPlan plan{input.current.spec, {}};
  for (const SetState& set : input.old) plan.old.push_back(set.spec);
  return plan;
}

int64_t old_spec(const RolloutInput& input) {
  int64_t sum = 0;
  for (const SetState& set : input.old) sum += set.spec;
  return sum;
}

// Machines that exist or are to exist: those on their way out still take room.
int64_t total(const RolloutInput& input) {
  int64_t sum = std::max(input.current.spec, input.current.actual);
  for (const SetState& set : input.old) sum += std::max(set.spec, set.actual);
  return sum;
}

// Of the Machines that are still to be deleted, all may be available ones.
int64_t surely_available(const SetState& set) {
  const int64_t pending = std::max<int64_t>(0, set.actual - set.spec);
  return std::max<int64_t>(0, set.available - pending);
}

int64_t scaled_current(const RolloutInput& input) {
  if (input.current.spec >= input.desired) return input.desired;
  const int64_t room = input.desired + input.max_surge - total(input);
  const int64_t missing = input.desired - input.current.spec;
  return input.current.spec + std::clamp<int64_t>(room, 0, missing);
}

// First those that are not available: they cost nothing. Then available ones, as long as enough are
// left.
void scale_down_old(const RolloutInput& input, RolloutPlan& plan) {
  const int64_t minimum = input.desired - input.max_unavailable;
  const int64_t current_unavailable =
      std::max<int64_t>(0, input.current.spec - input.current.available);
  int64_t budget = input.current.spec + old_spec(input) - minimum - current_unavailable;
  for (size_t i = 0; i < input.old.size() && budget > 0; ++i) {
    const int64_t unavailable = std::max<int64_t>(0, input.old[i].spec - input.old[i].available);
    const int64_t step = std::min({budget, unavailable, plan.old[i]});
    plan.old[i] -= step;
    budget -= step;
  }
  int64_t spare = surely_available(input.current) - minimum;
  for (const SetState& set : input.old) spare += surely_available(set);
  for (size_t i = 0; i < input.old.size() && budget > 0 && spare > 0; ++i) {
    const int64_t step = std::min({budget, spare, plan.old[i]});
    plan.old[i] -= step;
    budget -= step;
    spare -= step;
  }
}

bool at_rest(const RolloutInput& input) {
  const auto rests = [](const SetState& set) {
    return set.actual == set.spec && set.alive == set.actual;
  };
  return rests(input.current) && std::all_of(input.old.begin(), input.old.end(), rests);
}

// New Machines that never become available take all the surge there is, while old ones that are not
// available either hold the rest: without this nothing would move any more.
void break_deadlock(const RolloutInput& input, RolloutPlan& plan) {
  if (plan != as_it_is(input) || !at_rest(input) || input.current.spec >= input.desired) return;
  const bool any_available = std::any_of(input.old.begin(), input.old.end(),
                                         [](const SetState& set) { return set.available > 0; });
  if (any_available) return;
  for (int64_t& replicas : plan.old) {
    if (replicas == 0) continue;
    --replicas;
    return;
  }
}

// Shares `sum` out over the sets in proportion to what they have; the rest goes to the first.
void share_out(int64_t sum, std::vector<int64_t*>& sets) {
  int64_t before = 0;
  for (const int64_t* set : sets) before += *set;
  if (before == 0) return;
  int64_t left = sum;
  for (int64_t* set : sets) {
    *set = *set * sum / before;
    left -= *set;
  }
  for (int64_t* set : sets) {
    if (left == 0) break;
    ++*set;
    --left;
  }
}

}  // namespace

void resolve_fenceposts(int64_t& max_surge, int64_t& max_unavailable) {
  if (max_surge == 0 && max_unavailable == 0) max_unavailable = 1;
}

RolloutPlan plan_rolling_update(const RolloutInput& input) {
  RolloutPlan plan = as_it_is(input);
  plan.current = scaled_current(input);
  scale_down_old(input, plan);
  break_deadlock(input, plan);
  return plan;
}

RolloutPlan plan_on_delete(const RolloutInput& input) {
  RolloutPlan plan = as_it_is(input);
  int64_t old_sum = 0;
  for (size_t i = 0; i < input.old.size(); ++i) {
    if (input.old[i].actual > 0) plan.old[i] = std::min(plan.old[i], input.old[i].alive);
    old_sum += plan.old[i];
  }
  int64_t surplus = input.current.spec + old_sum - input.desired;
  for (int64_t& replicas : plan.old) {
    if (surplus <= 0) break;
    const int64_t step = std::min(surplus, replicas);
    replicas -= step;
    surplus -= step;
  }
  if (input.current.spec >= input.desired) {
    plan.current = input.desired;
    return plan;
  }
  const int64_t room = input.desired - total(input);
  plan.current += std::clamp<int64_t>(room, 0, input.desired - input.current.spec);
  return plan;
}

RolloutPlan plan_paused(const RolloutInput& input) {
  RolloutPlan plan = as_it_is(input);
  std::vector<int64_t*> sets;
  if (plan.current > 0) sets.push_back(&plan.current);
  int64_t others = 0;
  for (int64_t& replicas : plan.old) {
    others += replicas;
    if (replicas > 0) sets.push_back(&replicas);
  }
  if (sets.empty() || others == 0) {
    if (others == 0) plan.current = input.desired;
    return plan;
  }
  const int64_t sum = plan.current + others;
  const int64_t allowed = input.desired + (sets.size() > 1 ? input.max_surge : 0);
  const bool grows = sum < input.desired;
  if (grows || sum > allowed) share_out(allowed, sets);
  return plan;
}

bool rollout_complete(const RolloutInput& input) {
  return input.current.spec == input.desired && input.current.actual == input.desired &&
         input.current.available >= input.desired &&
         std::all_of(input.old.begin(), input.old.end(),
                     [](const SetState& set) { return set.spec == 0 && set.actual == 0; });
}

}  // namespace capstan::lifecycle
