#include "runtime/object/selector.h"

#include <algorithm>
#include <charconv>

#include "runtime/base/text.h"
#include "runtime/object/names.h"

namespace capstan {
namespace {

using Operator = LabelSelector::Operator;
using Requirement = LabelSelector::Requirement;

// Reads the text of a label selector token by token.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // A symbol, a word, or "" at the end.
  std::string_view next() {
    skip_space();
    if (at_ == text_.size()) return {};
    const size_t start = at_;
    if (is_symbol(text_[at_])) {
      ++at_;
      const bool two =
          at_ < text_.size() && text_[at_] == '=' && (text_[start] == '=' || text_[start] == '!');
      if (two) ++at_;
    } else {
      while (at_ < text_.size() && !is_symbol(text_[at_]) && !is_space(text_[at_])) ++at_;
    }
    return text_.substr(start, at_ - start);
  }

  std::string_view peek() {
    const size_t before = at_;
    const std::string_view token = next();
    at_ = before;
    return token;
  }

  bool take(std::string_view symbol) {
    if (peek() != symbol) return false;
    next();
    return true;
  }

  static bool is_word(std::string_view token) { return !token.empty() && !is_symbol(token[0]); }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
  static bool is_symbol(char c) {
    return std::string_view("=!(),<>").find(c) != std::string_view::npos;
  }
  void skip_space() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::string quoted(std::string_view token) {
  return token.empty() ? "the end" : "\"" + std::string(token) + "\"";
}

Error unexpected(std::string_view found, std::string_view expected) {
  return Error::invalid("unable to parse the label selector: found " + quoted(found) +
                        ", expected " + std::string(expected));
}

bool parse_integer(std::string_view text, int64_t& value) {
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  return parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
}

Result<void> check(const Requirement& requirement) {
  const std::string wrong_key = check_qualified_name(requirement.key);
  if (!wrong_key.empty()) {
    return Error::invalid("label key \"" + requirement.key + "\": " + wrong_key);
  }
  const bool compared =
      requirement.op == Operator::kGreaterThan || requirement.op == Operator::kLessThan;
  for (const std::string& value : requirement.values) {
    int64_t ignored = 0;
    if (compared && !parse_integer(value, ignored)) {
      return Error::invalid("label \"" + requirement.key + "\": \"" + value +
                            "\" must be an integer to compare with < or >");
    }
    const std::string wrong = check_label_value(value);
    if (!wrong.empty()) {
      return Error::invalid("label \"" + requirement.key + "\": value \"" + value + "\": " + wrong);
    }
  }
  return {};
}

Result<std::vector<std::string>> parse_values(Lexer& lexer) {
  if (!lexer.take("(")) return unexpected(lexer.peek(), "\"(\"");
  std::vector<std::string> values;
  while (true) {
    // A missing word is the empty value: "a in (,b)" means "" or "b".
    values.emplace_back(Lexer::is_word(lexer.peek()) ? lexer.next() : std::string_view());
    if (lexer.take(")")) break;
    if (!lexer.take(",")) return unexpected(lexer.peek(), "\",\" or \")\"");
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

Result<Requirement> parse_requirement(Lexer& lexer) {
  if (lexer.take("!")) {
    if (!Lexer::is_word(lexer.peek())) return unexpected(lexer.peek(), "a label key");
    return Requirement{std::string(lexer.next()), Operator::kDoesNotExist, {}};
  }
  if (!Lexer::is_word(lexer.peek())) return unexpected(lexer.peek(), "\"!\" or a label key");
  Requirement requirement{std::string(lexer.next()), Operator::kExists, {}};
  const std::string_view op = lexer.peek();
  if (op.empty() || op == ",") return requirement;
  lexer.next();
  if (op == "in" || op == "notin") {
    requirement.op = op == "in" ? Operator::kIn : Operator::kNotIn;
    requirement.values = TRY(parse_values(lexer));
    return requirement;
  }
  if (op == "=" || op == "==") {
    requirement.op = Operator::kIn;
  } else if (op == "!=") {
    requirement.op = Operator::kNotIn;
  } else if (op == ">" || op == "<") {
    requirement.op = op == ">" ? Operator::kGreaterThan : Operator::kLessThan;
  } else {
    return unexpected(op, "one of =, ==, !=, in, notin, <, >");
  }
  requirement.values.emplace_back(Lexer::is_word(lexer.peek()) ? lexer.next() : std::string_view());
  return requirement;
}

bool satisfied(const Requirement& requirement, const Labels& labels) {
  const auto found = labels.find(requirement.key);
  const bool exists = found != labels.end();
  const auto& values = requirement.values;
  switch (requirement.op) {
    case Operator::kExists:
      return exists;
    case Operator::kDoesNotExist:
      return !exists;
    case Operator::kIn:
      return exists && std::binary_search(values.begin(), values.end(), found->second);
    case Operator::kNotIn:
      return !exists || !std::binary_search(values.begin(), values.end(), found->second);
    case Operator::kGreaterThan:
    case Operator::kLessThan:
      break;
  }
  int64_t value = 0;
  int64_t bound = 0;
  if (!exists || !parse_integer(found->second, value) || !parse_integer(values[0], bound)) {
    return false;
  }
  return requirement.op == Operator::kGreaterThan ? value > bound : value < bound;
}

std::string requirement_text(const Requirement& requirement) {
  const auto& values = requirement.values;
  const bool one = values.size() == 1;
  switch (requirement.op) {
    case Operator::kExists:
      return requirement.key;
    case Operator::kDoesNotExist:
      return "!" + requirement.key;
    case Operator::kIn:
      return one ? requirement.key + "=" + values[0]
                 : requirement.key + " in (" + join(values, ",") + ")";
    case Operator::kNotIn:
      return one ? requirement.key + "!=" + values[0]
                 : requirement.key + " notin (" + join(values, ",") + ")";
    case Operator::kGreaterThan:
      return requirement.key + ">" + values[0];
    case Operator::kLessThan:
      return requirement.key + "<" + values[0];
  }
  return "";
}

Error bad_field(const std::string& field, const std::string& message) {
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({field, "FieldValueInvalid", message});
  return error;
}

Result<Requirement> read_expression(const Json& from, const std::string& path) {
  Requirement requirement{get_string(from, {"key"}), Operator::kIn, {}};
  const std::string op = get_string(from, {"operator"});
  if (op == "In" || op == "NotIn") {
    requirement.op = op == "In" ? Operator::kIn : Operator::kNotIn;
  } else if (op == "Exists" || op == "DoesNotExist") {
    requirement.op = op == "Exists" ? Operator::kExists : Operator::kDoesNotExist;
  } else {
    return bad_field(path + ".operator",
                     "\"" + op + "\" is none of In, NotIn, Exists, DoesNotExist");
  }
  if (const Json* values = find(from, {"values"}); values != nullptr && !values->is_null()) {
    if (!values->is_array()) return bad_field(path + ".values", "must be a list of strings");
    for (const Json& value : *values) {
      if (!value.is_string()) return bad_field(path + ".values", "must be a list of strings");
      requirement.values.push_back(value.get<std::string>());
    }
  }
  const bool needs_values = op == "In" || op == "NotIn";
  if (requirement.values.empty() == needs_values) {
    return bad_field(path + ".values", needs_values
                                           ? "must be specified when the operator is " + op
                                           : "may not be specified when the operator is " + op);
  }
  std::sort(requirement.values.begin(), requirement.values.end());
  Result<void> fine = check(requirement);
  if (!fine.ok()) return bad_field(path, fine.error().message);
  return requirement;
}

void sort_by_key(std::vector<Requirement>& requirements) {
  std::stable_sort(requirements.begin(), requirements.end(),
                   [](const Requirement& a, const Requirement& b) { return a.key < b.key; });
}

}  // namespace

Result<LabelSelector> LabelSelector::parse(std::string_view text) {
  LabelSelector selector;
  Lexer lexer(text);
  if (lexer.peek().empty()) return selector;
  do {
    selector.requirements_.push_back(TRY(parse_requirement(lexer)));
    TRY(check(selector.requirements_.back()));
  } while (lexer.take(","));
  if (!lexer.peek().empty()) return unexpected(lexer.peek(), "\",\" or the end");
  sort_by_key(selector.requirements_);
  return selector;
}

Result<LabelSelector> LabelSelector::from_json(const Json& selector) {
  LabelSelector out;
  if (selector.is_null()) {
    out.nothing_ = true;
    return out;
  }
  if (!selector.is_object()) return bad_field("selector", "must be an object");
  if (const Json* labels = ::capstan::find(selector, {"matchLabels"}); labels != nullptr) {
    for (const auto& [key, value] : labels->items()) {
      if (!value.is_string()) return bad_field("matchLabels[" + key + "]", "must be a string");
      out.requirements_.push_back({key, Operator::kIn, {value.get<std::string>()}});
      Result<void> fine = check(out.requirements_.back());
      if (!fine.ok()) return bad_field("matchLabels[" + key + "]", fine.error().message);
    }
  }
  const Json* expressions = ::capstan::find(selector, {"matchExpressions"});
  if (expressions != nullptr && expressions->is_array()) {
    for (size_t i = 0; i < expressions->size(); ++i) {
      out.requirements_.push_back(
          TRY(read_expression((*expressions)[i], "matchExpressions[" + std::to_string(i) + "]")));
    }
  }
  sort_by_key(out.requirements_);
  return out;
}

bool LabelSelector::matches(const Labels& labels) const {
  if (nothing_) return false;
  return std::all_of(
      requirements_.begin(), requirements_.end(),
      [&](const Requirement& requirement) { return satisfied(requirement, labels); });
}

std::string LabelSelector::text() const {
  std::vector<std::string> parts;
  parts.reserve(requirements_.size());
  for (const Requirement& requirement : requirements_) {
    parts.push_back(requirement_text(requirement));
  }
  return join(parts, ",");
}

std::optional<std::string> LabelSelector::exact(std::string_view key) const {
  for (const Requirement& requirement : requirements_) {
    if (requirement.key == key && requirement.op == Operator::kIn &&
        requirement.values.size() == 1) {
      return requirement.values[0];
    }
  }
  return std::nullopt;
}

}  // namespace capstan
