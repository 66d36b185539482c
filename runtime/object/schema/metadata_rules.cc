#include "runtime/object/schema/metadata_rules.h"

#include <algorithm>
#include <array>
#include <optional>

#include "runtime/base/raw_json.h"
#include "runtime/base/text.h"
#include "runtime/object/names.h"
#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

constexpr size_t kMaxAnnotationBytes = 256 * 1024;

enum class Shape { kString, kInteger, kStringMap, kStringList, kObjectList };
struct Field {
  std::string_view name;
  Shape shape;
};
constexpr std::array<Field, 15> kFields = {{
    {"annotations", Shape::kStringMap},
    {"creationTimestamp", Shape::kString},
    {"deletionGracePeriodSeconds", Shape::kInteger},
    {"deletionTimestamp", Shape::kString},
    {"finalizers", Shape::kStringList},
    {"generateName", Shape::kString},
    {"generation", Shape::kInteger},
    {"labels", Shape::kStringMap},
    {"managedFields", Shape::kObjectList},
    {"name", Shape::kString},
    {"namespace", Shape::kString},
    {"ownerReferences", Shape::kObjectList},
    {"resourceVersion", Shape::kString},
    {"selfLink", Shape::kString},
    {"uid", Shape::kString},
}};
constexpr std::array<std::string_view, 6> kOwnerFields = {
    "apiVersion", "blockOwnerDeletion", "controller", "kind", "name", "uid"};
constexpr std::array<std::string_view, 7> kManagedFields = {
    "apiVersion", "fieldsType", "fieldsV1", "manager", "operation", "subresource", "time"};

const Field* find_field(std::string_view name) {
  const auto at = std::find_if(kFields.begin(), kFields.end(),
                               [&](const Field& field) { return field.name == name; });
  return at == kFields.end() ? nullptr : &*at;
}

template <size_t N>
void prune_items(Json& items, const std::array<std::string_view, N>& known, const std::string& path,
                 std::vector<std::string>& removed) {
  if (!items.is_array()) return;
  for (size_t i = 0; i < items.size(); ++i) {
    if (!items[i].is_object()) continue;
    for (auto member = items[i].begin(); member != items[i].end();) {
      if (std::find(known.begin(), known.end(), member.key()) != known.end()) {
        ++member;
        continue;
      }
      removed.push_back(path + "[" + std::to_string(i) + "]." + member.key());
      member = items[i].erase(member);
    }
  }
}

bool all_of_type(const Json& value, bool objects) {
  return std::all_of(value.begin(), value.end(), [&](const Json& item) {
    return objects ? item.is_object() : item.is_string();
  });
}

// What the value should have been, or null where it is that.
const char* shape_error(const Json& value, Shape shape) {
  switch (shape) {
    case Shape::kString:
      return value.is_string() ? nullptr : "must be a string";
    case Shape::kInteger:
      return value.is_number_integer() ? nullptr : "must be an integer";
    case Shape::kStringMap:
      return value.is_object() && all_of_type(value, false) ? nullptr : "must be a map of strings";
    case Shape::kStringList:
      return value.is_array() && all_of_type(value, false) ? nullptr : "must be a list of strings";
    case Shape::kObjectList:
      if (is_raw_json(value)) return nullptr;  // stored as it is: it was checked before
      return value.is_array() && all_of_type(value, true) ? nullptr : "must be a list of objects";
  }
  return nullptr;
}

class MetadataValidator {
 public:
  MetadataValidator(const Json& metadata, std::string path)
      : metadata_(metadata), path_(std::move(path)) {}

  // Gives whether the rest can be looked at.
  bool shapes() {
    if (!metadata_.is_object()) {
      errors_.push_back(field_type_invalid(path_, metadata_, "must be an object"));
      return false;
    }
    for (const auto& [name, value] : metadata_.items()) {
      const Field* field = find_field(name);
      if (field == nullptr || value.is_null()) continue;
      const char* wrong = shape_error(value, field->shape);
      if (wrong != nullptr) errors_.push_back(field_type_invalid(at(name), value, wrong));
    }
    return errors_.empty();
  }

  void name(NameRule rule) {
    const std::string generate = get_string(metadata_, {"generateName"});
    const std::string name = get_string(metadata_, {"name"});
    if (!generate.empty()) {
      // A prefix may end in a dash, because a suffix follows.
      const bool dash = rule != NameRule::kPathSegment && generate.size() > 1;
      std::string prefix = generate;
      if (dash && prefix.back() == '-') prefix.back() = 'a';
      invalid("generateName", generate, check_name(prefix, rule));
    }
    if (name.empty()) {
      errors_.push_back(field_required(at("name"), "name or generateName is required"));
    } else {
      invalid("name", name, check_name(name, rule));
    }
  }

  void ns(bool namespaced) {
    const std::string ns = get_string(metadata_, {"namespace"});
    if (namespaced && ns.empty()) {
      errors_.push_back(field_required(at("namespace"), ""));
    } else if (namespaced) {
      invalid("namespace", ns, check_dns_label(ns));
    } else if (!ns.empty()) {
      errors_.push_back(field_forbidden(at("namespace"), "not allowed on this type"));
    }
  }

  void maps() {
    for (const auto& [key, value] : members("labels").items()) {
      invalid("labels", key, check_qualified_name(key));
      invalid("labels", value, check_label_value(value.get_ref<const std::string&>()));
    }
    size_t bytes = 0;
    for (const auto& [key, value] : members("annotations").items()) {
      invalid("annotations", key, check_qualified_name(to_lower(key)));
      bytes += key.size() + value.get_ref<const std::string&>().size();
    }
    if (bytes > kMaxAnnotationBytes) {
      errors_.push_back(field_too_long(at("annotations"), kMaxAnnotationBytes));
    }
  }

  void finalizers() {
    bool orphan = false;
    bool foreground = false;
    for (const Json& finalizer : members("finalizers")) {
      invalid("finalizers", finalizer,
              check_qualified_name(finalizer.get_ref<const std::string&>()));
      orphan = orphan || finalizer == "orphan";
      foreground = foreground || finalizer == "foregroundDeletion";
    }
    if (!orphan || !foreground) return;
    invalid("finalizers", members("finalizers"),
            "finalizer orphan and foregroundDeletion cannot be both set");
  }

  void owners() {
    std::optional<std::string> controller;
    for (const Json& owner : members("ownerReferences")) {
      const std::string api_version = get_string(owner, {"apiVersion"});
      const bool versioned = !GroupVersion::parse(api_version).version.empty();
      invalid("ownerReferences.apiVersion", api_version,
              versioned ? "" : "version must not be empty");
      for (const char* field : {"kind", "name", "uid"}) {
        const std::string value = get_string(owner, {field});
        invalid(std::string("ownerReferences.") + field, value,
                value.empty() ? "must not be empty" : "");
      }
      if (api_version == "v1" && get_string(owner, {"kind"}) == "Event") {
        invalid("ownerReferences", owner, "/v1, Kind=Event is disallowed from being an owner");
      }
      if (!get_bool(owner, {"controller"})) continue;
      const std::string id = get_string(owner, {"kind"}) + "/" + get_string(owner, {"name"});
      if (controller) {
        invalid("ownerReferences", members("ownerReferences"),
                "Only one reference can have Controller set to true. Found \"true\" in references "
                "for " +
                    *controller + " and " + id);
      } else {
        controller = id;
      }
    }
  }

  void unchanged(const Json& old) {
    for (const char* name : {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp",
                             "deletionGracePeriodSeconds"}) {
      const Json& now = members(name);
      const auto before = old.find(name);
      if (now == (before == old.end() ? kNothing : *before)) continue;
      invalid(name, now, "field is immutable");
    }
    const auto deletion = old.find("deletionTimestamp");
    if (deletion != old.end() && !deletion->is_null()) no_new_finalizers(old);
  }

  std::vector<FieldError> take_errors() { return std::move(errors_); }

 private:
  std::string at(std::string_view name) const { return path_ + "." + std::string(name); }

  const Json& members(std::string_view name) const {
    const auto member = metadata_.find(name);
    return member == metadata_.end() ? kNothing : *member;
  }

  void invalid(const std::string& name, const Json& value, const std::string& wrong) {
    if (!wrong.empty()) errors_.push_back(field_invalid(at(name), value, wrong));
  }

  static std::string check_name(std::string_view name, NameRule rule) {
    switch (rule) {
      case NameRule::kSubdomain:
        return check_dns_subdomain(name);
      case NameRule::kLabel:
        return check_dns_label(name);
      case NameRule::kServiceName:
        return check_dns_1035_label(name);
      case NameRule::kPathSegment:
        return check_path_segment(name);
    }
    return "";
  }

  void no_new_finalizers(const Json& old) {
    const Json before = old.value("finalizers", Json::array());
    std::vector<std::string> added;
    for (const Json& finalizer : members("finalizers")) {
      if (std::find(before.begin(), before.end(), finalizer) == before.end()) {
        added.push_back(dump_json(finalizer));
      }
    }
    if (added.empty()) return;
    errors_.push_back(field_forbidden(
        at("finalizers"),
        "no new finalizers can be added if the object is being deleted, found new finalizers "
        "[]string{" +
            join(added, ", ") + "}"));
  }

  static const Json kNothing;
  const Json& metadata_;
  std::string path_;
  std::vector<FieldError> errors_;
};

const Json MetadataValidator::kNothing = nullptr;

}  // namespace

NameRule name_rule(const GroupKind& kind) {
  if (kind.group.empty() && kind.kind == "Namespace") return NameRule::kLabel;
  if (kind.group.empty() && kind.kind == "Service") return NameRule::kServiceName;
  if (kind.group == "rbac.authorization.k8s.io") return NameRule::kPathSegment;
  return NameRule::kSubdomain;
}

void prune_metadata(Json& metadata, const std::string& path, std::vector<std::string>& removed) {
  for (auto member = metadata.begin(); member != metadata.end();) {
    const std::string& name = member.key();
    if (find_field(name) == nullptr) {
      removed.push_back(path + "." + name);
      member = metadata.erase(member);
      continue;
    }
    if (name == "ownerReferences") prune_items(*member, kOwnerFields, path + "." + name, removed);
    if (name == "managedFields") prune_items(*member, kManagedFields, path + "." + name, removed);
    ++member;
  }
}

std::vector<FieldError> validate_metadata(const Json& metadata, NameRule rule, bool namespaced) {
  MetadataValidator validator(metadata, "metadata");
  if (validator.shapes()) {
    validator.name(rule);
    validator.ns(namespaced);
    validator.maps();
    validator.finalizers();
    validator.owners();
  }
  return validator.take_errors();
}

std::vector<FieldError> validate_metadata_update(const Json& metadata, const Json& old) {
  MetadataValidator validator(metadata, "metadata");
  if (validator.shapes()) {
    validator.unchanged(old);
    validator.maps();
    validator.finalizers();
    validator.owners();
  }
  return validator.take_errors();
}

std::vector<FieldError> validate_embedded_metadata(const Json& metadata, const std::string& path) {
  MetadataValidator validator(metadata, path);
  if (validator.shapes()) {
    validator.maps();
    validator.finalizers();
    validator.owners();
  }
  return validator.take_errors();
}

}  // namespace capstan
