#include "runtime/resource/crd_rules.h"

#include "runtime/base/text.h"
#include "runtime/object/compact_json.h"
#include "runtime/object/conditions.h"
#include "runtime/object/schema/field_errors.h"
#include "runtime/object/schema/schema.h"

namespace capstan {
namespace {

void default_names(Json& crd) {
  Json& names = make(crd, {"spec", "names"});
  const std::string kind = get_string(names, {"kind"});
  if (get_string(names, {"singular"}).empty()) names["singular"] = to_lower(kind);
  if (get_string(names, {"listKind"}).empty()) names["listKind"] = kind + "List";
  if (find(crd, {"spec", "conversion"}) == nullptr) {
    crd["spec"]["conversion"] = {{"strategy", "None"}};
  }
}

// The schema checked that spec.versions is a list of objects with names.
void check_versions(const Json& crd, std::vector<FieldError>& wrong) {
  const Json* versions = find(crd, {"spec", "versions"});
  if (versions == nullptr || !versions->is_array() || versions->empty()) {
    wrong.push_back(field_required("spec.versions", "must have at least one version"));
    return;
  }
  int stored = 0;
  for (size_t i = 0; i < versions->size(); ++i) {
    const Json& version = (*versions)[i];
    const std::string path = "spec.versions[" + std::to_string(i) + "]";
    if (get_bool(version, {"storage"})) ++stored;
    const Json* schema = find(version, {"schema", "openAPIV3Schema"});
    if (schema == nullptr) {
      wrong.push_back(field_required(path + ".schema.openAPIV3Schema", "schemas are required"));
      continue;
    }
    const auto compiled = Schema::compile(*schema);
    if (!compiled.ok()) {
      wrong.push_back({path + ".schema.openAPIV3Schema", "FieldValueInvalid",
                       "Invalid value: " + compiled.error().message});
    }
  }
  if (stored != 1) {
    wrong.push_back(field_invalid("spec.versions", *versions,
                                  "must have exactly one version marked as storage version"));
    wrong.back().message = "Invalid value: must have exactly one version marked as storage version";
  }
}

void check_immutable(const Json& crd, const Json& old, std::vector<FieldError>& wrong) {
  for (const char* field : {"group", "scope"}) {
    const std::string before = get_string(old, {"spec", field});
    const std::string now = get_string(crd, {"spec", field});
    if (before != now) {
      wrong.push_back(field_invalid(std::string("spec.") + field, now, "field is immutable"));
    }
  }
  for (const char* field : {"kind", "plural"}) {
    const std::string now = get_string(crd, {"spec", "names", field});
    if (get_string(old, {"spec", "names", field}) != now) {
      wrong.push_back(field_invalid(std::string("spec.names.") + field, now, "field is immutable"));
    }
  }
}

// Another kind of the group that has one of the names; "" where there is none.
std::string name_conflict(const Json& crd, const KindRegistry& kinds) {
  const GroupKind id = crd_group_kind(crd);
  const std::string plural = get_string(crd, {"spec", "names", "plural"});
  const KindPtr same_kind = kinds.find(id);
  if (same_kind != nullptr && (same_kind->plural != plural || same_kind->builtin)) {
    return "kind \"" + id.kind + "\" is already in use";
  }
  const KindPtr same_plural = kinds.find_resource(id.group, plural);
  if (same_plural != nullptr && same_plural->id != id) {
    return "plural \"" + plural + "\" is already in use";
  }
  return "";
}

void set_status(Json& crd, const Json* old, const std::string& conflict, Instant now) {
  if (old != nullptr && old->contains("status")) {
    crd["status"] = old->at("status");
  } else {
    crd["status"] = {{"storedVersions", Json::array()}, {"conditions", Json::array()}};
  }
  Json& status = crd["status"];
  status["acceptedNames"] = crd["spec"]["names"];
  for (const Json& version : crd["spec"]["versions"]) {
    Json& stored = make(status, {"storedVersions"});
    if (!stored.is_array()) stored = Json::array();
    if (!get_bool(version, {"storage"})) continue;
    if (std::find(stored.begin(), stored.end(), version["name"]) == stored.end()) {
      stored.push_back(version["name"]);
    }
  }
  if (conflict.empty()) {
    set_condition(crd, {"NamesAccepted", "True", "NoConflicts", "no conflicts found"}, now);
    set_condition(
        crd,
        {"Established", "True", "InitialNamesAccepted", "the initial names have been accepted"},
        now);
  } else {
    set_condition(crd, {"NamesAccepted", "False", "NameConflict", conflict}, now);
    set_condition(crd, {"Established", "False", "NotAccepted", "not all names are accepted"}, now);
  }
}

}  // namespace

GroupKind crd_group_kind(const Json& crd) {
  return {get_string(crd, {"spec", "group"}), get_string(crd, {"spec", "names", "kind"})};
}

Result<void> prepare_crd(const Kind& crd_kind, Json& crd, const Json* old,
                         const KindRegistry& kinds, Instant now) {
  default_names(crd);
  std::vector<FieldError> wrong;
  const std::string name = get_string(crd, {"metadata", "name"});
  const std::string expected =
      get_string(crd, {"spec", "names", "plural"}) + "." + get_string(crd, {"spec", "group"});
  if (name != expected) {
    wrong.push_back(
        field_invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
  }
  if (old != nullptr) check_immutable(crd, *old, wrong);
  if (old == nullptr || old->at("spec") != crd.at("spec")) check_versions(crd, wrong);
  if (!wrong.empty()) return invalid_object(crd_kind.id, name, std::move(wrong));
  set_status(crd, old, name_conflict(crd, kinds), now);
  return {};
}

Result<void> register_crd(const Object& crd, KindRegistry& kinds) {
  // The status is short and last, so the specification need not be parsed for it.
  const std::optional<std::string_view> status = find_member(crd.text(), "status");
  if (!status.has_value()) return {};
  Json conditions = Json::object();
  conditions["status"] = TRY(parse_json(*status));
  if (!is_condition_true(conditions, "Established")) return {};
  kinds.put(TRY(Kind::from_crd_text(crd.text())));
  return {};
}

}  // namespace capstan
