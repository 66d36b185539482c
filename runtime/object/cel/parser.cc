#include <array>
#include <map>

#include "runtime/object/cel/expression.h"
#include "runtime/object/cel/functions.h"
#include "runtime/object/cel/lexer.h"

namespace capstan::cel {
namespace {

constexpr size_t kMaxBytes = 64 * 1024;
constexpr size_t kMaxTokens = 4096;  // so that chains of operators nest no deeper than this
constexpr int kMaxNesting = 64;

using Kind = Expression::Kind;

constexpr std::array<std::pair<std::string_view, Macro>, 6> kMacros = {{
    {"all", Macro::kAll},
    {"exists", Macro::kExists},
    {"exists_one", Macro::kExistsOne},
    {"existsOne", Macro::kExistsOne},
    {"filter", Macro::kFilter},
    {"map", Macro::kMap},
}};
constexpr std::array<std::string_view, 10> kTypes = {
    "int", "uint", "double", "bool", "string", "bytes", "list", "map", "null_type", "type"};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at)) {
    text.replace(at, what.size(), with);
    at += with.size();
  }
}

// Fields whose names are no CEL names are written with escapes: a__dash__b, __namespace__.
std::string field_name(std::string name) {
  if (name.find("__") == std::string::npos) return name;
  std::string out = name;
  replace_all(out, "__dot__", ".");
  replace_all(out, "__dash__", "-");
  replace_all(out, "__slash__", "/");
  replace_all(out, "__underscores__", "__");
  const bool keyword =
      out == name && name.size() > 4 && name.starts_with("__") && name.ends_with("__");
  return keyword ? name.substr(2, name.size() - 4) : out;
}

class Parser {
 public:
  Parser(std::vector<Token> tokens, const std::vector<std::string>& variables)
      : tokens_(std::move(tokens)), names_(variables) {}

  Result<Expression> whole() {
    Expression out = TRY(expression());
    if (peek().kind != Token::Kind::kEnd) return unexpected("an operator or the end");
    return out;
  }

 private:
  const Token& peek() const { return tokens_[at_]; }
  const Token& take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool is(std::string_view symbol) const {
    return peek().kind == Token::Kind::kSymbol && peek().text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!is(symbol)) return false;
    ++at_;
    return true;
  }
  Result<void> expect(std::string_view symbol) {
    if (take(symbol)) return {};
    return unexpected("\"" + std::string(symbol) + "\"");
  }

  Error at(size_t position, const std::string& message) const {
    return Error::invalid(message + " at position " + std::to_string(position));
  }
  Error unexpected(const std::string& expected) const {
    if (is("?.") || is("[?")) {
      return at(peek().position, "optional fields (" + peek().text + ") are not supported");
    }
    const std::string found =
        peek().kind == Token::Kind::kEnd ? "the end" : "\"" + peek().text + "\"";
    return at(peek().position, "expected " + expected + ", found " + found);
  }

  Result<Expression> expression() {
    if (++nesting_ > kMaxNesting) return at(peek().position, "nested too deeply");
    Expression out = TRY(either());
    if (is("?")) {
      const size_t position = take().position;
      Expression yes = TRY(expression());
      TRY(expect(":"));
      Expression no = TRY(expression());
      out = node(Kind::kChoice, position, {}, std::move(out), std::move(yes), std::move(no));
    }
    --nesting_;
    return out;
  }

  template <typename... Operands>
  static Expression node(Kind kind, size_t position, std::string name, Operands... operands) {
    Expression out{.kind = kind, .position = position, .name = std::move(name)};
    (out.operands.push_back(std::move(operands)), ...);
    return out;
  }

  Result<Expression> either() {
    Expression out = TRY(both());
    while (is("||")) {
      const size_t position = take().position;
      out = node(Kind::kOr, position, "||", std::move(out), TRY(both()));
    }
    return out;
  }

  Result<Expression> both() {
    Expression out = TRY(relation());
    while (is("&&")) {
      const size_t position = take().position;
      out = node(Kind::kAnd, position, "&&", std::move(out), TRY(relation()));
    }
    return out;
  }

  Result<Expression> relation() {
    Expression out = TRY(sum());
    while (is("==") || is("!=") || is("<") || is("<=") || is(">") || is(">=") || is_in()) {
      const Token& op = take();
      out = node(Kind::kBinary, op.position, op.text, std::move(out), TRY(sum()));
    }
    return out;
  }

  bool is_in() const { return peek().kind == Token::Kind::kName && peek().text == "in"; }

  Result<Expression> sum() {
    Expression out = TRY(product());
    while (is("+") || is("-")) {
      const Token& op = take();
      out = node(Kind::kBinary, op.position, op.text, std::move(out), TRY(product()));
    }
    return out;
  }

  Result<Expression> product() {
    Expression out = TRY(unary());
    while (is("*") || is("/") || is("%")) {
      const Token& op = take();
      out = node(Kind::kBinary, op.position, op.text, std::move(out), TRY(unary()));
    }
    return out;
  }

  Result<Expression> unary() {
    if (!is("!") && !is("-")) return member();
    if (++nesting_ > kMaxNesting) return at(peek().position, "nested too deeply");
    const Token& op = take();
    const bool lowest = peek().kind == Token::Kind::kInt && peek().integer == INT64_MIN;
    if (op.text == "-" && lowest) {
      --nesting_;
      return Expression{.position = op.position, .value = {take().integer}};
    }
    Expression operand = TRY(unary());
    --nesting_;
    return node(Kind::kUnary, op.position, op.text, std::move(operand));
  }

  Result<Expression> member() {
    Expression out = TRY(primary());
    while (is(".") || is("[")) {
      const size_t position = take().position;
      if (tokens_[at_ - 1].text == "[") {
        out = node(Kind::kIndex, position, {}, std::move(out), TRY(expression()));
        TRY(expect("]"));
        continue;
      }
      if (peek().kind != Token::Kind::kName) return unexpected("a field or method name");
      std::string name = take().text;
      if (take("(")) {
        out = TRY(method(std::move(out), name, position));
      } else {
        out = node(Kind::kSelect, position, field_name(std::move(name)), std::move(out));
      }
    }
    return out;
  }

  Result<Expression> method(Expression target, const std::string& name, size_t position) {
    for (const auto& [known, macro] : kMacros) {
      if (known == name) return this->macro(std::move(target), macro, position);
    }
    Expression out = node(Kind::kCall, position, name, std::move(target));
    TRY(arguments(out.operands, ")"));
    const Function* function = find_function(name, true, out.operands.size());
    if (function == nullptr) {
      return at(position, "the method " + name + " with " +
                              std::to_string(out.operands.size() - 1) +
                              " arguments is not supported");
    }
    if (name == "matches") TRY(compile_pattern(out));
    return out;
  }

  Result<void> compile_pattern(Expression& call) const {
    const Expression& argument = call.operands.back();
    const auto* text = argument.value.as<std::string>();
    if (argument.kind != Kind::kLiteral || text == nullptr) return {};
    call.pattern = make_pattern(*text);
    if (call.pattern->ok()) return {};
    return at(argument.position, "the pattern is no regular expression: " + call.pattern->error());
  }

  Result<Expression> macro(Expression target, Macro macro, size_t position) {
    if (peek().kind != Token::Kind::kName) return unexpected("the name of a variable");
    Expression out = node(Kind::kMacro, position, take().text, std::move(target));
    out.macro = macro;
    TRY(expect(","));
    names_.push_back(out.name);
    out.operands.push_back(TRY(expression()));
    if (macro == Macro::kMap && take(",")) out.operands.push_back(TRY(expression()));
    names_.pop_back();
    TRY(expect(")"));
    return out;
  }

  Result<void> arguments(std::vector<Expression>& out, std::string_view close) {
    if (take(close)) return {};
    do {
      if (is(close) && close == "]") break;  // a comma may end a list
      out.push_back(TRY(expression()));
    } while (take(","));
    return expect(close);
  }

  Result<Expression> primary() {
    const Token& token = peek();
    switch (token.kind) {
      case Token::Kind::kInt:
        if (token.integer == INT64_MIN) return at(token.position, "the number does not fit");
        return literal({token.integer});
      case Token::Kind::kUint:
        return literal({token.unsigned_integer});
      case Token::Kind::kDouble:
        return literal({token.number});
      case Token::Kind::kString:
        return literal({token.text});
      case Token::Kind::kBytes:
        return literal({Bytes{token.text}});
      case Token::Kind::kName:
        return name();
      default:
        break;
    }
    if (take("(")) {
      Expression out = TRY(expression());
      TRY(expect(")"));
      return out;
    }
    const size_t position = token.position;
    if (take("[")) {
      Expression out{.kind = Kind::kList, .position = position};
      TRY(arguments(out.operands, "]"));
      return out;
    }
    if (take("{")) return map(position);
    return unexpected("a value");
  }

  Result<Expression> literal(Value value) {
    Expression out{.position = peek().position, .value = std::move(value)};
    take();
    return out;
  }

  Result<Expression> map(size_t position) {
    Expression out{.kind = Kind::kMap, .position = position};
    while (!take("}")) {
      out.operands.push_back(TRY(expression()));
      TRY(expect(":"));
      out.operands.push_back(TRY(expression()));
      if (!is("}")) TRY(expect(","));
    }
    return out;
  }

  Result<Expression> name() {
    const Token token = take();
    if (token.text == "true") return Expression{.position = token.position, .value = {true}};
    if (token.text == "false") return Expression{.position = token.position, .value = {false}};
    if (token.text == "null") return Expression{.position = token.position};
    if (take("(")) return call(token);
    for (const std::string& known : names_) {
      if (known == token.text) return node(Kind::kVariable, token.position, token.text);
    }
    for (const std::string_view type : kTypes) {
      if (type == token.text) {
        return Expression{.position = token.position, .value = {TypeName{token.text}}};
      }
    }
    return at(token.position, "undeclared reference to \"" + token.text + "\"");
  }

  Result<Expression> call(const Token& token) {
    Expression out{.kind = Kind::kCall, .position = token.position, .name = token.text};
    TRY(arguments(out.operands, ")"));
    if (token.text == "has") {
      if (out.operands.size() != 1 || out.operands[0].kind != Kind::kSelect) {
        return at(token.position, "has() needs a field, as in has(self.name)");
      }
      Expression field = std::move(out.operands[0]);
      field.kind = Kind::kHas;
      return field;
    }
    if (find_function(token.text, false, out.operands.size()) == nullptr) {
      return at(token.position, "the function " + token.text + " with " +
                                    std::to_string(out.operands.size()) +
                                    " arguments is not supported");
    }
    return out;
  }

  std::vector<Token> tokens_;
  std::vector<std::string> names_;
  size_t at_ = 0;
  int nesting_ = 0;
};

}  // namespace

Result<Expression> parse(std::string_view text, const std::vector<std::string>& variables) {
  if (text.size() > kMaxBytes) return Error::invalid("the expression is longer than 64 KiB");
  std::vector<Token> tokens = TRY(tokenize(text));
  if (tokens.size() > kMaxTokens) {
    return Error::invalid("the expression has more than " + std::to_string(kMaxTokens) + " tokens");
  }
  return Parser(std::move(tokens), variables).whole();
}

}  // namespace capstan::cel
