#include "runtime/object/schema/rules.h"

#include "runtime/object/schema/field_errors.h"
#include "runtime/object/schema/old_value.h"
#include "runtime/object/schema/schema_checks.h"
#include "runtime/object/schema/value_path.h"

namespace capstan {
namespace {

// For all rules of one object: some tenths of a second at worst.
constexpr int64_t kBudget = 2'000'000;
constexpr size_t kMaxErrors = 100;

class RuleRunner {
 public:
  void value(const Json& value, const Json* old, const SchemaNode& node, const ValuePath& path) {
    if (!node.has_rules || errors_.size() >= kMaxErrors || value.is_null()) return;
    const size_t before = errors_.size();
    if (node.checks != nullptr) {
      for (const SchemaRule& rule : node.checks->rules) check(rule, value, old, node, path);
    }
    if (value.is_object()) {
      for (auto member = value.begin(); member != value.end(); ++member) {
        const SchemaNode* known = node.member(member.key());
        if (known == nullptr) continue;
        this->value(*member, old_member(old, member.key()), *known, {path, member.key()});
      }
    } else if (value.is_array() && node.items != nullptr && node.items->has_rules) {
      const OldItems old_items(old, node);
      for (size_t i = 0; i < value.size(); ++i) {
        this->value(value[i], old_items.find(value[i]), *node.items, {path, i});
      }
    }
    if (errors_.size() > before && old != nullptr && *old == value) errors_.resize(before);
  }

  std::vector<FieldError> take_errors() { return std::move(errors_); }

 private:
  void check(const SchemaRule& rule, const Json& value, const Json* old, const SchemaNode& node,
             const ValuePath& path) {
    if (rule.transition && old == nullptr && !rule.optional_old_self) return;
    const cel::Variables variables = {{"self", &value, false},
                                      {"oldSelf", old, rule.optional_old_self}};
    const Result<bool> holds = rule.program.run_condition(variables, budget_);
    if (holds.ok() && *holds) return;
    std::string message =
        holds.ok() ? message_of(rule, variables)
                   : "the rule `" + rule.program.text() + "` failed: " + holds.error().message;
    add(rule, path.text() + field_below(rule, path), type_of(value, node), message);
  }

  static std::string field_below(const SchemaRule& rule, const ValuePath& path) {
    const bool at_root = path.text().empty() && rule.field_path.starts_with('.');
    return at_root ? rule.field_path.substr(1) : rule.field_path;
  }

  std::string message_of(const SchemaRule& rule, const cel::Variables& variables) {
    if (rule.message_expression) {
      Result<std::string> text = rule.message_expression->run_text(variables, budget_);
      if (text.ok() && !text->empty()) return *std::move(text);
    }
    return rule.message.empty() ? "failed rule: " + rule.program.text() : rule.message;
  }

  // Kubernetes names the type in place of the value.
  static std::string type_of(const Json& value, const SchemaNode& node) {
    if (!value.is_number()) return value.type_name();
    return node.type == SchemaType::kNumber ? "number" : "integer";
  }

  void add(const SchemaRule& rule, const std::string& field, const std::string& type,
           const std::string& message) {
    if (rule.reason == "FieldValueRequired") {
      errors_.push_back(field_required(field, message));
    } else if (rule.reason == "FieldValueForbidden") {
      errors_.push_back(field_forbidden(field, message));
    } else if (rule.reason == "FieldValueDuplicate") {
      errors_.push_back(field_duplicate(field, type));
    } else {
      errors_.push_back(field_invalid(field, type, message));
    }
  }

  std::vector<FieldError> errors_;
  cel::Budget budget_{kBudget};
};

}  // namespace

Result<SchemaRule> compile_rule(const Json& rule) {
  const std::string text = get_string(rule, {"rule"});
  const std::vector<std::string> variables = {"self", "oldSelf"};
  Result<cel::Program> program = cel::Program::compile(text, variables);
  if (!program.ok()) return std::move(program).error().with_context("rule `" + text + "`");
  SchemaRule out{.program = *std::move(program),
                 .message_expression = std::nullopt,
                 .message = get_string(rule, {"message"}),
                 .reason = get_string(rule, {"reason"}, "FieldValueInvalid"),
                 .field_path = get_string(rule, {"fieldPath"}),
                 .transition = false,
                 .optional_old_self = get_bool(rule, {"optionalOldSelf"})};
  out.transition = out.program.uses("oldSelf");
  const std::string message = get_string(rule, {"messageExpression"});
  if (message.empty()) return out;
  program = cel::Program::compile(message, variables);
  if (!program.ok()) {
    return std::move(program).error().with_context("messageExpression `" + message + "`");
  }
  out.message_expression = *std::move(program);
  return out;
}

std::vector<FieldError> run_rules(const SchemaNode& root, const Json& object, const Json* old) {
  RuleRunner runner;
  runner.value(object, old, root, ValuePath());
  return runner.take_errors();
}

}  // namespace capstan
