#include "runtime/lifecycle/common/workload_api.h"

#include <cctype>
#include <cstdio>

namespace capstan::lifecycle {
namespace {

Code code_of(int status, const std::string& reason) {
  switch (status) {
    case 400:
    case 422:
      return Code::kInvalid;
    case 404:
      return Code::kNotFound;
    case 409:
      return reason == "AlreadyExists" ? Code::kAlreadyExists : Code::kConflict;
    case 429:
      return Code::kResourceExhausted;
    default:
      return Code::kUnavailable;
  }
}

}  // namespace

Result<Json> call_workload(WorkloadClusters& workload, const ClusterName& cluster,
                           const WorkloadRequest& request) {
  const WorkloadResponse response = TRY(workload.request(cluster, request));
  auto body = parse_json(response.body);
  const bool success = response.status >= 200 && response.status < 300;
  if (success) return body.ok() ? *std::move(body) : Json::object();
  const std::string message = body.ok() ? get_string(*body, {"message"}) : "";
  Error error;
  error.code = code_of(response.status, body.ok() ? get_string(*body, {"reason"}) : "");
  error.message = request.method + " " + request.path + " in cluster " + cluster.ns + "/" +
                  cluster.name + ": HTTP " + std::to_string(response.status) +
                  (message.empty() ? "" : ": " + message);
  return error;
}

Result<Json> get_workload(WorkloadClusters& workload, const ClusterName& cluster,
                          std::string path) {
  WorkloadRequest request;
  request.path = std::move(path);
  return call_workload(workload, cluster, request);
}

std::string url_encode(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || c == '.' || c == '~') {
      encoded += c;
      continue;
    }
    char hex[4];
    std::snprintf(hex, sizeof hex, "%%%02X", byte);
    encoded += hex;
  }
  return encoded;
}

}  // namespace capstan::lifecycle
