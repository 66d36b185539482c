#include "runtime/object/json_path.h"

#include <charconv>
#include <cmath>
#include <optional>

namespace capstan {

// A step from a value to others. Exactly one form is used, by `kind`.
struct JsonPath::Step {
  enum class Kind { kField, kSlice, kAll, kBelow, kFilter, kUnion };
  struct Filter {
    std::vector<Step> left;
    std::string op;  // "" asks only whether the left side is there
    std::optional<Json> literal;
    std::vector<Step> right;
  };

  Kind kind = Kind::kField;
  std::string name = {};                         // kField
  std::optional<int64_t> first = {}, last = {};  // kSlice: [first, last), negative from the end
  int64_t stride = 1;
  bool single = false;                        // kSlice of one index
  std::shared_ptr<const Filter> filter = {};  // kFilter
  std::vector<Step> choices = {};             // kUnion
};

namespace {

using Step = JsonPath::Step;
using Steps = std::vector<Step>;
constexpr int kMaxNesting = 16;
constexpr int kMaxBelow = 2;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Steps> path() {
    if (peek() == '{' && text_.size() >= 2 && text_.back() == '}') {
      ++at_;
      text_.remove_suffix(1);
    }
    if (peek() == '$') ++at_;
    // Without a leading dot the first name follows at once.
    Steps steps;
    if (at_ < text_.size() && peek() != '.' && peek() != '[') {
      steps.push_back(TRY(field()));
    }
    TRY(more(steps));
    if (at_ != text_.size()) return unexpected("\".\" or \"[\"");
    return steps;
  }

 private:
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  void skip_space() {
    while (peek() == ' ') ++at_;
  }

  Error unexpected(const std::string& expected) const {
    return Error::invalid("JSONPath \"" + std::string(text_) + "\": expected " + expected +
                          " at position " + std::to_string(at_));
  }

  Result<void> more(Steps& steps) {
    while (peek() == '.' || peek() == '[') {
      if (take("..")) {
        // Each one multiplies what the next looks at.
        if (++below_ > kMaxBelow) return unexpected("at most two \"..\"");
        steps.push_back({.kind = Step::Kind::kBelow});
        if (peek() != '[') steps.push_back(TRY(field()));
      } else if (take(".")) {
        if (at_ == text_.size() && steps.empty()) break;  // "." is the object itself
        if (peek() != '[') steps.push_back(TRY(field()));
      } else {
        steps.push_back(TRY(bracket()));
      }
    }
    return {};
  }

  Result<Step> field() {
    if (take("*")) return Step{.kind = Step::Kind::kAll};
    std::string name;
    while (at_ < text_.size() && !ends_name(text_[at_])) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      name += text_[at_++];
    }
    if (name.empty()) return unexpected("a field name");
    return Step{.kind = Step::Kind::kField, .name = std::move(name)};
  }

  static bool ends_name(char c) {
    return std::string_view(".[]()=!<>,'\" ").find(c) != std::string_view::npos;
  }

  Result<Step> bracket() {
    ++at_;
    skip_space();
    if (take("?(")) return filter();
    Steps choices;
    do {
      skip_space();
      choices.push_back(TRY(choice()));
      skip_space();
    } while (take(","));
    if (!take("]")) return unexpected("\"]\"");
    if (choices.size() == 1) return std::move(choices.front());
    return Step{.kind = Step::Kind::kUnion, .choices = std::move(choices)};
  }

  Result<Step> choice() {
    if (take("*")) return Step{.kind = Step::Kind::kAll};
    if (peek() == '\'' || peek() == '"') {
      return Step{.kind = Step::Kind::kField, .name = TRY(quoted())};
    }
    Step step{.kind = Step::Kind::kSlice};
    step.first = TRY(integer());
    if (!take(":")) {
      if (!step.first) return unexpected("an index, a quoted name, \"*\" or a filter");
      step.single = true;
      return step;
    }
    step.last = TRY(integer());
    if (take(":")) step.stride = TRY(integer()).value_or(1);
    if (step.stride <= 0) return unexpected("a step of at least 1");
    return step;
  }

  Result<std::optional<int64_t>> integer() {
    int64_t value = 0;
    const char* begin = text_.data() + at_;
    const auto parsed = std::from_chars(begin, text_.data() + text_.size(), value);
    if (parsed.ec == std::errc::result_out_of_range) return unexpected("a smaller index");
    if (parsed.ec != std::errc()) return std::optional<int64_t>();
    at_ += static_cast<size_t>(parsed.ptr - begin);
    return std::optional<int64_t>(value);
  }

  Result<std::string> quoted() {
    const char quote = text_[at_++];
    std::string out;
    while (at_ < text_.size() && text_[at_] != quote) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out += text_[at_++];
    }
    if (at_ == text_.size()) return unexpected("a closing quote");
    ++at_;
    return out;
  }

  Result<Step> filter() {
    if (++nesting_ > kMaxNesting) return unexpected("fewer nested filters");
    auto filter = std::make_shared<Step::Filter>();
    skip_space();
    if (!take("@")) return unexpected("\"@\"");
    TRY(more(filter->left));
    skip_space();
    for (const std::string_view op : {"==", "!=", "<=", ">=", "<", ">"}) {
      if (filter->op.empty() && take(op)) filter->op = op;
    }
    skip_space();
    if (!filter->op.empty()) TRY(operand(*filter));
    skip_space();
    if (!take(")]")) return unexpected("\")]\"");
    --nesting_;
    return Step{.kind = Step::Kind::kFilter, .filter = std::move(filter)};
  }

  Result<void> operand(Step::Filter& filter) {
    if (take("@")) return more(filter.right);
    if (peek() == '\'' || peek() == '"') {
      filter.literal = TRY(quoted());
      return {};
    }
    const size_t start = at_;
    while (at_ < text_.size() && text_[at_] != ')' && text_[at_] != ' ') ++at_;
    Result<Json> literal = parse_json(text_.substr(start, at_ - start));
    if (!literal.ok() || literal->is_structured()) {
      at_ = start;
      return unexpected("a quoted text, a number, true or false");
    }
    filter.literal = *std::move(literal);
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  int nesting_ = 0;
  int below_ = 0;
};

using Found = std::vector<const Json*>;
void walk(const Json& value, const Steps& steps, size_t at, Found& found);

void walk_slice(const Json& list, const Step& step, const Steps& steps, size_t at, Found& found) {
  if (!list.is_array()) return;
  const auto size = static_cast<int64_t>(list.size());
  const auto from_end = [&](int64_t index) { return index < 0 ? index + size : index; };
  const int64_t first = from_end(step.first.value_or(0));
  const int64_t last = step.single ? first + 1 : from_end(step.last.value_or(size));
  if (step.single && (first < 0 || first >= size)) return;
  for (int64_t i = std::max<int64_t>(first, 0); i < std::min(last, size); i += step.stride) {
    walk(list[static_cast<size_t>(i)], steps, at + 1, found);
  }
}

bool compare(const Json& left, const std::string& op, const Json& right) {
  if (op == "==") return left == right;
  if (op == "!=") return left != right;
  const bool ordered =
      (left.is_number() && right.is_number()) || (left.is_string() && right.is_string());
  if (!ordered) return false;
  if (op == "<") return left < right;
  if (op == "<=") return left <= right;
  if (op == ">") return left > right;
  return left >= right;
}

bool accepts(const Step::Filter& filter, const Json& item) {
  Found left;
  walk(item, filter.left, 0, left);
  if (left.empty()) return false;
  if (filter.op.empty()) return true;
  if (filter.literal) return compare(*left.front(), filter.op, *filter.literal);
  Found right;
  walk(item, filter.right, 0, right);
  return !right.empty() && compare(*left.front(), filter.op, *right.front());
}

void walk_below(const Json& value, const Steps& steps, size_t at, Found& found) {
  walk(value, steps, at + 1, found);
  if (!value.is_structured()) return;
  for (const Json& item : value) walk_below(item, steps, at, found);
}

void walk(const Json& value, const Steps& steps, size_t at, Found& found) {
  if (at == steps.size()) {
    found.push_back(&value);
    return;
  }
  const Step& step = steps[at];
  switch (step.kind) {
    case Step::Kind::kField:
      if (value.is_object()) {
        const auto member = value.find(step.name);
        if (member != value.end()) walk(*member, steps, at + 1, found);
      }
      return;
    case Step::Kind::kSlice:
      return walk_slice(value, step, steps, at, found);
    case Step::Kind::kAll:
      if (!value.is_structured()) return;
      for (const Json& item : value) walk(item, steps, at + 1, found);
      return;
    case Step::Kind::kBelow:
      return walk_below(value, steps, at, found);
    case Step::Kind::kFilter:
      if (!value.is_array()) return;
      for (const Json& item : value) {
        if (accepts(*step.filter, item)) walk(item, steps, at + 1, found);
      }
      return;
    case Step::Kind::kUnion:
      for (const Step& choice : step.choices) {
        Found chosen;
        walk(value, {choice}, 0, chosen);
        for (const Json* item : chosen) walk(*item, steps, at + 1, found);
      }
      return;
  }
}

}  // namespace

Result<JsonPath> JsonPath::compile(std::string_view path) {
  JsonPath compiled;
  compiled.steps_ = std::make_shared<const Steps>(TRY(Parser(path).path()));
  compiled.text_ = path;
  return compiled;
}

std::vector<const Json*> JsonPath::find(const Json& value) const {
  Found found;
  walk(value, *steps_, 0, found);
  return found;
}

const Json* JsonPath::first(const Json& value) const {
  const Found found = find(value);
  return found.empty() ? nullptr : found.front();
}

Json table_cell(const JsonPath& path, std::string_view type, const Json& object, Instant now) {
  const Json* value = path.first(object);
  if (value == nullptr || value->is_null()) return nullptr;
  if (type == "string") return value->is_string() ? *value : Json(dump_json(*value));
  if (type == "boolean") return value->is_boolean() ? *value : Json();
  if (type == "date") {
    if (!value->is_string()) return nullptr;
    const Result<Instant> time = parse_time(value->get_ref<const std::string&>());
    return time.ok() ? format_age(now - *time) : "<invalid>";
  }
  if (!value->is_number()) return nullptr;
  if (type == "number") return *value;
  if (type != "integer") return nullptr;
  return value->is_number_integer() ? *value : Json(std::llround(value->get<double>()));
}

}  // namespace capstan
