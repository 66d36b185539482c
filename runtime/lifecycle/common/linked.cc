#include "runtime/lifecycle/common/linked.h"

namespace capstan::lifecycle {

Linked link(const Json* ref, const std::string& ns, const KindRegistry& kinds,
            const WatchCache& objects) {
  Linked linked;
  linked.defined = is_reference(ref);
  if (!linked.defined) return linked;
  auto external = resolve(*ref, ns, kinds, objects);
  if (external.ok()) {
    linked.external = *std::move(external);
  } else {
    linked.error = std::move(external).error();
  }
  return linked;
}

void mirror_old_ready(Json& view, const Linked& linked, const OldMirror& otherwise, Instant now) {
  auto ready = linked.exists() ? old_ready(*linked.external) : std::nullopt;
  if (!ready) return mirror_old_condition(view, otherwise, now);
  ready->type = otherwise.target;
  set_old_condition(view, *ready, now);
}

}  // namespace capstan::lifecycle
