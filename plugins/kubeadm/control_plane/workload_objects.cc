#include "plugins/kubeadm/control_plane/workload_objects.h"

namespace capstan::kubeadm {
namespace {

using sdk::Error;
using sdk::Expected;
using sdk::HttpAnswer;
using sdk::Status;

constexpr int kTimeoutMs = 5000;

Error refused(const char* method, const std::string& path, const HttpAnswer& answer) {
  return Error::unavailable("the workload cluster answered HTTP " + std::to_string(answer.status) +
                            " to " + method + " " + path + ": " + answer.body.substr(0, 200));
}

Expected<HttpAnswer> ask(const ControlPlane& plane, Json request) {
  request["timeoutMs"] = kTimeoutMs;
  return plane.host.workload().request(plane.ns, plane.cluster_name, request);
}

}  // namespace

Expected<std::optional<Json>> get_workload_object(const ControlPlane& plane,
                                                  const std::string& path) {
  const HttpAnswer answer = CAPSTAN_TRY(ask(plane, {{"method", "GET"}, {"path", path}}));
  if (answer.status == 404) return std::optional<Json>();
  if (answer.status != 200) return refused("GET", path, answer);
  return std::optional(CAPSTAN_TRY(sdk::parse_json(answer.body)));
}

Status create_workload_object(const ControlPlane& plane, const std::string& list,
                              const Json& object) {
  const HttpAnswer answer = CAPSTAN_TRY(ask(plane, {{"method", "POST"},
                                                    {"path", list},
                                                    {"contentType", "application/json"},
                                                    {"body", sdk::dump_json(object)}}));
  if (answer.status == 409 || (answer.status >= 200 && answer.status < 300)) return {};
  return refused("POST", list, answer);
}

Status patch_workload_object(const ControlPlane& plane, const std::string& path, const Json& read,
                             Json patch) {
  patch["metadata"]["resourceVersion"] = sdk::string_at(read, "metadata/resourceVersion");
  const HttpAnswer answer = CAPSTAN_TRY(ask(plane, {{"method", "PATCH"},
                                                    {"path", path},
                                                    {"contentType", "application/merge-patch+json"},
                                                    {"body", sdk::dump_json(patch)}}));
  if (answer.status == 200) return {};
  return refused("PATCH", path, answer);
}

}  // namespace capstan::kubeadm
