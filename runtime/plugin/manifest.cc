#include "runtime/plugin/manifest.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/object/kind.h"

namespace capstan {
namespace {

// Reads a manifest and collects everything that is wrong with it.
class ManifestReader {
 public:
  Result<Manifest> read(Json json) {
    read_identity(json);
    read_abi(json);
    read_providers(json);
    read_kinds(json);
    each(json, "reconciles", [&](const Json& item, const std::string& at) {
      manifest_.reconciles.push_back(read_reconcile(item, at));
    });
    each(json, "admits", [&](const Json& item, const std::string& at) {
      manifest_.admits.push_back(read_kind(item, at));
    });
    read_needs(json);
    read_rest(json);
    if (problems_.empty()) {
      take_kinds(json);
      return std::move(manifest_);
    }
    Error error =
        Error::invalid("manifest: " + problems_.front().field + " " + problems_.front().message);
    if (problems_.size() > 1) {
      error.message += " (and " + std::to_string(problems_.size() - 1) + " more)";
    }
    error.fields = std::move(problems_);
    return error;
  }

 private:
  void wrong(std::string field, std::string message) {
    problems_.push_back({std::move(field), "FieldValueInvalid", std::move(message)});
  }

  std::string text(const Json& parent, const char* name, const std::string& at, bool required) {
    const Json* value = find(parent, {name});
    if (value == nullptr) {
      if (required) wrong(at + "/" + name, "is missing");
      return "";
    }
    if (!value->is_string() || (required && value->get_ref<const std::string&>().empty())) {
      wrong(at + "/" + name, required ? "must be a text that is not empty" : "must be a text");
      return "";
    }
    return value->get<std::string>();
  }

  template <typename Each>
  void each(const Json& parent, const char* name, Each read_item, const std::string& at = "") {
    const Json* list = find(parent, {name});
    if (list == nullptr || list->is_null()) return;  // YAML's "name:" with nothing below it
    const std::string field = at + "/" + name;
    if (!list->is_array()) return wrong(field, "must be a list");
    for (size_t i = 0; i < list->size(); ++i) {
      const std::string item_at = field + "/" + std::to_string(i);
      read_item((*list)[i], item_at);
    }
  }

  std::vector<std::string> texts(const Json& parent, const char* name, const std::string& at) {
    std::vector<std::string> out;
    each(
        parent, name,
        [&](const Json& item, const std::string& item_at) {
          if (!item.is_string()) return wrong(item_at, "must be a text");
          out.push_back(item.get<std::string>());
        },
        at);
    return out;
  }

  void read_identity(const Json& json) {
    manifest_.id = text(json, "id", "", true);
    manifest_.name = text(json, "name", "", true);
    manifest_.version = text(json, "version", "", true);
    const auto is_name = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (!std::all_of(manifest_.name.begin(), manifest_.name.end(), is_name)) {
      wrong("/name", "must have only lower-case letters, digits and '-'");
    }
  }

  uint32_t number(const Json& json, const char* name) {
    const Json* value = find(json, {"abi", name});
    if (value == nullptr || !value->is_number_integer() || *value < 0 || *value > 1'000'000) {
      wrong(std::string("/abi/") + name, "must be a number");
      return 0;
    }
    return value->get<uint32_t>();
  }
  void read_abi(const Json& json) {
    manifest_.abi_major = number(json, "major");
    manifest_.abi_min_minor = number(json, "minMinor");
    manifest_.abi_max_minor = number(json, "maxMinor");
    if (manifest_.abi_min_minor > manifest_.abi_max_minor) {
      wrong("/abi/minMinor", "is above maxMinor");
    }
  }

  void read_providers(const Json& json) {
    each(json, "providers", [&](const Json& item, const std::string& at) {
      static const std::vector<std::string> kTypes = {
          "CoreProvider",           "BootstrapProvider", "ControlPlaneProvider",
          "InfrastructureProvider", "IPAMProvider",      "RuntimeExtensionProvider",
          "AddonProvider"};
      ProviderEntry entry{text(item, "type", at, true), text(item, "name", at, true)};
      if (!entry.type.empty() &&
          std::find(kTypes.begin(), kTypes.end(), entry.type) == kTypes.end()) {
        wrong(at + "/type", "\"" + entry.type + "\" is none of " + join(kTypes, ", "));
      }
      manifest_.providers.push_back(std::move(entry));
    });
  }

  void read_kinds(const Json& json) {
    each(json, "kinds", [&](const Json& crd, const std::string& at) {
      const auto kind = Kind::from_crd(crd);
      if (!kind.ok()) wrong(at, "is no CustomResourceDefinition: " + kind.error().message);
    });
  }
  // By moving them: they are most of a manifest.
  void take_kinds(Json& json) {
    const auto kinds = json.find("kinds");
    if (kinds == json.end() || !kinds->is_array()) return;
    manifest_.kinds = KindDocuments(std::move(kinds->get_ref<Json::array_t&>()));
  }

  GroupKind read_kind(const Json& item, const std::string& at) {
    return {text(item, "group", at, false), text(item, "kind", at, true)};
  }

  ReconcileEntry read_reconcile(const Json& item, const std::string& at) {
    ReconcileEntry entry;
    entry.kind = read_kind(item, at);
    entry.role = read_role(item, at);
    if (const Json* when = find(item, {"when"})) entry.when = read_when(*when, at + "/when");
    entry.relations = read_relations(item, at);
    entry.concurrency = static_cast<int>(bounded(item, "concurrency", at, 10, 1, 1000));
    entry.timeout = std::chrono::seconds(bounded(item, "timeoutSeconds", at, 60, 1, 3600));
    return entry;
  }

  int64_t bounded(const Json& item, const char* name, const std::string& at, int64_t fallback,
                  int64_t low, int64_t high) {
    const Json* value = find(item, {name});
    if (value == nullptr) return fallback;
    if (!value->is_number_integer() || *value < low || *value > high) {
      wrong(at + "/" + name,
            "must be a number from " + std::to_string(low) + " to " + std::to_string(high));
      return fallback;
    }
    return value->get<int64_t>();
  }

  ProviderRole read_role(const Json& item, const std::string& at) {
    static const std::map<std::string, ProviderRole> kRoles = {
        {"", ProviderRole::kResource},
        {"resource", ProviderRole::kResource},
        {"infraCluster", ProviderRole::kInfraCluster},
        {"infraMachine", ProviderRole::kInfraMachine},
        {"bootstrapConfig", ProviderRole::kBootstrapConfig},
        {"controlPlane", ProviderRole::kControlPlane}};
    const std::string name = text(item, "role", at, false);
    const auto role = kRoles.find(name);
    if (role != kRoles.end()) return role->second;
    wrong(at + "/role", "\"" + name +
                            "\" is none of infraCluster, infraMachine, bootstrapConfig, "
                            "controlPlane, resource");
    return ProviderRole::kResource;
  }

  // "/spec/backend/docker" -> {spec, backend, docker}.
  std::vector<std::string> read_path(const std::string& pointer, const std::string& at) {
    if (pointer.size() < 2 || pointer.front() != '/') {
      wrong(at, "must be a JSON pointer like /spec/backend");
      return {};
    }
    std::vector<std::string> steps = split(pointer.substr(1), '/');
    for (std::string& step : steps) {  // RFC 6901: ~1 is '/', ~0 is '~'
      for (const auto& [escape, plain] : {std::pair{"~1", "/"}, std::pair{"~0", "~"}}) {
        for (size_t at = 0; (at = step.find(escape, at)) != std::string::npos; ++at) {
          step.replace(at, 2, plain);
        }
      }
    }
    return steps;
  }

  When read_when(const Json& item, const std::string& at) {
    When when;
    when.path = read_path(text(item, "path", at, true), at + "/path");
    if (const Json* equals = find(item, {"equals"})) when.equals = *equals;
    const Json* exists = find(item, {"exists"});
    if (exists != nullptr && exists->is_boolean()) {
      when.exists = exists->get<bool>();
    } else if (exists != nullptr) {
      wrong(at + "/exists", "must be true or false");
    }
    if (!when.exists && !when.equals) wrong(at, "needs `exists` or `equals`");
    return when;
  }

  std::vector<Relation> read_relations(const Json& item, const std::string& at) {
    std::vector<Relation> out;
    const Json* relations = find(item, {"relations"});
    if (relations == nullptr) return out;
    if (!relations->is_object()) {
      wrong(at + "/relations", "must be a map of relations by name");
      return out;
    }
    for (const auto& [name, relation] : relations->items()) {
      out.push_back(read_relation(name, relation, at + "/relations/" + name));
    }
    return out;
  }

  Relation read_relation(const std::string& name, const Json& item, const std::string& at) {
    static constexpr std::string_view kReference = "ref:";
    Relation relation;
    relation.name = name;
    const std::string select = text(item, "select", at, true);
    if (select.starts_with(kReference)) {
      relation.select = Relation::Select::kReference;
      relation.path = read_path(select.substr(kReference.size()), at + "/select");
      relation.kind = {text(item, "group", at, false), text(item, "kind", at, false)};
      return relation;
    }
    relation.kind = read_kind(item, at);
    if (select == "cluster") {
      relation.select = Relation::Select::kCluster;
    } else if (select != "owned" && !select.empty()) {
      wrong(at + "/select", "\"" + select + "\" is none of owned, cluster, ref:/PATH");
    }
    return relation;
  }

  void read_needs(const Json& json) {
    const Json* needs = find(json, {"needs"});
    if (needs == nullptr) return;
    if (!needs->is_object()) return wrong("/needs", "must be a map");
    Needs& out = manifest_.needs;
    each(
        *needs, "objects",
        [&](const Json& item, const std::string& at) {
          const std::string access = text(item, "access", at, false);
          if (!access.empty() && access != "read" && access != "write") {
            wrong(at + "/access", "\"" + access + "\" is none of read, write");
          }
          out.objects.push_back({read_kind(item, at), access == "write"});
        },
        "/needs");
    out.secrets = texts(*needs, "secrets", "/needs");
    out.hosts = texts(*needs, "hosts", "/needs");
    out.paths = texts(*needs, "paths", "/needs");
    const std::string listen = text(*needs, "listen", "/needs", false);
    if (!listen.empty() && listen != "loopback") {
      wrong("/needs/listen", "\"" + listen + "\" is not loopback");
    }
    out.listen = !listen.empty();
    out.workload = get_bool(*needs, {"workload"});
  }

  void read_rest(const Json& json) {
    if (const Json* settings = find(json, {"settings"})) manifest_.settings_schema = *settings;
    manifest_.status = text(json, "status", "", false);
    manifest_.security_posture = text(json, "securityPosture", "", false);
    const Json* templates = find(json, {"templates"});
    if (templates == nullptr) return;
    if (!templates->is_object()) return wrong("/templates", "must be a map of texts by file name");
    for (const auto& [name, content] : templates->items()) {
      if (!content.is_string()) {
        wrong("/templates/" + name, "must be a text");
      } else {
        manifest_.templates[name] = content.get<std::string>();
      }
    }
  }

  Manifest manifest_;
  std::vector<FieldError> problems_;
};

bool matches(const GroupKind& pattern, const GroupKind& kind) {
  return (pattern.group == "*" || pattern.group == kind.group) &&
         (pattern.kind == "*" || pattern.kind == kind.kind);
}

}  // namespace

bool Manifest::owns(const GroupKind& kind) const {
  const auto is_kind = [&](const Json& crd) {
    return get_string(crd, {"spec", "group"}) == kind.group &&
           get_string(crd, {"spec", "names", "kind"}) == kind.kind;
  };
  return std::any_of(kinds.begin(), kinds.end(), is_kind) ||
         std::any_of(reconciles.begin(), reconciles.end(),
                     [&](const ReconcileEntry& entry) { return entry.kind == kind; });
}

bool Manifest::may_read(const GroupKind& kind) const {
  return owns(kind) || std::any_of(needs.objects.begin(), needs.objects.end(),
                                   [&](const ObjectAccess& a) { return matches(a.kind, kind); });
}

bool Manifest::may_write(const GroupKind& kind) const {
  return owns(kind) ||
         std::any_of(needs.objects.begin(), needs.objects.end(),
                     [&](const ObjectAccess& a) { return a.write && matches(a.kind, kind); });
}

Result<Manifest> parse_manifest(std::string_view text) {
  auto json = parse_json(text);
  if (!json.ok()) return std::move(json).error().with_context("manifest");
  return manifest_from_json(*std::move(json));
}

Result<Manifest> manifest_from_json(Json json) {
  if (!json.is_object()) return Error::invalid("manifest: must be a JSON object");
  return ManifestReader().read(std::move(json));
}

}  // namespace capstan
