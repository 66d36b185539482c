#include "runtime/lifecycle/common/references.h"

#include "runtime/lifecycle/common/contract.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/object/object_tree.h"

namespace capstan::lifecycle {
namespace {

void append(const Json* spec, std::initializer_list<std::string_view> path, const std::string& ns,
            std::vector<ObjectKey>& keys) {
  const Json* ref = spec != nullptr ? find(*spec, path) : nullptr;
  if (is_reference(ref)) keys.push_back(reference_key(*ref, ns));
}

}  // namespace

std::vector<ObjectKey> references_of(const Object& object) {
  std::vector<ObjectKey> keys;
  const GroupKind kind = object.key().kind;
  const std::string& ns = object.meta().ns;
  if (kind == kCluster) {
    const JsonPtr tree = object.tree();
    append(find(*tree, {"spec"}), {"infrastructureRef"}, ns, keys);
    append(find(*tree, {"spec"}), {"controlPlaneRef"}, ns, keys);
  } else if (kind == kMachine || kind == kMachineSet) {
    const JsonPtr tree = object.tree();
    const Json* spec =
        kind == kMachine ? find(*tree, {"spec"}) : find(*tree, {"spec", "template", "spec"});
    append(spec, {"infrastructureRef"}, ns, keys);
    append(spec, {"bootstrap", "configRef"}, ns, keys);
  }
  return keys;
}

}  // namespace capstan::lifecycle
