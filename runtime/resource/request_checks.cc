#include "runtime/resource/request_checks.h"

namespace capstan {

Result<void> check_object_type(Json& object, const std::string& api_version,
                               const std::string& kind) {
  if (!object.is_object()) {
    return Error::invalid("the object provided is unrecognized: it must be a JSON object, not " +
                          std::string(object.type_name()));
  }
  const std::string given_version = get_string(object, {"apiVersion"}, api_version);
  if (given_version != api_version) {
    return Error::invalid("the API version in the data (" + given_version +
                          ") does not match the expected API version (" + api_version + ")");
  }
  const std::string given_kind = get_string(object, {"kind"}, kind);
  if (given_kind != kind) {
    return Error::invalid("the kind in the data (" + given_kind +
                          ") does not match the expected kind (" + kind + ")");
  }
  object["apiVersion"] = api_version;
  object["kind"] = kind;
  Json& metadata = object["metadata"];
  if (metadata.is_null()) metadata = Json::object();
  if (!metadata.is_object()) {
    return Error::invalid("metadata must be an object, not " + std::string(metadata.type_name()));
  }
  return {};
}

Result<void> check_object_place(Json& metadata, const ObjectKey& key, bool namespaced) {
  const std::string ns = get_string(metadata, {"namespace"});
  if (namespaced && !ns.empty() && ns != key.ns) {
    return Error::invalid(
        "the namespace of the provided object does not match the namespace sent on the request");
  }
  if (!namespaced) metadata.erase("namespace");
  const std::string name = get_string(metadata, {"name"});
  if (!name.empty() && !key.name.empty() && name != key.name) {
    return Error::invalid("the name of the object (" + name +
                          ") does not match the name on the URL (" + key.name + ")");
  }
  return {};
}

}  // namespace capstan
