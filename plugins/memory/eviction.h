// The eviction subresource of pods: deletes the pod unless a PodDisruptionBudget of its namespace
// needs it.
//
// Thread safety: any thread; blocks.
#pragma once

#include <string>

#include "runtime/api/http.h"
#include "runtime/resource/resource_service.h"

namespace capstan::memory {

// Answers 201, 404, or 429 where a budget forbids it.
void evict_pod(ResourceService& service, HttpExchange& exchange, const std::string& ns,
               const std::string& name);

}  // namespace capstan::memory
