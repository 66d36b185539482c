#include "runtime/object/cel/functions.h"

#include <cmath>

namespace capstan::cel {
namespace {

Error no_overload(std::string_view name, const Value& left, const Value& right) {
  return Error::invalid("no such overload: " + std::string(left.type_name()) + " " +
                        std::string(name) + " " + std::string(right.type_name()));
}

Error overflow() {
  return Error::invalid("integer overflow");
}

template <typename T>
Result<Value> integer_operation(char op, T a, T b) {
  T out = 0;
  if (op == '+' && !__builtin_add_overflow(a, b, &out)) return Value{out};
  if (op == '-' && !__builtin_sub_overflow(a, b, &out)) return Value{out};
  if (op == '*' && !__builtin_mul_overflow(a, b, &out)) return Value{out};
  if (op != '/' && op != '%') return overflow();
  if (b == 0) return Error::invalid(op == '/' ? "division by zero" : "modulus by zero");
  if constexpr (std::is_signed_v<T>) {
    if (b == -1) return op == '%' ? Value{T(0)} : TRY(integer_operation<T>('-', 0, a));
  }
  return Value{op == '/' ? static_cast<T>(a / b) : static_cast<T>(a % b)};
}

Result<Value> double_operation(char op, const Value& left, const Value& right) {
  const double a = *left.as<double>();
  const double b = *right.as<double>();
  switch (op) {
    case '+':
      return Value{a + b};
    case '-':
      return Value{a - b};
    case '*':
      return Value{a * b};
    case '/':
      return Value{a / b};
    default:
      return no_overload("%", left, right);
  }
}

Result<Duration> duration_sum(Duration a, Duration b, bool minus) {
  int64_t out = 0;
  const bool wrong = minus ? __builtin_sub_overflow(a.count(), b.count(), &out)
                           : __builtin_add_overflow(a.count(), b.count(), &out);
  if (wrong) return Error::invalid("duration out of range");
  return Duration(out);
}

Result<Value> time_operation(char op, const Value& left, const Value& right) {
  const bool minus = op == '-';
  const auto* left_time = left.as<Instant>();
  const auto* right_time = right.as<Instant>();
  const auto* left_length = left.as<Duration>();
  const auto* right_length = right.as<Duration>();
  if (left_length != nullptr && right_length != nullptr) {
    return Value{TRY(duration_sum(*left_length, *right_length, minus))};
  }
  if (left_time != nullptr && right_time != nullptr && minus) {
    return Value{
        TRY(duration_sum(left_time->time_since_epoch(), right_time->time_since_epoch(), true))};
  }
  if (left_time != nullptr && right_length != nullptr) {
    return Value{Instant(TRY(duration_sum(left_time->time_since_epoch(), *right_length, minus)))};
  }
  if (left_length != nullptr && right_time != nullptr && !minus) {
    return Value{Instant(TRY(duration_sum(right_time->time_since_epoch(), *left_length, false)))};
  }
  return no_overload(std::string(1, op), left, right);
}

Result<Value> joined(const Value& left, const Value& right) {
  if (const auto* a = left.as<std::string>()) {
    if (const auto* b = right.as<std::string>()) return Value{*a + *b};
  }
  if (const auto* a = left.as<Bytes>()) {
    if (const auto* b = right.as<Bytes>()) return Value{Bytes{a->bytes + b->bytes}};
  }
  if (!left.is_list() || !right.is_list()) return time_operation('+', left, right);
  auto list = std::make_shared<List>();
  list->reserve(left.size() + right.size());
  for (size_t i = 0; i < left.size(); ++i) list->push_back(left.item(i));
  for (size_t i = 0; i < right.size(); ++i) list->push_back(right.item(i));
  return Value{std::shared_ptr<const List>(std::move(list))};
}

Result<Value> arithmetic(char op, const Value& left, const Value& right) {
  if (left.as<int64_t>() != nullptr && right.as<int64_t>() != nullptr) {
    return integer_operation(op, *left.as<int64_t>(), *right.as<int64_t>());
  }
  if (left.as<uint64_t>() != nullptr && right.as<uint64_t>() != nullptr) {
    return integer_operation(op, *left.as<uint64_t>(), *right.as<uint64_t>());
  }
  if (left.as<double>() != nullptr && right.as<double>() != nullptr) {
    return double_operation(op, left, right);
  }
  if (op == '+') return joined(left, right);
  if (op == '-') return time_operation('-', left, right);
  return no_overload(std::string(1, op), left, right);
}

Result<Value> contained(const Value& left, const Value& right) {
  if (right.is_map()) return Value{right.member(left).has_value()};
  if (!right.is_list()) return no_overload("in", left, right);
  for (size_t i = 0; i < right.size(); ++i) {
    if (equal(left, right.item(i))) return Value{true};
  }
  return Value{false};
}

}  // namespace

Result<Value> apply_operator(std::string_view name, const Value& left, const Value& right) {
  if (name == "==") return Value{equal(left, right)};
  if (name == "!=") return Value{!equal(left, right)};
  if (name == "in") return contained(left, right);
  if (name.size() == 1 && name != "<" && name != ">") return arithmetic(name[0], left, right);
  const auto order = compare(left, right);
  if (!order) return no_overload(name, left, right);
  if (name == "<") return Value{*order < 0};
  if (name == "<=") return Value{*order <= 0};
  if (name == ">") return Value{*order > 0};
  return Value{*order >= 0};
}

Result<Value> negate(const Value& value) {
  if (const auto* integer = value.as<int64_t>())
    return integer_operation<int64_t>('-', 0, *integer);
  if (const auto* real = value.as<double>()) return Value{-*real};
  if (const auto* length = value.as<Duration>()) {
    return Value{TRY(duration_sum(Duration(0), *length, true))};
  }
  return Error::invalid("no such overload: -" + std::string(value.type_name()));
}

}  // namespace capstan::cel
