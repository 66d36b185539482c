#include "runtime/lifecycle/cluster_resource_set/applier.h"

namespace capstan::lifecycle {
namespace {

constexpr char kManager[] = "capi-clusterresourceset";

std::string group_path(const std::string& api_version) {
  const bool core = api_version.find('/') == std::string::npos;
  return (core ? "/api/" : "/apis/") + api_version;
}

}  // namespace

Result<Applier::Resource> Applier::resource(const std::string& api_version,
                                            const std::string& kind) {
  auto& kinds = known_[api_version];
  if (const auto found = kinds.find(kind); found != kinds.end()) return found->second;
  const Json list = TRY(get_workload(workload_, cluster_, group_path(api_version)));
  if (const Json* resources = find(list, {"resources"}); resources && resources->is_array()) {
    for (const Json& item : *resources) {
      const std::string name = get_string(item, {"name"});
      if (name.find('/') != std::string::npos) continue;
      kinds[get_string(item, {"kind"})] = {name, get_bool(item, {"namespaced"})};
    }
  }
  if (const auto found = kinds.find(kind); found != kinds.end()) return found->second;
  return Error::failed_precondition("cluster " + cluster_.name + " has no kind " + kind + " in " +
                                    api_version + "; apply its CustomResourceDefinition first");
}

Result<std::string> Applier::collection(const Json& object) {
  const std::string api_version = get_string(object, {"apiVersion"});
  const std::string kind = get_string(object, {"kind"});
  if (api_version.empty() || kind.empty() || get_string(object, {"metadata", "name"}).empty()) {
    return Error::invalid("an object without apiVersion, kind or metadata.name cannot be applied");
  }
  const Resource found = TRY(resource(api_version, kind));
  std::string path = group_path(api_version);
  if (found.namespaced) {
    path += "/namespaces/" + get_string(object, {"metadata", "namespace"}, "default");
  }
  return path + "/" + found.plural;
}

Result<void> Applier::create(const Json& object) {
  WorkloadRequest request;
  request.method = "POST";
  request.path = TRY(collection(object)) + "?fieldManager=" + kManager;
  request.body = dump_json(object);
  auto created = call_workload(workload_, cluster_, request);
  if (created.ok() || created.code() == Code::kAlreadyExists) return {};
  return std::move(created).error();
}

Result<void> Applier::apply(const Json& object) {
  WorkloadRequest request;
  request.method = "PATCH";
  request.path = TRY(collection(object)) + "/" + get_string(object, {"metadata", "name"}) +
                 "?fieldManager=" + kManager + "&force=true";
  request.content_type = "application/apply-patch+yaml";
  request.body = dump_json(object);
  auto applied = call_workload(workload_, cluster_, request);
  if (!applied.ok()) return std::move(applied).error();
  return {};
}

}  // namespace capstan::lifecycle
