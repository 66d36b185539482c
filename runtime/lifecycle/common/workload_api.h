// Requests to a workload cluster's API whose answers are JSON.
//
// Thread safety: as WorkloadClusters.
#pragma once

#include <string>
#include <string_view>

#include "runtime/workload/workload.h"

namespace capstan::lifecycle {

// The answer's body. Errors: those of WorkloadClusters::request(), and for an answer that is no
// success kNotFound (404), kAlreadyExists or kConflict (409), kResourceExhausted (429),
// kInvalid (400, 422) or kUnavailable, with the API's own message.
Result<Json> call_workload(WorkloadClusters& workload, const ClusterName& cluster,
                           const WorkloadRequest& request);
Result<Json> get_workload(WorkloadClusters& workload, const ClusterName& cluster, std::string path);

// For a value of a query: "a b" -> "a%20b".
std::string url_encode(std::string_view text);

}  // namespace capstan::lifecycle
