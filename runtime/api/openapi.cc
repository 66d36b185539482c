#include "runtime/api/openapi.h"

#include "runtime/api/openapi_schemas.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kKeptDocuments = 4;

std::string document_path(const ServedGroup& group, const ServedVersion& version) {
  return group.name.empty() ? "api/" + version.version
                            : "apis/" + group.name + "/" + version.version;
}

std::string build_document(const std::string& path, const ServedVersion& version) {
  Json paths = Json::object();
  Json schemas = metadata_schemas();
  for (const ServedKind& served : version.kinds) {
    add_kind_paths(served, paths);
    schemas[schema_name(served)] = kind_schema(served);
  }
  return dump_json({{"openapi", "3.0.0"},
                    {"info", {{"title", "Capstan " + path}, {"version", version.version}}},
                    {"paths", std::move(paths)},
                    {"components", {{"schemas", std::move(schemas)}}}}) +
         "\n";
}

}  // namespace

std::string OpenApi::hash(const std::string& path, const ServedVersion& version) const {
  std::string identity = path;
  for (const ServedKind& served : version.kinds) {
    identity += "\n" + served.kind->id.kind;
    const ObjectPtr crd = cache_.get(
        {{"apiextensions.k8s.io", "CustomResourceDefinition"}, "", served.kind->crd_name()});
    if (crd != nullptr && !served.kind->builtin) {
      identity += crd->meta().uid + "/" + std::to_string(crd->meta().generation);
    } else {
      identity += nonce_;
    }
  }
  return to_lower(hex_encode(sha256(identity)));
}

Json OpenApi::index() const {
  Json paths = Json::object();
  for (const ServedGroup& group : served_groups(kinds_)) {
    for (const ServedVersion& version : group.versions) {
      const std::string path = document_path(group, version);
      paths[path] = {{"serverRelativeURL", "/openapi/v3/" + path + "?hash=" + hash(path, version)}};
    }
  }
  return {{"paths", std::move(paths)}};
}

OpenApi::Document OpenApi::document(const std::string& path) {
  for (const ServedGroup& group : served_groups(kinds_)) {
    for (const ServedVersion& version : group.versions) {
      if (document_path(group, version) != path) continue;
      Document wanted{hash(path, version), nullptr};
      const std::scoped_lock lock(mutex_);
      for (auto at = recent_.begin(); at != recent_.end(); ++at) {
        if (at->first != path) continue;
        recent_.splice(recent_.begin(), recent_, at);
        if (recent_.front().second.hash == wanted.hash) return recent_.front().second;
        recent_.pop_front();
        break;
      }
      wanted.body = std::make_shared<const std::string>(build_document(path, version));
      recent_.emplace_front(path, wanted);
      if (recent_.size() > kKeptDocuments) recent_.pop_back();
      return wanted;
    }
  }
  return {};
}

}  // namespace capstan
