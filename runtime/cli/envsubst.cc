#include "runtime/cli/envsubst.h"

#include <fnmatch.h>

#include <algorithm>
#include <cctype>

#include "runtime/base/text.h"

namespace capstan::cli {

// A piece of literal text (name empty), or a variable with an operation on its value.
struct Template::Part {
  std::string literal;
  std::string name;
  std::string operation;  // "", ":-", ":=", "=", "-", "#len", "^", "^^", ",", ",,", ":", "#", ...
  std::vector<Part> argument;   // default, pattern, or offset
  std::vector<Part> argument2;  // replacement, or length
  std::string argument_text;    // as written
};

namespace {

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

Error syntax_error(std::string_view text, size_t at, const std::string& what) {
  const auto line = 1 + std::count(text.begin(), text.begin() + std::min(at, text.size()), '\n');
  return Error::invalid("line " + std::to_string(line) + " of the template: " + what);
}

void skip_blanks(std::string_view text, size_t& at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\t')) ++at;
}

// The operators, longest first.
constexpr std::string_view kOperators[] = {":-", ":=", "^^", ",,", "##", "%%", "//", "/#", "/%",
                                           "^",  ",",  "#",  "%",  "/",  "=",  "-",  ":"};

bool takes_two(std::string_view op) {
  return op == ":" || op.front() == '/';
}
bool takes_none(std::string_view op) {
  return op.front() == '^' || op.front() == ',';
}
bool is_default(std::string_view op) {
  return op == ":-" || op == ":=" || op == "=" || op == "-";
}

bool matches(const std::string& glob, const std::string& text) {
  return fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

std::string trim_prefix(const std::string& value, const std::string& glob, bool longest) {
  for (size_t i = 0; i <= value.size(); ++i) {
    const size_t length = longest ? value.size() - i : i;
    if (matches(glob, value.substr(0, length))) return value.substr(length);
  }
  return value;
}

std::string trim_suffix(const std::string& value, const std::string& glob, bool longest) {
  for (size_t i = 0; i <= value.size(); ++i) {
    const size_t start = longest ? i : value.size() - i;
    if (matches(glob, value.substr(start))) return value.substr(0, start);
  }
  return value;
}

std::string substitute(std::string value, std::string_view op, const std::string& find,
                       const std::string& with) {
  if (find.empty()) return value;
  if (op == "/#") return value.starts_with(find) ? with + value.substr(find.size()) : value;
  if (op == "/%") {
    if (!value.ends_with(find)) return value;
    return value.substr(0, value.size() - find.size()) + with;
  }
  size_t at = 0;
  while ((at = value.find(find, at)) != std::string::npos) {
    value.replace(at, find.size(), with);
    at += with.size();
    if (op == "/") break;
  }
  return value;
}

std::string substring(const std::string& value, const std::string& offset,
                      const std::string& length) {
  const auto number = [](const std::string& text) {
    return std::strtol(text.c_str(), nullptr, 10);
  };
  const auto size = static_cast<long>(value.size());
  long start = number(offset);
  if (start < 0) start = std::max(0L, size + start);
  if (start > size) return "";
  long count = length.empty() ? size - start : number(length);
  if (count < 0) count = std::max(0L, size - start + count);
  return value.substr(static_cast<size_t>(start), static_cast<size_t>(count));
}

std::string change_case(std::string value, std::string_view op) {
  const bool upper = op.front() == '^';
  const size_t count = op.size() == 2 ? value.size() : std::min<size_t>(1, value.size());
  for (size_t i = 0; i < count; ++i) {
    const auto c = static_cast<unsigned char>(value[i]);
    value[i] = static_cast<char>(upper ? std::toupper(c) : std::tolower(c));
  }
  return value;
}

}  // namespace

Template::Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

Result<Template> Template::parse(std::string_view text) {
  Template parsed;
  size_t at = 0;
  parsed.parts_ = TRY(parse_parts(text, at, false));
  return parsed;
}

// Reads text and expressions; nested: up to the `}` or `/` or `:` that ends an argument.
Result<std::vector<Template::Part>> Template::parse_parts(std::string_view text, size_t& at,
                                                          bool nested) {
  std::vector<Part> parts;
  std::string literal;
  while (at < text.size() && !(nested && text[at] == '}')) {
    if (text.substr(at, 2) == "$$") {
      literal += '$';
      at += 2;
    } else if (text.substr(at, 2) == "${") {
      if (!literal.empty()) parts.push_back({std::move(literal), "", "", {}, {}, ""});
      literal.clear();
      parts.push_back(TRY(parse_expression(text, at)));
    } else {
      literal += text[at++];
    }
  }
  if (!literal.empty()) parts.push_back({std::move(literal), "", "", {}, {}, ""});
  return parts;
}

Result<Template::Part> Template::parse_expression(std::string_view text, size_t& at) {
  const size_t start = at;
  at += 2;
  Part part;
  skip_blanks(text, at);
  if (at < text.size() && text[at] == '#') {
    part.operation = "#len";
    ++at;
  }
  while (at < text.size() && is_name(text[at])) part.name += text[at++];
  skip_blanks(text, at);
  if (part.name.empty()) return syntax_error(text, start, "a variable name must follow \"${\"");
  if (at < text.size() && text[at] != '}' && part.operation.empty()) {
    for (const std::string_view op : kOperators) {
      if (text.substr(at, op.size()) != op) continue;
      part.operation = op;
      at += op.size();
      break;
    }
    if (part.operation.empty()) {
      return syntax_error(text, at,
                          "\"" + part.name + "\" is followed by the unknown operator \"" +
                              std::string(1, text[at]) + "\"");
    }
    const size_t argument_start = at;
    std::vector<Part> argument = TRY(parse_parts(text, at, true));
    part.argument_text = std::string(text.substr(argument_start, at - argument_start));
    if (takes_two(part.operation)) {
      // The two arguments of a substring or replacement are plain text.
      const char separator = part.operation == ":" ? ':' : '/';
      const size_t split_at = part.argument_text.find(separator);
      part.argument.push_back({part.argument_text.substr(0, split_at), "", "", {}, {}, ""});
      if (split_at != std::string::npos) {
        part.argument2.push_back({part.argument_text.substr(split_at + 1), "", "", {}, {}, ""});
      }
    } else if (!takes_none(part.operation)) {
      part.argument = std::move(argument);
    }
  }
  if (at >= text.size() || text[at] != '}') {
    return syntax_error(text, start, "\"${" + part.name + "\" is not closed with \"}\"");
  }
  ++at;
  return part;
}

std::string Template::render_parts(const std::vector<Part>& parts, const VariableLookup& lookup) {
  std::string out;
  for (const Part& part : parts) out += render_part(part, lookup);
  return out;
}

std::string Template::render_part(const Part& part, const VariableLookup& lookup) {
  if (part.name.empty()) return part.literal;
  const std::string value = lookup(part.name).value_or("");
  const std::string& op = part.operation;
  if (op.empty()) return value;
  if (op == "#len") return std::to_string(value.size());
  if (is_default(op)) return value.empty() ? render_parts(part.argument, lookup) : value;
  if (takes_none(op)) return change_case(value, op);
  const std::string argument = render_parts(part.argument, lookup);
  if (op == "#" || op == "##") return trim_prefix(value, argument, op.size() == 2);
  if (op == "%" || op == "%%") return trim_suffix(value, argument, op.size() == 2);
  const std::string argument2 = render_parts(part.argument2, lookup);
  return op == ":" ? substring(value, argument, argument2)
                   : substitute(value, op, argument, argument2);
}

void Template::collect(const std::vector<Part>& parts,
                       std::map<std::string, TemplateVariable>& into) {
  for (const Part& part : parts) {
    if (part.name.empty()) continue;
    const bool has_default = is_default(part.operation);
    std::optional<std::string> fallback;
    if (has_default) fallback = part.argument_text;
    const auto [entry, is_new] = into.try_emplace(part.name, TemplateVariable{part.name, fallback});
    if (!is_new && !has_default) entry->second.fallback.reset();
    collect(part.argument, into);
    collect(part.argument2, into);
  }
}

std::vector<TemplateVariable> Template::variables() const {
  std::map<std::string, TemplateVariable> found;
  collect(parts_, found);
  std::vector<TemplateVariable> list;
  for (auto& [name, variable] : found) list.push_back(std::move(variable));
  return list;
}

Result<std::string> Template::render(const VariableLookup& lookup) const {
  std::vector<std::string> missing;
  for (const TemplateVariable& variable : variables()) {
    if (!variable.fallback.has_value() && !lookup(variable.name).has_value()) {
      missing.push_back(variable.name);
    }
  }
  if (!missing.empty()) {
    return Error::invalid("value for variables [" + join(missing, ", ") +
                          "] is not set. Please set the value using os environment variables or "
                          "the clusterctl config file");
  }
  return render_parts(parts_, lookup);
}

}  // namespace capstan::cli
