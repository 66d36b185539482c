#include "runtime/plugin/host_services/services_tables.h"

namespace capstan::services {
namespace {

WorkloadRequest request_of(const Json& json) {
  WorkloadRequest request;
  request.method = get_string(json, {"method"}, "GET");
  request.path = get_string(json, {"path"}, "/");
  request.content_type = get_string(json, {"contentType"}, "application/json");
  request.body = get_string(json, {"body"});
  request.timeout = std::chrono::milliseconds(get_int(json, {"timeoutMs"}, 10'000));
  return request;
}

PodRequest pod_request_of(const Json& json) {
  PodRequest request;
  request.ns = get_string(json, {"podNamespace"}, "kube-system");
  request.pod = get_string(json, {"pod"});
  request.port = static_cast<int>(get_int(json, {"port"}));
  request.server_name = get_string(json, {"serverName"});
  request.ca_pem = get_string(json, {"ca"});
  request.certificate_pem = get_string(json, {"certificate"});
  request.key_pem = get_string(json, {"key"});
  request.want_peer_certificate = get_bool(json, {"peerCertificate"});
  request.request = request_of(json);
  return request;
}

// Sends what `send` makes of the request's JSON.
template <typename Send>
capstan_status answer(void* ctx, capstan_str request_text, const capstan_sink* out,
                      const capstan_diagnostics* diagnostics, Send send) {
  return guarded(ctx, CAPSTAN_EXT_WORKLOAD, [&]() -> capstan_status {
    const auto json = parse_json(view(request_text));
    if (!json.ok()) return refuse(json.error(), diagnostics);
    const auto response = send(*json);
    if (!response.ok()) return refuse(response.error(), diagnostics);
    Json reply = {{"status", response->status}, {"body", response->body}};
    if (!response->peer_certificate_pem.empty()) {
      reply["peerCertificate"] = response->peer_certificate_pem;
    }
    write(out, dump_json(reply));
    return CAPSTAN_OK;
  });
}

capstan_status request(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request_text,
                       const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return answer(ctx, request_text, out, diagnostics, [&](const Json& json) {
    return options_of(ctx).workload->request({string(ns), string(cluster)}, request_of(json));
  });
}

capstan_status pod_request(void* ctx, capstan_str ns, capstan_str cluster, capstan_str request_text,
                           const capstan_sink* out, const capstan_diagnostics* diagnostics) {
  return answer(ctx, request_text, out, diagnostics, [&](const Json& json) {
    return options_of(ctx).workload->pod_request({string(ns), string(cluster)},
                                                 pod_request_of(json));
  });
}

capstan_status nodes(void* ctx, capstan_str ns, capstan_str cluster, const capstan_sink* out,
                     const capstan_diagnostics* diagnostics) {
  return guarded(ctx, CAPSTAN_EXT_WORKLOAD, [&]() -> capstan_status {
    const auto list = options_of(ctx).workload->nodes({string(ns), string(cluster)});
    if (!list.ok()) return refuse(list.error(), diagnostics);
    write(out, "[");
    for (size_t i = 0; i < list->size(); ++i) {
      if (i > 0) write(out, ",");
      write(out, dump_json(*(*list)[i]));
    }
    write(out, "]");
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_workload kWorkload = {sizeof(capstan_workload), &request, &pod_request, &nodes};

}  // namespace capstan::services
