// The CEL rules of a schema (x-kubernetes-validations).
//
// Thread safety: immutable once compiled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/cel/cel.h"
#include "runtime/object/schema/schema_node.h"

namespace capstan {

struct SchemaRule {
  cel::Program program;
  std::optional<cel::Program> message_expression;
  std::string message;
  std::string reason;      // FieldValueInvalid where none was given
  std::string field_path;  // ".a.b", below the value; "" for the value itself
  bool transition = false;
  bool optional_old_self = false;
};

// Errors: kInvalid: an expression that does not compile, with the rule.
Result<SchemaRule> compile_rule(const Json& rule);

// What does not hold, but for what did not hold before and has not changed. All rules of an object
// share one budget of work.
std::vector<FieldError> run_rules(const SchemaNode& root, const Json& object, const Json* old);

}  // namespace capstan
