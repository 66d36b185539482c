#include "runtime/object/schema/field_errors.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace capstan {
namespace {

// Longer values are cut in messages: a refused megabyte must not come back twice.
constexpr size_t kMaxShown = 1024;

std::string shown(const Json& value) {
  std::string text = dump_json(value);
  if (text.size() <= kMaxShown) return text;
  size_t end = kMaxShown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  text.resize(end);
  return text + "...";
}

std::string with_detail(std::string message, std::string_view detail) {
  if (!detail.empty()) message.append(": ").append(detail);
  return message;
}

std::string counted(size_t count, const std::string& unit) {
  return std::to_string(count) + " " + unit + (count == 1 ? "" : "s");
}

}  // namespace

FieldError field_invalid(std::string field, const Json& value, std::string_view detail) {
  return {std::move(field), "FieldValueInvalid",
          with_detail("Invalid value: " + shown(value), detail)};
}

FieldError field_type_invalid(std::string field, const Json& value, std::string_view detail) {
  return {std::move(field), "FieldValueTypeInvalid",
          with_detail("Invalid value: " + shown(value), detail)};
}

FieldError field_required(std::string field, std::string_view detail) {
  return {std::move(field), "FieldValueRequired", with_detail("Required value", detail)};
}

FieldError field_duplicate(std::string field, const Json& value) {
  return {std::move(field), "FieldValueDuplicate", "Duplicate value: " + shown(value)};
}

FieldError field_forbidden(std::string field, std::string_view detail) {
  return {std::move(field), "FieldValueForbidden", with_detail("Forbidden", detail)};
}

FieldError field_not_supported(std::string field, const Json& value,
                               const std::vector<std::string>& supported) {
  std::vector<std::string> quoted;
  quoted.reserve(supported.size());
  for (const std::string& text : supported) quoted.push_back(dump_json(text));
  const std::string detail = quoted.empty() ? "" : "supported values: " + join(quoted, ", ");
  return {std::move(field), "FieldValueNotSupported",
          with_detail("Unsupported value: " + shown(value), detail)};
}

FieldError field_too_long(std::string field, size_t max_bytes) {
  return {std::move(field), "FieldValueTooLong",
          "Too long: may not be more than " + counted(max_bytes, "byte")};
}

FieldError field_too_many(std::string field, size_t actual, size_t max) {
  return {std::move(field), "FieldValueTooMany",
          "Too many: " + std::to_string(actual) + ": must have at most " + counted(max, "item")};
}

Error invalid_object(const GroupKind& kind, std::string_view name, std::vector<FieldError> fields) {
  std::vector<std::string> texts;
  for (const FieldError& field : fields) {
    std::string text = field.field.empty() ? field.message : field.field + ": " + field.message;
    // Kubernetes lists what several checks say in the same words only once.
    if (std::find(texts.begin(), texts.end(), text) == texts.end()) texts.push_back(text);
  }
  const std::string list = join(texts, ", ");
  Error error = Error::invalid(kind.text() + " " + dump_json(std::string(name)) +
                               " is invalid: " + (texts.size() > 1 ? "[" + list + "]" : list));
  error.fields = std::move(fields);
  return error;
}

Error strict_decoding_error(const std::vector<std::string>& unknown_paths) {
  std::vector<std::string> texts;
  texts.reserve(unknown_paths.size());
  for (const std::string& path : unknown_paths) {
    texts.push_back("unknown field " + dump_json(path));
  }
  return Error::invalid("strict decoding error: " + join(texts, ", "));
}

}  // namespace capstan
