#include "runtime/lifecycle/common/rollup.h"

#include <algorithm>

namespace capstan::lifecycle {

Condition roll_up(const Objects& objects, std::string_view source, std::string_view target,
                  const RollupOptions& options) {
  std::vector<JsonPtr> trees;
  std::vector<const Json*> counted;
  for (const ObjectPtr& object : objects) {
    JsonPtr tree = object->tree();
    if (options.skip_missing && find_condition(*tree, source) == nullptr) continue;
    counted.push_back(tree.get());
    trees.push_back(std::move(tree));
  }
  Condition result = counted.empty()
                         ? options.empty
                         : aggregate_conditions(counted, source, target, options.aggregate);
  result.type = target;
  return result;
}

std::string list_names(const Objects& objects, size_t limit) {
  std::string text;
  for (size_t i = 0; i < objects.size() && i < limit; ++i) {
    if (i > 0) text += ", ";
    text += objects[i]->meta().name;
  }
  if (objects.size() > limit) {
    text += ", ... (" + std::to_string(objects.size() - limit) + " more)";
  }
  return text;
}

}  // namespace capstan::lifecycle
