#include "runtime/api/discovery.h"

#include "runtime/api/served_kinds.h"
#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

const Json kVerbs = {"create", "delete", "deletecollection", "get",
                     "list",   "patch",  "update",           "watch"};

struct Subresource {
  std::string name;
  std::string group;
  std::string version;
  std::string kind;
  Json verbs;
};

std::vector<Subresource> subresources_of(const ServedKind& served) {
  const Kind& kind = *served.kind;
  const std::string& version = served.version->name;
  std::vector<Subresource> list;
  const Json change = {"get", "patch", "update"};
  if (served.version->status_subresource) {
    list.push_back({"status", kind.id.group, version, kind.id.kind, change});
  }
  if (served.version->scale) list.push_back({"scale", "autoscaling", "v1", "Scale", change});
  for (const std::string& name : kind.extra_subresources) {
    if (name == "token") continue;  // no tokens are issued
    list.push_back({name, kind.id.group, version, kind.id.kind, {"create", "get"}});
  }
  return list;
}

struct Review {
  const char* group;
  const char* resource;
  const char* kind;
};
constexpr Review kReviews[] = {
    {"authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"},
    {"authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"},
    {"authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"},
};

Json response_kind(const std::string& group, const std::string& version, const std::string& kind) {
  return {{"group", group}, {"version", version}, {"kind", kind}};
}

Json aggregated_resource(const ServedKind& served) {
  const Kind& kind = *served.kind;
  Json resource = {
      {"resource", kind.plural},
      {"responseKind", response_kind(kind.id.group, served.version->name, kind.id.kind)},
      {"scope", kind.namespaced ? "Namespaced" : "Cluster"},
      {"singularResource", kind.singular},
      {"verbs", kVerbs}};
  if (!kind.short_names.empty()) resource["shortNames"] = kind.short_names;
  if (!kind.categories.empty()) resource["categories"] = kind.categories;
  for (const Subresource& sub : subresources_of(served)) {
    resource["subresources"].push_back(
        {{"subresource", sub.name},
         {"responseKind", response_kind(sub.group, sub.version, sub.kind)},
         {"verbs", sub.verbs}});
  }
  return resource;
}

Json aggregated(const std::vector<ServedGroup>& groups, bool core, DiscoveryForm form) {
  const char* version = form == DiscoveryForm::kAggregatedV2 ? "v2" : "v2beta1";
  Json items = Json::array();
  for (const ServedGroup& group : groups) {
    if (group.name.empty() != core) continue;
    Json versions = Json::array();
    for (const ServedVersion& served : group.versions) {
      Json resources = Json::array();
      for (const ServedKind& kind : served.kinds) resources.push_back(aggregated_resource(kind));
      for (const Review& review : kReviews) {
        if (review.group != group.name) continue;
        resources.push_back({{"resource", review.resource},
                             {"responseKind", response_kind(review.group, "v1", review.kind)},
                             {"scope", "Cluster"},
                             {"singularResource", to_lower(review.kind)},
                             {"verbs", {"create"}}});
      }
      versions.push_back({{"version", served.version},
                          {"freshness", "Current"},
                          {"resources", std::move(resources)}});
    }
    items.push_back({{"metadata", {{"name", group.name}}}, {"versions", std::move(versions)}});
    if (core) items.back()["metadata"] = {{"name", ""}};
  }
  return {{"kind", "APIGroupDiscoveryList"},
          {"apiVersion", std::string("apidiscovery.k8s.io/") + version},
          {"metadata", Json::object()},
          {"items", std::move(items)}};
}

Json legacy_group(const ServedGroup& group) {
  Json versions = Json::array();
  for (const ServedVersion& served : group.versions) {
    versions.push_back(
        {{"groupVersion", group.name + "/" + served.version}, {"version", served.version}});
  }
  Json preferred = versions.front();
  return {{"name", group.name},
          {"versions", std::move(versions)},
          {"preferredVersion", std::move(preferred)}};
}

Json legacy_resources(const ServedGroup& group, const ServedVersion& served) {
  Json resources = Json::array();
  for (const ServedKind& item : served.kinds) {
    const Kind& kind = *item.kind;
    Json resource = {{"name", kind.plural},
                     {"singularName", kind.singular},
                     {"namespaced", kind.namespaced},
                     {"kind", kind.id.kind},
                     {"verbs", kVerbs}};
    if (!kind.short_names.empty()) resource["shortNames"] = kind.short_names;
    if (!kind.categories.empty()) resource["categories"] = kind.categories;
    resources.push_back(std::move(resource));
    for (const Subresource& sub : subresources_of(item)) {
      resources.push_back({{"name", kind.plural + "/" + sub.name},
                           {"singularName", ""},
                           {"namespaced", kind.namespaced},
                           {"group", sub.group},
                           {"version", sub.version},
                           {"kind", sub.kind},
                           {"verbs", sub.verbs}});
    }
  }
  for (const Review& review : kReviews) {
    if (review.group != group.name) continue;
    resources.push_back({{"name", review.resource},
                         {"singularName", to_lower(review.kind)},
                         {"namespaced", false},
                         {"kind", review.kind},
                         {"verbs", {"create"}}});
  }
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", GroupVersion{group.name, served.version}.text()},
          {"resources", std::move(resources)}};
}

Json api_versions() {
  return {
      {"kind", "APIVersions"}, {"versions", {"v1"}}, {"serverAddressByClientCIDRs", Json::array()}};
}

// Null where there is none.
Json legacy(const std::vector<ServedGroup>& groups, const std::vector<std::string>& parts) {
  if (parts[0] == "api" && parts.size() == 1) return api_versions();
  if (parts.size() == 1) {
    Json list = Json::array();
    for (const ServedGroup& group : groups) {
      if (!group.name.empty()) list.push_back(legacy_group(group));
    }
    return {{"kind", "APIGroupList"}, {"apiVersion", "v1"}, {"groups", std::move(list)}};
  }
  const std::string name = parts[0] == "api" ? "" : parts[1];
  const std::string version = parts[0] == "api" ? parts[1] : parts.size() > 2 ? parts[2] : "";
  for (const ServedGroup& group : groups) {
    if (group.name != name) continue;
    if (version.empty()) {
      Json document = legacy_group(group);
      document["kind"] = "APIGroup";
      document["apiVersion"] = "v1";
      return document;
    }
    for (const ServedVersion& served : group.versions) {
      if (served.version == version) return legacy_resources(group, served);
    }
  }
  return nullptr;
}

}  // namespace

std::string Discovery::build(const std::string& path, DiscoveryForm form) const {
  const std::vector<ServedGroup> groups = served_groups(kinds_);
  const std::vector<std::string> parts = split(path.substr(1), '/');
  const bool root = parts.size() == 1;
  const Json document = root && form != DiscoveryForm::kLegacy
                            ? aggregated(groups, parts[0] == "api", form)
                            : legacy(groups, parts);
  return document.is_null() ? "" : dump_json(document) + "\n";
}

DiscoveryDocument Discovery::document(const std::string& path, DiscoveryForm form) {
  const bool root = path == "/api" || path == "/apis";
  if (!root) form = DiscoveryForm::kLegacy;
  const std::scoped_lock lock(mutex_);
  const uint64_t generation = kinds_.generation();
  if (generation != generation_) documents_.clear();
  generation_ = generation;
  const auto key = std::pair(path, form);
  if (const auto found = documents_.find(key); found != documents_.end()) return found->second;
  std::string body = build(path, form);
  if (body.empty()) return {};  // paths that clients make up are not kept
  DiscoveryDocument document;
  document.content_type = "application/json";
  if (form != DiscoveryForm::kLegacy) {
    document.content_type += std::string(";g=apidiscovery.k8s.io;v=") +
                             (form == DiscoveryForm::kAggregatedV2 ? "v2" : "v2beta1") +
                             ";as=APIGroupDiscoveryList";
  }
  document.etag = "\"" + hex_encode(sha256(body)) + "\"";
  document.body = std::make_shared<const std::string>(std::move(body));
  documents_[key] = document;
  return document;
}

}  // namespace capstan
