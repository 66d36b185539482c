#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"

#include <charconv>

#include "plugins/kubeadm/bootstrap/yaml_text.h"

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::string_at;

// Lists of {name, value} as the map that v1beta3 has; a repeated name keeps its last value.
Json to_map(const Json& list) {
  Json map = Json::object();
  for (const Json& item : list) map[string_at(item, "name")] = string_at(item, "value");
  return map;
}

std::string seconds_text(const Json& seconds) {
  return seconds.dump() + "s";
}

// Members of a component that only v1beta4 has, or has in another shape.
Json component(const Json& from, KubeadmApi api, const char* args = "extraArgs") {
  Json out = from;
  if (api == KubeadmApi::kV1Beta4) return out;
  if (out.contains(args)) out[args] = to_map(out[args]);
  out.erase("extraEnvs");
  return out;
}

void copy_member(const Json& from, const char* name, Json& to) {
  if (const Json* value = find_at(from, name)) to[name] = *value;
}

Json node_registration(const Json& from, KubeadmApi api) {
  Json out = component(from, api, "kubeletExtraArgs");
  if (api == KubeadmApi::kV1Beta3) out.erase("imagePullSerial");
  return out;
}

// {"tlsBootstrapSeconds": 60} -> {"tlsBootstrap": "60s"}
Json timeouts(const Json& from) {
  constexpr std::string_view kSuffix = "Seconds";
  Json out = Json::object();
  for (const auto& [name, value] : from.items()) {
    if (name.ends_with(kSuffix)) {
      out[name.substr(0, name.size() - kSuffix.size())] = seconds_text(value);
    }
  }
  return out;
}

Json typed(const char* kind, KubeadmApi api) {
  const char* version = api == KubeadmApi::kV1Beta4 ? "v1beta4" : "v1beta3";
  return {{"apiVersion", std::string("kubeadm.k8s.io/") + version}, {"kind", kind}};
}

std::string join_cidrs(const Json& cluster, const char* which) {
  std::string out;
  const Json* blocks =
      find_at(cluster, std::string("spec/clusterNetwork/") + which + "/cidrBlocks");
  if (blocks == nullptr || !blocks->is_array()) return out;
  for (const Json& block : *blocks) {
    if (!block.is_string()) continue;
    out += (out.empty() ? "" : ",") + block.get<std::string>();
  }
  return out;
}

Json networking(const Json& cluster) {
  Json out = Json::object();
  const std::string pods = join_cidrs(cluster, "pods");
  const std::string services = join_cidrs(cluster, "services");
  const std::string domain = string_at(cluster, "spec/clusterNetwork/serviceDomain");
  if (!pods.empty()) out["podSubnet"] = pods;
  if (!services.empty()) out["serviceSubnet"] = services;
  if (!domain.empty()) out["dnsDomain"] = domain;
  return out;
}

Json etcd(const Json& from, KubeadmApi api) {
  Json out = from;
  if (out.contains("local")) out["local"] = component(out["local"], api);
  return out;
}

// Validity in days is v1beta4's certificateValidityPeriod as a duration.
void validity(const Json& from, const char* days, const char* period, Json& out) {
  out.erase(days);
  if (const Json* value = find_at(from, days); value != nullptr && value->is_number_integer()) {
    out[period] = std::to_string(value->get<int64_t>() * 24) + "h0m0s";
  }
}

Json cluster_document(const DocumentInput& input, KubeadmApi api) {
  const Json* spec = find_at(input.config_spec, "clusterConfiguration");
  const Json from = spec == nullptr ? Json::object() : *spec;
  Json out = from;
  out.update(typed("ClusterConfiguration", api));
  for (const char* name : {"apiServer", "controllerManager", "scheduler"}) {
    if (out.contains(name)) out[name] = component(out[name], api);
  }
  if (out.contains("etcd")) out["etcd"] = etcd(out["etcd"], api);
  validity(from, "certificateValidityPeriodDays", "certificateValidityPeriod", out);
  validity(from, "caCertificateValidityPeriodDays", "caCertificateValidityPeriod", out);
  if (api == KubeadmApi::kV1Beta3) {
    for (const char* name :
         {"certificateValidityPeriod", "caCertificateValidityPeriod", "encryptionAlgorithm"}) {
      out.erase(name);
    }
    const Json* limit = find_at(
        input.config_spec, "initConfiguration/timeouts/controlPlaneComponentHealthCheckSeconds");
    if (limit != nullptr) out["apiServer"]["timeoutForControlPlane"] = seconds_text(*limit);
  }
  out["clusterName"] = string_at(input.cluster, "metadata/name");
  out["kubernetesVersion"] = input.kubernetes_version;
  if (string_at(out, "controlPlaneEndpoint").empty()) {
    out["controlPlaneEndpoint"] = control_plane_endpoint(input.cluster);
  }
  out["networking"] = networking(input.cluster);
  return out;
}

Json init_configuration(const DocumentInput& input, KubeadmApi api) {
  Json out = typed("InitConfiguration", api);
  const Json* spec = find_at(input.config_spec, "initConfiguration");
  if (spec == nullptr) return out;
  for (const char* name : {"localAPIEndpoint", "skipPhases", "patches"})
    copy_member(*spec, name, out);
  if (const Json* node = find_at(*spec, "nodeRegistration")) {
    out["nodeRegistration"] = node_registration(*node, api);
  }
  if (const Json* tokens = find_at(*spec, "bootstrapTokens")) {
    for (Json token : *tokens) {
      if (token.contains("ttlSeconds")) token["ttl"] = seconds_text(token["ttlSeconds"]);
      token.erase("ttlSeconds");
      out["bootstrapTokens"].push_back(token);
    }
  }
  const Json* limits = find_at(*spec, "timeouts");
  if (limits != nullptr && api == KubeadmApi::kV1Beta4) out["timeouts"] = timeouts(*limits);
  return out;
}

// The kubeconfig of file discovery is a file of its own; kubeadm only learns its path.
Json discovery(const Json& from) {
  Json out = from;
  if (Json* file = out.contains("file") ? &out["file"] : nullptr) file->erase("kubeConfig");
  return out;
}

Json join_configuration(const DocumentInput& input, KubeadmApi api) {
  Json out = typed("JoinConfiguration", api);
  const Json* spec = find_at(input.config_spec, "joinConfiguration");
  if (spec == nullptr) return out;
  for (const char* name : {"caCertPath", "controlPlane", "skipPhases", "patches"}) {
    copy_member(*spec, name, out);
  }
  if (const Json* node = find_at(*spec, "nodeRegistration")) {
    out["nodeRegistration"] = node_registration(*node, api);
  }
  if (const Json* how = find_at(*spec, "discovery")) out["discovery"] = discovery(*how);
  const Json* limits = find_at(*spec, "timeouts");
  if (limits == nullptr) return out;
  if (api == KubeadmApi::kV1Beta4) {
    out["timeouts"] = timeouts(*limits);
  } else if (const Json* limit = find_at(*limits, "tlsBootstrapSeconds")) {
    out["discovery"]["timeout"] = seconds_text(*limit);
  }
  return out;
}

}  // namespace

Expected<Version> Version::parse(std::string_view text) {
  const std::string whole(text);
  Version version;
  if (text.starts_with('v')) text.remove_prefix(1);
  int* const parts[] = {&version.major, &version.minor, &version.patch};
  for (int i = 0; i < 3; ++i) {
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), *parts[i]);
    const bool last = i == 2;
    const auto used = static_cast<size_t>(parsed.ptr - text.data());
    if (parsed.ec != std::errc() || (!last && (used >= text.size() || text[used] != '.'))) {
      return sdk::Error::invalid("\"" + whole + "\" is no Kubernetes version; write it as v1.34.2");
    }
    text.remove_prefix(last ? used : used + 1);
  }
  return version;
}

KubeadmApi kubeadm_api(const Version& kubernetes) {
  return kubernetes < Version{1, 31, 0} ? KubeadmApi::kV1Beta3 : KubeadmApi::kV1Beta4;
}

std::string control_plane_endpoint(const Json& cluster) {
  const std::string host = string_at(cluster, "spec/controlPlaneEndpoint/host");
  const int64_t port = sdk::int_at(cluster, "spec/controlPlaneEndpoint/port");
  if (host.empty() || port == 0) return "";
  const bool bare_ipv6 = host.find(':') != std::string::npos && host.front() != '[';
  return (bare_ipv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Expected<Json> cluster_configuration(const DocumentInput& input) {
  return cluster_document(input,
                          kubeadm_api(CAPSTAN_TRY(Version::parse(input.kubernetes_version))));
}

Expected<std::string> init_documents(const DocumentInput& input) {
  const KubeadmApi api = kubeadm_api(CAPSTAN_TRY(Version::parse(input.kubernetes_version)));
  return "---\n" + to_yaml(cluster_document(input, api)) + "---\n" +
         to_yaml(init_configuration(input, api));
}

Expected<std::string> join_document(const DocumentInput& input) {
  const KubeadmApi api = kubeadm_api(CAPSTAN_TRY(Version::parse(input.kubernetes_version)));
  return "---\n" + to_yaml(join_configuration(input, api));
}

}  // namespace capstan::kubeadm
