// Reads an openAPIV3Schema into SchemaNodes.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "runtime/object/schema/schema.h"
#include "runtime/object/schema/schema_checks.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {
namespace {

constexpr std::array<std::pair<std::string_view, SchemaType>, 6> kTypes = {{
    {"object", SchemaType::kObject},
    {"array", SchemaType::kArray},
    {"string", SchemaType::kString},
    {"integer", SchemaType::kInteger},
    {"number", SchemaType::kNumber},
    {"boolean", SchemaType::kBoolean},
}};

const Json kIntOrString = {{{"type", "integer"}}, {{"type", "string"}}};

Error bad_schema(const std::string& path, const std::string& message) {
  std::string field = path.empty() ? "openAPIV3Schema" : "openAPIV3Schema" + path;
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({std::move(field), "FieldValueInvalid", message});
  return error;
}

class Compiler {
 public:
  Result<SchemaNode> node(const Json& schema, const std::string& path) {
    if (!schema.is_object()) return bad_schema(path, "must be an object");
    SchemaNode out;
    TRY(read_type(schema, path, out));
    TRY(read_extensions(schema, path, out));
    TRY(read_children(schema, path, out));
    out.checks = TRY(read_checks(schema, path, out.int_or_string));
    out.has_rules = rules_in(out);
    if (const auto given = schema.find("default"); given != schema.end()) {
      out.default_value = *given;
    }
    return out;
  }

 private:
  static bool rules_in(const SchemaNode& node) {
    if (node.checks != nullptr && !node.checks->rules.empty()) return true;
    if (node.items != nullptr && node.items->has_rules) return true;
    if (node.additional != nullptr && node.additional->has_rules) return true;
    return std::any_of(node.properties.begin(), node.properties.end(),
                       [](const SchemaProperty& property) { return property.node->has_rules; });
  }

  using NodePtr = std::unique_ptr<const SchemaNode>;

  Result<NodePtr> child(const Json& schema, const std::string& path) {
    return NodePtr(std::make_unique<SchemaNode>(TRY(node(schema, path))));
  }

  Result<void> read_type(const Json& schema, const std::string& path, SchemaNode& out) {
    const auto given = schema.find("type");
    if (given == schema.end()) return {};
    for (const auto& [name, type] : kTypes) {
      if (*given == name) out.type = type;
    }
    if (out.type == SchemaType::kAny && *given != "") {
      return bad_schema(path + ".type", dump_json(*given) + " is no type");
    }
    out.typed = out.type != SchemaType::kAny;
    return {};
  }

  Result<void> read_extensions(const Json& schema, const std::string& path, SchemaNode& out) {
    out.nullable = get_bool(schema, {"nullable"});
    out.int_or_string = get_bool(schema, {"x-kubernetes-int-or-string"});
    out.preserve_unknown = get_bool(schema, {"x-kubernetes-preserve-unknown-fields"});
    out.embedded_resource = get_bool(schema, {"x-kubernetes-embedded-resource"});
    out.atomic_map = get_string(schema, {"x-kubernetes-map-type"}) == "atomic";
    out.typed = out.typed || out.int_or_string;
    const std::string list_type = get_string(schema, {"x-kubernetes-list-type"}, "atomic");
    if (list_type == "set") {
      out.list_type = ListType::kSet;
    } else if (list_type == "map") {
      out.list_type = ListType::kMap;
    } else if (list_type != "atomic") {
      return bad_schema(path + ".x-kubernetes-list-type",
                        "\"" + list_type + "\" is none of atomic, set, map");
    }
    if (out.list_type != ListType::kMap) return {};
    out.list_map_keys = TRY(strings(schema, "x-kubernetes-list-map-keys", path));
    if (out.list_map_keys.empty()) {
      return bad_schema(path + ".x-kubernetes-list-map-keys", "must name the keys of the list");
    }
    std::sort(out.list_map_keys.begin(), out.list_map_keys.end());
    return {};
  }

  Result<void> read_children(const Json& schema, const std::string& path, SchemaNode& out) {
    if (const auto given = schema.find("properties"); given != schema.end()) {
      if (!given->is_object()) return bad_schema(path + ".properties", "must be an object");
      out.properties.reserve(given->size());
      for (const auto& [name, property] : given->items()) {
        std::string property_path = path + ".properties[" + name + "]";
        out.properties.push_back({name, TRY(child(property, property_path))});
      }
    }
    if (const auto given = schema.find("additionalProperties"); given != schema.end()) {
      if (given->is_boolean()) {
        out.any_additional = given->get<bool>();
      } else {
        out.additional = TRY(child(*given, path + ".additionalProperties"));
      }
    }
    if (const auto given = schema.find("items"); given != schema.end()) {
      out.items = TRY(child(*given, path + ".items"));
    }
    return {};
  }

  Result<std::unique_ptr<const SchemaChecks>> read_checks(const Json& schema,
                                                          const std::string& path,
                                                          bool int_or_string) {
    auto out = std::make_unique<SchemaChecks>();
    bool any = false;
    for (const auto& [keyword, value] : schema.items()) {
      // An int-or-string repeats as anyOf what its type already demands.
      if (int_or_string && keyword == "anyOf" && value == kIntOrString) continue;
      any = TRY(read_keyword(keyword, value, path, *out)) || any;
    }
    if (const auto given = schema.find("required"); given != schema.end()) {
      out->required = TRY(strings(schema, "required", path));
      any = any || !out->required.empty();
    }
    if (!any) out.reset();
    return std::unique_ptr<const SchemaChecks>(std::move(out));
  }

  // Gives whether the keyword is one that validation looks at.
  Result<bool> read_keyword(const std::string& keyword, const Json& value, const std::string& path,
                            SchemaChecks& out) {
    const std::string at = path + "." + keyword;
    const auto limit = kLimits.find(keyword);
    if (limit != kLimits.end()) {
      const bool natural = value.is_number_integer() && value >= 0;
      if (!natural) return bad_schema(at, "must be an integer of at least 0");
      out.*limit->second = value.get<uint64_t>();
      return true;
    }
    const auto bound = kBounds.find(keyword);
    if (bound != kBounds.end()) {
      if (!value.is_number()) return bad_schema(at, "must be a number");
      out.*bound->second = value;
      return true;
    }
    const auto junctor = kJunctors.find(keyword);
    if (junctor != kJunctors.end()) {
      if (!value.is_array()) return bad_schema(at, "must be a list of schemas");
      for (size_t i = 0; i < value.size(); ++i) {
        (out.*junctor->second).push_back(TRY(node(value[i], at + "[" + std::to_string(i) + "]")));
      }
      return true;
    }
    return read_other(keyword, value, at, out);
  }

  Result<bool> read_other(const std::string& keyword, const Json& value, const std::string& at,
                          SchemaChecks& out) {
    if (keyword == "not") {
      out.not_node = TRY(child(value, at));
    } else if (keyword == "pattern") {
      out.pattern = TRY(pattern(value, at));
    } else if (keyword == "format" && value.is_string()) {
      out.format = parse_format(value.get_ref<const std::string&>());
      return out.format != Format::kNone;
    } else if (keyword == "enum") {
      if (!value.is_array()) return bad_schema(at, "must be a list");
      out.enum_values = value.get<std::vector<Json>>();
    } else if (keyword == "x-kubernetes-validations") {
      out.rules = TRY(rules(value, at));
      return !out.rules.empty();
    } else if (keyword == "exclusiveMinimum") {
      out.exclusive_minimum = value == true;
    } else if (keyword == "exclusiveMaximum") {
      out.exclusive_maximum = value == true;
    } else if (keyword == "uniqueItems") {
      out.unique_items = value == true;
    } else {
      return false;
    }
    return true;
  }

  Result<std::shared_ptr<const re2::RE2>> pattern(const Json& value, const std::string& path) {
    if (!value.is_string()) return bad_schema(path, "must be a string");
    const std::string& text = value.get_ref<const std::string&>();
    auto& compiled = patterns_[text];
    if (compiled == nullptr) {
      re2::RE2::Options options;
      options.set_log_errors(false);
      compiled = std::make_shared<const re2::RE2>(text, options);
    }
    if (!compiled->ok()) {
      return bad_schema(path, "\"" + text + "\" is no regular expression: " + compiled->error());
    }
    return compiled;
  }

  static Result<std::vector<SchemaRule>> rules(const Json& value, const std::string& path) {
    std::vector<SchemaRule> out;
    if (!value.is_array()) return bad_schema(path, "must be a list of rules");
    for (size_t i = 0; i < value.size(); ++i) {
      Result<SchemaRule> rule = compile_rule(value[i]);
      if (!rule.ok()) return bad_schema(path + "[" + std::to_string(i) + "]", rule.error().message);
      out.push_back(*std::move(rule));
    }
    return out;
  }

  static Result<std::vector<std::string>> strings(const Json& schema, const char* keyword,
                                                  const std::string& path) {
    std::vector<std::string> out;
    const auto given = schema.find(keyword);
    if (given == schema.end()) return out;
    const Error wrong = bad_schema(path + "." + keyword, "must be a list of strings");
    if (!given->is_array()) return wrong;
    for (const Json& item : *given) {
      if (!item.is_string()) return wrong;
      out.push_back(item.get<std::string>());
    }
    return out;
  }

  static const std::map<std::string, std::optional<uint64_t> SchemaChecks::*, std::less<>> kLimits;
  static const std::map<std::string, std::optional<Json> SchemaChecks::*, std::less<>> kBounds;
  static const std::map<std::string, std::vector<SchemaNode> SchemaChecks::*, std::less<>>
      kJunctors;

  std::map<std::string, std::shared_ptr<const re2::RE2>> patterns_;
};

const std::map<std::string, std::optional<uint64_t> SchemaChecks::*, std::less<>>
    Compiler::kLimits = {
        {"minLength", &SchemaChecks::min_length},
        {"maxLength", &SchemaChecks::max_length},
        {"minItems", &SchemaChecks::min_items},
        {"maxItems", &SchemaChecks::max_items},
        {"minProperties", &SchemaChecks::min_properties},
        {"maxProperties", &SchemaChecks::max_properties},
};
const std::map<std::string, std::optional<Json> SchemaChecks::*, std::less<>> Compiler::kBounds = {
    {"minimum", &SchemaChecks::minimum},
    {"maximum", &SchemaChecks::maximum},
    {"multipleOf", &SchemaChecks::multiple_of},
};
const std::map<std::string, std::vector<SchemaNode> SchemaChecks::*, std::less<>>
    Compiler::kJunctors = {
        {"allOf", &SchemaChecks::all_of},
        {"anyOf", &SchemaChecks::any_of},
        {"oneOf", &SchemaChecks::one_of},
};

}  // namespace

Result<SchemaPtr> Schema::compile(const Json& open_api_v3_schema) {
  Compiler compiler;
  auto root = std::make_unique<SchemaNode>(TRY(compiler.node(open_api_v3_schema, "")));
  root->root = true;
  // A CRD without a schema takes anything, as one that preserves unknown fields.
  if (open_api_v3_schema.empty()) root->preserve_unknown = true;
  return SchemaPtr(new Schema(std::move(root)));
}

}  // namespace capstan
