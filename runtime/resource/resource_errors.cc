#include "runtime/resource/resource_errors.h"

#include "runtime/object/schema/field_errors.h"

namespace capstan {
namespace {

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

std::string cannot_fulfil(const Kind& kind, const std::string& name) {
  return "Operation cannot be fulfilled on " + group_resource(kind) + " " + quoted(name) + ": ";
}

}  // namespace

std::string group_resource(const Kind& kind) {
  return kind.crd_name();
}

Error object_not_found(const Kind& kind, const std::string& name) {
  return Error::not_found(group_resource(kind) + " " + quoted(name) + " not found");
}

Error object_exists(const Kind& kind, const std::string& name) {
  return Error::already_exists(group_resource(kind) + " " + quoted(name) + " already exists");
}

Error object_modified(const Kind& kind, const std::string& name) {
  return Error::conflict(cannot_fulfil(kind, name) +
                         "the object has been modified; please apply your changes to the latest "
                         "version and try again");
}

Error precondition_failed(const Kind& kind, const std::string& name, const std::string& what,
                          const std::string& expected, const std::string& found) {
  return Error::conflict(cannot_fulfil(kind, name) + "Precondition failed: " + what +
                         " in precondition: " + expected + ", " + what +
                         " in object meta: " + found);
}

Error namespace_not_found(const std::string& name) {
  return Error::not_found("namespaces " + quoted(name) + " not found");
}

Error namespace_terminating(const Kind& kind, const std::string& name, const std::string& ns) {
  Error error;
  error.code = Code::kPermissionDenied;
  error.message = group_resource(kind) + " " + quoted(name) +
                  " is forbidden: unable to create new content in namespace " + ns +
                  " because it is being terminated";
  return error;
}

Error object_too_large(const Kind& kind, const std::string& name, size_t bytes) {
  return invalid_object(
      kind.id, name,
      {{"", "FieldValueTooLong",
        "Too long: the object would be stored as " + std::to_string(bytes) +
            " bytes, and may be no more than " + std::to_string(kLargestObject)}});
}

Error kind_terminating(const Kind& kind, const std::string& name) {
  Error error;
  error.code = Code::kPermissionDenied;
  error.message = group_resource(kind) + " " + quoted(name) +
                  " is forbidden: its custom resource definition is being deleted";
  return error;
}

}  // namespace capstan
