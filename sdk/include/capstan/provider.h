// What the layers for infrastructure machines, infrastructure clusters and external resources have
// in common: the pause, the finalizer and how a step's end becomes conditions.
#pragma once

#include <capstan/contract.h>
#include <capstan/reconcile.h>
#include <capstan/status.h>

#include <string>
#include <string_view>

namespace capstan::sdk::detail {

// True where the object is paused: the Paused condition says so and nothing else may happen.
inline bool paused(const Request& request, Reply& reply) {
  if (!is_paused(request.cluster(), request.object())) {
    reply.condition({std::string(kPaused), std::string(kFalse), "NotPaused", ""});
    return false;
  }
  const bool by_cluster =
      request.cluster() != nullptr && bool_at(*request.cluster(), "spec/paused");
  reply.condition({std::string(kPaused), std::string(kTrue), "Paused",
                   by_cluster ? "Cluster spec.paused is set to true"
                              : "annotation cluster.x-k8s.io/paused is set"});
  return true;
}

inline void set_condition(Reply& reply, std::string_view type, std::string_view status,
                          std::string reason, std::string message = "") {
  reply.condition({std::string(type), std::string(status), std::move(reason), std::move(message)});
}
inline void set_ready(Reply& reply, bool ready, std::string reason, std::string message = "") {
  set_condition(reply, kReady, ready ? kTrue : kFalse, std::move(reason), std::move(message));
}

// The step goes on later: Ready=False with what is waited for.
inline Status under_way(Reply& reply, const InProgress& wait) {
  set_ready(reply, false, wait.reason.empty() ? "InProgress" : wait.reason, wait.message);
  reply.requeue_after(wait.requeue_after);
  return {};
}

// The step failed: Ready=False with the error's own reason or the given one.
inline Status failed(Reply& reply, Error error, std::string_view reason) {
  set_ready(reply, false, error.reason.empty() ? std::string(reason) : error.reason,
            error.detail.empty() ? error.summary : error.summary + ". " + error.detail);
  return error;
}

// As failed(), and an event of the same reason.
inline Status failed_with_event(Reply& reply, Error error, const std::string& reason) {
  reply.event(reason, error.summary, "Warning");
  return failed(reply, std::move(error), reason);
}

// How the removal of what is outside went: the finalizer goes when all of it is gone.
inline Status end_removal(Reply& reply, Step<Done> removed, const std::string& finalizer,
                          const std::string& failure) {
  if (removed.failed()) return failed_with_event(reply, std::move(removed).error(), failure);
  if (removed.in_progress()) {
    InProgress wait = removed.wait();
    if (wait.reason.empty()) wait.reason = "Deleting";
    return under_way(reply, wait);
  }
  reply.remove_finalizer(finalizer);
  return {};
}

// A look after a while without a reason; 0 is never.
inline void resync_after(Reply& reply, Milliseconds interval) {
  if (interval.count() > 0) reply.requeue_after(interval);
}

// True where the finalizer is stored. Otherwise the reply adds it and the caller returns: nothing
// is made outside before the finalizer that protects it is stored. The write wakes the object.
inline bool finalizer_is_stored(const Request& request, Reply& reply, const std::string& name) {
  if (request.has_finalizer(name)) return true;
  reply.add_finalizer(name);
  return false;
}

inline bool provisioned(const Json& object, Contract contract) {
  return bool_at(object, contract == Contract::kV1Beta1 ? "status/ready"
                                                        : "status/initialization/provisioned");
}
inline void set_provisioned(Reply& reply, Contract contract) {
  reply.status(contract == Contract::kV1Beta1 ? "ready" : "initialization/provisioned", true);
}

}  // namespace capstan::sdk::detail
