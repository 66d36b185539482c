#include "runtime/cli/api_client.h"

namespace capstan::cli {

Result<Json> ApiClient::find(const KindName& kind, const std::string& ns, const std::string& name) {
  const Result<std::string> path = collection_path(kind, ns);
  if (!path.ok()) {
    if (path.code() == Code::kNotFound) return Json(nullptr);
    return path.error();
  }
  Result<Json> object = get(*path + "/" + name);
  if (!object.ok() && object.code() == Code::kNotFound) return Json(nullptr);
  return object;
}

Result<std::vector<Json>> ApiClient::list(const KindName& kind, const std::string& ns,
                                          const std::string& label_selector) {
  std::string path = TRY(collection_path(kind, ns));
  if (!label_selector.empty()) path += "?labelSelector=" + label_selector;
  const Json answer = TRY(get(path));
  std::vector<Json> items;
  const Json* found = capstan::find(answer, {"items"});
  if (found == nullptr || !found->is_array()) return items;
  const std::string api_version = get_string(answer, {"apiVersion"});
  for (const Json& item : *found) {
    items.push_back(item);
    items.back()["apiVersion"] = api_version;
    items.back()["kind"] = kind.kind;
  }
  return items;
}

}  // namespace capstan::cli
