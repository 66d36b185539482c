// Validation of an object against its schema.
#include <algorithm>
#include <cmath>

#include "runtime/object/schema/field_errors.h"
#include "runtime/object/schema/metadata_rules.h"
#include "runtime/object/schema/old_value.h"
#include "runtime/object/schema/rules.h"
#include "runtime/object/schema/schema.h"
#include "runtime/object/schema/schema_checks.h"
#include "runtime/object/schema/schema_node.h"
#include "runtime/object/schema/value_path.h"

namespace capstan {
namespace {

// More would help nobody, and an answer must stay of a size.
constexpr size_t kMaxErrors = 100;

std::string_view type_name(SchemaType type) {
  switch (type) {
    case SchemaType::kObject:
      return "object";
    case SchemaType::kArray:
      return "array";
    case SchemaType::kString:
      return "string";
    case SchemaType::kInteger:
      return "integer";
    case SchemaType::kNumber:
      return "number";
    case SchemaType::kBoolean:
      return "boolean";
    case SchemaType::kAny:
      break;
  }
  return "";
}

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  if (!value.is_number_float()) return false;
  const double number = value.get<double>();
  return std::floor(number) == number && std::abs(number) < 9007199254740992.0;
}

std::string_view type_of(const Json& value) {
  if (value.is_number()) return is_whole(value) ? "integer" : "number";
  return value.type_name();
}

bool has_type(const Json& value, const SchemaNode& node) {
  if (node.int_or_string && node.type == SchemaType::kAny) {
    return value.is_string() || is_whole(value);
  }
  switch (node.type) {
    case SchemaType::kObject:
      return value.is_object();
    case SchemaType::kArray:
      return value.is_array();
    case SchemaType::kString:
      return value.is_string();
    case SchemaType::kInteger:
      return is_whole(value);
    case SchemaType::kNumber:
      return value.is_number();
    case SchemaType::kBoolean:
      return value.is_boolean();
    case SchemaType::kAny:
      break;
  }
  return true;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

class Validator {
 public:
  void value(const Json& value, const Json* old, const SchemaNode& node, const ValuePath& path) {
    if (errors_.size() >= kMaxErrors) return;
    const size_t before = errors_.size();
    checked(value, old, node, path);
    // What was wrong already, and has not changed, must not hold up a change elsewhere.
    if (errors_.size() > before && old != nullptr && *old == value) errors_.resize(before);
  }

  std::vector<FieldError> take_errors() { return std::move(errors_); }
  bool failed() const { return !errors_.empty(); }

 private:
  void checked(const Json& value, const Json* old, const SchemaNode& node, const ValuePath& path) {
    if (value.is_null() && (node.nullable || !node.typed)) return;
    if (!has_type(value, node)) return wrong_type(value, node, path);
    if (node.checks != nullptr) own_checks(value, *node.checks, path);
    if (value.is_object()) {
      members(value, old, node, path);
    } else if (value.is_array()) {
      items(value, old, node, path);
    }
    if (node.checks != nullptr) junctors(value, *node.checks, path);
  }

  void wrong_type(const Json& value, const SchemaNode& node, const ValuePath& path) {
    const std::string_view wanted =
        node.type == SchemaType::kAny ? "integer or string" : type_name(node.type);
    const std::string found(type_of(value));
    errors_.push_back(field_type_invalid(
        path.text(), found,
        in_body(path, "must be of type " + std::string(wanted) + ": \"" + found + "\"")));
  }

  static std::string in_body(const ValuePath& path, const std::string& rest) {
    return path.text() + " in body " + rest;
  }

  void invalid(const Json& value, const ValuePath& path, const std::string& rest) {
    errors_.push_back(field_invalid(path.text(), value, in_body(path, rest)));
  }

  void own_checks(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    if (!checks.enum_values.empty()) enumeration(value, checks, path);
    if (value.is_string()) {
      string(value, checks, path);
    } else if (value.is_number()) {
      number(value, checks, path);
    } else if (value.is_array()) {
      array(value, checks, path);
    } else if (value.is_object()) {
      object(value, checks, path);
    }
  }

  void enumeration(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    const auto& allowed = checks.enum_values;
    if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return;
    std::vector<std::string> texts;
    texts.reserve(allowed.size());
    for (const Json& one : allowed) {
      texts.push_back(one.is_string() ? one.get<std::string>() : dump_json(one));
    }
    errors_.push_back(field_not_supported(path.text(), value, texts));
  }

  void string(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    const std::string& text = value.get_ref<const std::string&>();
    if (checks.max_length && text.size() > *checks.max_length &&
        characters(text) > *checks.max_length) {
      errors_.push_back(field_too_long(path.text(), *checks.max_length));
    }
    if (checks.min_length && characters(text) < *checks.min_length) {
      invalid(value, path,
              "should be at least " + std::to_string(*checks.min_length) + " chars long");
    }
    if (checks.pattern != nullptr && !re2::RE2::PartialMatch(text, *checks.pattern)) {
      invalid(value, path, "should match '" + checks.pattern->pattern() + "'");
    }
    if (checks.format != Format::kNone && !string_has_format(checks.format, text)) {
      errors_.push_back(field_type_invalid(
          path.text(), value,
          in_body(path, "must be of type " + std::string(format_name(checks.format)) + ": " +
                            dump_json(value))));
    }
  }

  void number(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    const double number = value.get<double>();
    if (checks.minimum) {
      const double bound = checks.minimum->get<double>();
      if (checks.exclusive_minimum ? number <= bound : number < bound) {
        invalid(value, path,
                std::string("should be greater than ") +
                    (checks.exclusive_minimum ? "" : "or equal to ") + dump_json(*checks.minimum));
      }
    }
    if (checks.maximum) {
      const double bound = checks.maximum->get<double>();
      if (checks.exclusive_maximum ? number >= bound : number > bound) {
        invalid(value, path,
                std::string("should be less than ") +
                    (checks.exclusive_maximum ? "" : "or equal to ") + dump_json(*checks.maximum));
      }
    }
    if (checks.multiple_of) {
      const double quotient = number / checks.multiple_of->get<double>();
      if (std::floor(quotient) != quotient) {
        invalid(value, path, "should be a multiple of " + dump_json(*checks.multiple_of));
      }
    }
    if (checks.format != Format::kNone && !number_has_format(checks.format, value)) {
      errors_.push_back(field_invalid(path.text(), value,
                                      "Checked value must be of type integer with format " +
                                          std::string(format_name(checks.format)) + " in " +
                                          path.text()));
    }
  }

  void array(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    if (checks.max_items && value.size() > *checks.max_items) {
      errors_.push_back(field_too_many(path.text(), value.size(), *checks.max_items));
    }
    if (checks.min_items && value.size() < *checks.min_items) {
      invalid(value.size(), path,
              "should have at least " + std::to_string(*checks.min_items) + " items");
    }
    if (checks.unique_items) duplicates(value, path);
  }

  void object(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    if (checks.max_properties && value.size() > *checks.max_properties) {
      errors_.push_back(field_too_many(path.text(), value.size(), *checks.max_properties));
    }
    if (checks.min_properties && value.size() < *checks.min_properties) {
      invalid(value.size(), path,
              "should have at least " + std::to_string(*checks.min_properties) + " properties");
    }
    for (const std::string& name : checks.required) {
      if (!value.contains(name)) {
        errors_.push_back(field_required(ValuePath(path, name).text(), ""));
      }
    }
  }

  void members(const Json& object, const Json* old, const SchemaNode& node, const ValuePath& path) {
    if (node.embedded_resource) embedded(object, path);
    for (auto member = object.begin(); member != object.end(); ++member) {
      const SchemaNode* known = node.member(member.key());
      if (known == nullptr) continue;
      value(*member, old_member(old, member.key()), *known, {path, member.key()});
    }
  }

  void embedded(const Json& object, const ValuePath& path) {
    for (const std::string_view name : {"apiVersion", "kind"}) {
      const auto member = object.find(name);
      if (member == object.end() || *member == "") {
        errors_.push_back(field_required(ValuePath(path, name).text(), "must not be empty"));
      }
    }
    const auto metadata = object.find("metadata");
    if (metadata == object.end()) return;
    const std::string at = ValuePath(path, "metadata").text();
    if (!metadata->is_object()) {
      errors_.push_back(field_type_invalid(at, *metadata, "must be an object"));
      return;
    }
    for (FieldError& error : validate_embedded_metadata(*metadata, at)) {
      errors_.push_back(std::move(error));
    }
  }

  void items(const Json& array, const Json* old, const SchemaNode& node, const ValuePath& path) {
    if (node.list_type == ListType::kSet) {
      duplicates(array, path);
    } else if (node.list_type == ListType::kMap) {
      duplicate_keys(array, node, path);
    }
    if (node.items == nullptr) return;
    const OldItems old_items(old, node);
    for (size_t i = 0; i < array.size(); ++i) {
      value(array[i], old_items.find(array[i]), *node.items, {path, i});
    }
  }

  // Sorted, so that a long list costs n log n comparisons.
  void duplicates(const Json& array, const ValuePath& path) {
    std::vector<size_t> order(array.size());
    for (size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t a, size_t b) { return array[a] < array[b]; });
    for (size_t i = 1; i < order.size() && errors_.size() < kMaxErrors; ++i) {
      if (array[order[i - 1]] != array[order[i]]) continue;
      errors_.push_back(field_duplicate(ValuePath(path, order[i]).text(), array[order[i]]));
    }
  }

  void duplicate_keys(const Json& array, const SchemaNode& node, const ValuePath& path) {
    std::vector<std::pair<Json, size_t>> keys;
    keys.reserve(array.size());
    for (size_t i = 0; i < array.size(); ++i) {
      if (array[i].is_object()) keys.emplace_back(keys_of(array[i], node), i);
    }
    std::sort(keys.begin(), keys.end());
    for (size_t i = 1; i < keys.size() && errors_.size() < kMaxErrors; ++i) {
      if (keys[i - 1].first != keys[i].first) continue;
      errors_.push_back(field_duplicate(ValuePath(path, keys[i].second).text(), keys[i].first));
    }
  }

  // The errors of a value under another schema; none where it fits.
  static std::vector<FieldError> tried(const Json& value, const SchemaNode& node,
                                       const ValuePath& path) {
    Validator trial;
    trial.value(value, nullptr, node, path);
    return trial.take_errors();
  }

  void junctors(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    for (const SchemaNode& node : checks.all_of) {
      for (FieldError& error : tried(value, node, path)) errors_.push_back(std::move(error));
    }
    if (!checks.any_of.empty()) any_of(value, checks, path);
    if (!checks.one_of.empty()) one_of(value, checks, path);
    if (checks.not_node != nullptr && tried(value, *checks.not_node, path).empty()) {
      composite(path, "must not validate the schema (not)");
    }
  }

  void composite(const ValuePath& path, const std::string& rest) {
    errors_.push_back(field_invalid(path.text(), "", "\"" + path.text() + "\" " + rest));
  }

  void any_of(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    std::vector<FieldError> best;
    for (const SchemaNode& node : checks.any_of) {
      std::vector<FieldError> found = tried(value, node, path);
      if (found.empty()) return;
      if (best.empty() || found.size() < best.size()) best = std::move(found);
    }
    composite(path, "must validate at least one schema (anyOf)");
    for (FieldError& error : best) errors_.push_back(std::move(error));
  }

  void one_of(const Json& value, const SchemaChecks& checks, const ValuePath& path) {
    size_t fitting = 0;
    for (const SchemaNode& node : checks.one_of) {
      if (tried(value, node, path).empty()) ++fitting;
    }
    if (fitting == 1) return;
    composite(path,
              "must validate one and only one schema (oneOf). Found " +
                  (fitting == 0 ? "none valid" : std::to_string(fitting) + " valid alternatives"));
  }

  std::vector<FieldError> errors_;
};

}  // namespace

std::vector<FieldError> Schema::validate(const Json& object, const Json* old) const {
  Validator validator;
  validator.value(object, old, *root_, ValuePath());
  std::vector<FieldError> errors = validator.take_errors();
  // Rules may count on what the schema demands, so they run only on what has passed it.
  if (errors.empty() && root_->has_rules) errors = run_rules(*root_, object, old);
  return errors;
}

}  // namespace capstan
