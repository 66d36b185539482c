#include "runtime/lifecycle/common/pause.h"

#include "runtime/lifecycle/common/names.h"
#include "runtime/object/conditions.h"

namespace capstan::lifecycle {
namespace {

bool cluster_paused(const Object* cluster) {
  return cluster != nullptr && get_bool(*cluster->tree(), {"spec", "paused"});
}

bool annotated(const Object& object) {
  return object.meta().annotations.contains(kPausedAnnotation);
}

}  // namespace

bool is_paused(const Object* cluster, const Object& object) {
  return cluster_paused(cluster) || annotated(object);
}

bool set_paused_condition(Draft& draft, const Object* cluster, Instant now) {
  const bool by_cluster = cluster_paused(cluster);
  const bool by_annotation = annotated(draft.object());
  Condition condition{.type = "Paused", .status = std::string(kFalse), .reason = "NotPaused"};
  if (by_cluster || by_annotation) {
    condition.status = kTrue;
    condition.reason = "Paused";
    if (by_cluster) condition.message = "Cluster spec.paused is set to true";
    if (by_annotation) {
      if (by_cluster) condition.message += ", ";
      condition.message += draft.object().kind() + " has the cluster.x-k8s.io/paused annotation";
    }
  }
  set_condition(draft.view(), std::move(condition), now);
  return by_cluster || by_annotation;
}

}  // namespace capstan::lifecycle
