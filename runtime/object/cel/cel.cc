#include "runtime/object/cel/cel.h"

#include "runtime/object/cel/expression.h"
#include "runtime/object/cel/functions.h"

namespace capstan::cel {
namespace {

using Kind = Expression::Kind;

// The variables that are visible, innermost first.
struct Scope {
  const Scope* outer = nullptr;
  std::string_view name;
  Value value;
};

class Evaluator {
 public:
  explicit Evaluator(Budget& budget) : budget_(budget) {}

  Result<Value> run(const Expression& at, const Scope* scope) {
    TRY(spend(1));
    switch (at.kind) {
      case Kind::kLiteral:
        return at.value;
      case Kind::kVariable:
        return variable(at, scope);
      case Kind::kSelect:
        return select(at, scope);
      case Kind::kHas:
        return has(at, scope);
      case Kind::kIndex:
        return index(at, scope);
      case Kind::kCall:
        return call(at, scope);
      case Kind::kUnary:
        return unary(at, scope);
      case Kind::kBinary:
        return binary(at, scope);
      case Kind::kAnd:
        return junction(at, scope, false);
      case Kind::kOr:
        return junction(at, scope, true);
      case Kind::kChoice: {
        const bool yes = TRY(condition(at.operands[0], scope));
        return run(at.operands[yes ? 1 : 2], scope);
      }
      case Kind::kList:
        return list(at, scope);
      case Kind::kMap:
        return map(at, scope);
      case Kind::kMacro:
        return macro(at, scope);
    }
    return Error::internal("an expression of unknown kind");
  }

 private:
  Result<void> spend(int64_t units) {
    budget_.left -= units;
    if (budget_.left >= 0) return {};
    Error error = Error::invalid("the rule costs more than it may; look at fewer items");
    error.code = Code::kResourceExhausted;
    return error;
  }

  // Work that grows with the value: texts that are copied, lists and maps that are compared.
  Result<void> spend_on(const Value& value) {
    if (const auto* text = value.as<std::string>()) {
      return spend(static_cast<int64_t>(text->size() / 16));
    }
    if (const auto* json = value.as<Value::Json>()) return spend_on_json(**json);
    if (value.is_list() || value.is_map()) return spend(static_cast<int64_t>(value.size()));
    return {};
  }

  Result<void> spend_on_json(const Json& value) {
    TRY(spend(1));
    if (value.is_string()) {
      return spend(static_cast<int64_t>(value.get_ref<const std::string&>().size() / 16));
    }
    if (!value.is_structured()) return {};
    for (const Json& item : value) TRY(spend_on_json(item));
    return {};
  }

  Result<bool> condition(const Expression& at, const Scope* scope) {
    const Value value = TRY(run(at, scope));
    if (const auto* truth = value.as<bool>()) return *truth;
    return Error::invalid("expected a bool, found " + std::string(value.type_name()));
  }

  static Result<Value> variable(const Expression& at, const Scope* scope) {
    for (; scope != nullptr; scope = scope->outer) {
      if (scope->name == at.name) return scope->value;
    }
    return Error::invalid("no such variable: " + at.name);
  }

  Result<Value> select(const Expression& at, const Scope* scope) {
    const Value target = TRY(run(at.operands[0], scope));
    if (!target.is_map()) {
      return Error::invalid("a " + std::string(target.type_name()) + " has no field " + at.name);
    }
    std::optional<Value> found = target.member({at.name});
    if (!found) return Error::invalid("no such key: " + at.name);
    if (found->as<std::string>() != nullptr) TRY(spend_on(*found));
    return *std::move(found);
  }

  Result<Value> has(const Expression& at, const Scope* scope) {
    const Value target = TRY(run(at.operands[0], scope));
    if (target.is_map()) return Value{target.member({at.name}).has_value()};
    return Error::invalid("a " + std::string(target.type_name()) + " has no fields");
  }

  Result<Value> index(const Expression& at, const Scope* scope) {
    const Value target = TRY(run(at.operands[0], scope));
    const Value key = TRY(run(at.operands[1], scope));
    if (target.is_map()) {
      std::optional<Value> found = target.member(key);
      if (!found) return Error::invalid("no such key");
      return *std::move(found);
    }
    const auto* position = key.as<int64_t>();
    if (!target.is_list() || position == nullptr) {
      return Error::invalid("no such overload: " + std::string(target.type_name()) + "[" +
                            std::string(key.type_name()) + "]");
    }
    if (*position < 0 || static_cast<size_t>(*position) >= target.size()) {
      return Error::invalid("index out of bounds: " + std::to_string(*position));
    }
    return target.item(static_cast<size_t>(*position));
  }

  Result<Value> call(const Expression& at, const Scope* scope) {
    std::vector<Value> arguments;
    arguments.reserve(at.operands.size());
    for (const Expression& operand : at.operands) {
      arguments.push_back(TRY(run(operand, scope)));
      if (at.name != "size") TRY(spend_on(arguments.back()));
    }
    if (at.pattern != nullptr) {
      if (const auto* text = arguments[0].as<std::string>()) {
        return Value{re2::RE2::PartialMatch(*text, *at.pattern)};
      }
    }
    // The parser has looked both ways; a name is a method or a function, never both with one count,
    // but for those that do the same.
    Function* function = find_function(at.name, true, arguments.size());
    if (function == nullptr) function = find_function(at.name, false, arguments.size());
    return function(arguments);
  }

  Result<Value> unary(const Expression& at, const Scope* scope) {
    if (at.name == "!") return Value{!TRY(condition(at.operands[0], scope))};
    return negate(TRY(run(at.operands[0], scope)));
  }

  Result<Value> binary(const Expression& at, const Scope* scope) {
    const Value left = TRY(run(at.operands[0], scope));
    const Value right = TRY(run(at.operands[1], scope));
    TRY(spend_on(left));
    TRY(spend_on(right));
    return apply_operator(at.name, left, right);
  }

  // An operand that decides the result hides an error of the other.
  Result<Value> junction(const Expression& at, const Scope* scope, bool deciding) {
    const Result<bool> left = condition(at.operands[0], scope);
    if (left.ok() && *left == deciding) return Value{deciding};
    const Result<bool> right = condition(at.operands[1], scope);
    if (right.ok() && *right == deciding) return Value{deciding};
    if (!left.ok()) return left.error();
    if (!right.ok()) return right.error();
    return Value{!deciding};
  }

  Result<Value> list(const Expression& at, const Scope* scope) {
    auto out = std::make_shared<List>();
    out->reserve(at.operands.size());
    for (const Expression& operand : at.operands) out->push_back(TRY(run(operand, scope)));
    return Value{std::shared_ptr<const List>(std::move(out))};
  }

  Result<Value> map(const Expression& at, const Scope* scope) {
    auto out = std::make_shared<Map>();
    for (size_t i = 0; i + 1 < at.operands.size(); i += 2) {
      Value key = TRY(run(at.operands[i], scope));
      for (const auto& [known, value] : *out) {
        if (equal(known, key)) return Error::invalid("a key stands twice in a map");
      }
      Value value = TRY(run(at.operands[i + 1], scope));
      out->emplace_back(std::move(key), std::move(value));
    }
    return Value{std::shared_ptr<const Map>(std::move(out))};
  }

  Result<Value> macro(const Expression& at, const Scope* scope) {
    Value range = TRY(run(at.operands[0], scope));
    if (range.is_map()) range = Value{std::make_shared<const List>(range.keys())};
    if (!range.is_list()) {
      return Error::invalid("expected a list or map, found " + std::string(range.type_name()));
    }
    if (at.macro == Macro::kAll) return quantified(at, scope, range, false);
    if (at.macro == Macro::kExists) return quantified(at, scope, range, true);
    if (at.macro == Macro::kExistsOne) return exists_one(at, scope, range);
    return selected(at, scope, range);
  }

  // all() and exists(): an item that decides hides errors of others.
  Result<Value> quantified(const Expression& at, const Scope* scope, const Value& range,
                           bool deciding) {
    std::optional<Error> failed;
    for (size_t i = 0; i < range.size(); ++i) {
      const Scope inner{scope, at.name, range.item(i)};
      Result<bool> holds = condition(at.operands[1], &inner);
      if (holds.ok() && *holds == deciding) return Value{deciding};
      if (holds.ok()) continue;
      if (holds.code() == Code::kResourceExhausted) return std::move(holds).error();
      failed = std::move(holds).error();
    }
    if (failed) return *std::move(failed);
    return Value{!deciding};
  }

  Result<Value> exists_one(const Expression& at, const Scope* scope, const Value& range) {
    size_t count = 0;
    for (size_t i = 0; i < range.size(); ++i) {
      const Scope inner{scope, at.name, range.item(i)};
      if (TRY(condition(at.operands[1], &inner))) ++count;
    }
    return Value{count == 1};
  }

  // filter(x, condition), map(x, value), map(x, condition, value).
  Result<Value> selected(const Expression& at, const Scope* scope, const Value& range) {
    auto out = std::make_shared<List>();
    const bool conditional = at.macro == Macro::kFilter || at.operands.size() == 3;
    for (size_t i = 0; i < range.size(); ++i) {
      const Scope inner{scope, at.name, range.item(i)};
      if (conditional && !TRY(condition(at.operands[1], &inner))) continue;
      out->push_back(at.macro == Macro::kFilter ? inner.value
                                                : TRY(run(at.operands.back(), &inner)));
    }
    return Value{std::shared_ptr<const List>(std::move(out))};
  }

  Budget& budget_;
};

Value initial_value(const Variable& variable) {
  if (!variable.optional) {
    return variable.value == nullptr ? Value{} : Value::from_json(*variable.value);
  }
  if (variable.value == nullptr) return {Optional{}};
  return {Optional{std::make_shared<const Value>(Value::from_json(*variable.value))}};
}

Result<Value> evaluate(const Expression& root, const Variables& variables, Budget& budget) {
  std::vector<Scope> scopes;
  scopes.reserve(variables.size());
  for (const Variable& variable : variables) {
    scopes.push_back(
        {scopes.empty() ? nullptr : &scopes.back(), variable.name, initial_value(variable)});
  }
  return Evaluator(budget).run(root, scopes.empty() ? nullptr : &scopes.back());
}

bool names(const Expression& expression, std::string_view variable) {
  if (expression.kind == Kind::kVariable && expression.name == variable) return true;
  for (const Expression& operand : expression.operands) {
    if (names(operand, variable)) return true;
  }
  return false;
}

}  // namespace

Result<Program> Program::compile(std::string_view text, const std::vector<std::string>& variables) {
  Program program;
  program.root_ = std::make_shared<const Expression>(TRY(parse(text, variables)));
  program.text_ = text;
  return program;
}

Result<bool> Program::run_condition(const Variables& variables, Budget& budget) const {
  const Value value = TRY(evaluate(*root_, variables, budget));
  if (const auto* truth = value.as<bool>()) return *truth;
  return Error::invalid("the rule gives no bool but a " + std::string(value.type_name()));
}

Result<std::string> Program::run_text(const Variables& variables, Budget& budget) const {
  const Value value = TRY(evaluate(*root_, variables, budget));
  if (const auto* text = value.as<std::string>()) return *text;
  return Error::invalid("the expression gives no string but a " + std::string(value.type_name()));
}

bool Program::uses(std::string_view variable) const {
  return names(*root_, variable);
}

}  // namespace capstan::cel
