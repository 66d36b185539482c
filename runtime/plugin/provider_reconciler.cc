#include "runtime/plugin/provider_reconciler.h"

#include <algorithm>
#include <memory>

#include "runtime/base/text.h"
#include "runtime/plugin/provider_outcome.h"
#include "runtime/plugin/provider_request.h"
#include "runtime/plugin/provider_watches.h"

namespace capstan {
namespace {

void describe(ActiveSpan& span, const ObjectKey& key, const std::string& plugin,
              const Outcome& outcome) {
  if (!span.recorded()) return;
  span.attribute("capstan.plugin", plugin);
  span.attribute("capstan.kind", key.kind.text());
  span.attribute("capstan.namespace", key.ns);
  span.attribute("capstan.name", key.name);
  if (outcome.error) span.failed(outcome.error->code, outcome.error->message);
}

}  // namespace

std::string provider_controller_name(const GroupKind& kind) {
  return to_lower(kind.kind);
}

ProviderReconciler::ProviderReconciler(GroupKind kind, const PluginRegistry& registry,
                                       const KindRegistry& kinds, const Tracer* tracer)
    : kind_(std::move(kind)),
      name_(provider_controller_name(kind_)),
      registry_(registry),
      kinds_(kinds),
      tracer_(tracer),
      routes_(registry.routes(kind_)) {}

Result<Outcome> ProviderReconciler::reconcile(const ObjectKey& key,
                                              const ReconcileContext& context) {
  const ObjectPtr object = context.objects.get(key);
  if (object == nullptr) return Outcome{};
  const Instant now = context.clock.now();
  const ProviderRoute taken = route(*object);
  if (taken.provider == nullptr) return not_taken(*object, now);
  if (const auto away = taken.provider->away()) {
    Outcome later;
    later.postpone = *away;
    return later;
  }

  ActiveSpan span(tracer_, "reconcile");
  const std::string request = provider_request(*object, *taken.entry, context.objects, now);
  ProviderCall call;
  call.attempt = static_cast<uint32_t>(std::max(0, context.attempt));
  call.deadline = context.clock.monotonic() + taken.entry->timeout;
  call.key = object->meta().uid;
  call.cancelled = &cancelled_;
  call.trace_id = span.trace_id();
  const ProviderReply reply = taken.provider->reconcile(call, request);
  Outcome outcome =
      provider_outcome(reply, {*object, taken.provider->manifest(), kinds_, now, cancelled_});
  describe(span, key, taken.provider->name(), outcome);
  // For the log; conditions and events are made already.
  if (outcome.error && !span.trace_id().empty()) {
    outcome.error->message += " trace_id=" + std::string(span.trace_id());
  }
  return outcome;
}

ProviderRoute ProviderReconciler::route(const Object& object) const {
  // The usual case needs no tree: one plugin, whatever the object.
  if (routes_.size() == 1 && !routes_.front().entry->when) return routes_.front();
  const JsonPtr tree = object.tree();
  for (const ProviderRoute& candidate : routes_) {
    if (takes(*candidate.entry, *tree)) return candidate;
  }
  return {};
}

Outcome ProviderReconciler::not_taken(const Object& object, Instant now) const {
  const std::string plugin = registry_.not_enabled(kind_, *object.tree());
  const std::string message =
      plugin.empty()
          ? "no enabled plugin takes this object; see `when` of the plugins of " + kind_.text()
          : "plugin \"" + plugin +
                "\" would take this object and is not enabled; add it to `plugins` in "
                "the config";
  return condition_outcome(object, {{"Ready", "False", "BackendNotEnabled", message}}, now);
}

ControllerOptions provider_controller(const GroupKind& kind, const PluginRegistry& registry,
                                      const KindRegistry& kinds, const Tracer* tracer) {
  ControllerOptions options;
  options.reconciler = std::make_shared<ProviderReconciler>(kind, registry, kinds, tracer);
  const std::vector<ProviderRoute> routes = registry.routes(kind);
  options.watches = provider_watches(kind, routes);
  options.concurrency = 1000;
  for (const ProviderRoute& route : routes) {
    options.concurrency = std::min(options.concurrency, route.entry->concurrency);
  }
  return options;
}

}  // namespace capstan
