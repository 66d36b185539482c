#include "plugins/docker/cloudinit/jinja.h"

namespace capstan::docker {
namespace {

using sdk::Error;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// ds['meta_data']["x"] -> ds.meta_data.x; anything but names is no expression that is known.
Expected<std::string> dotted_name(std::string_view expression) {
  std::string out;
  for (size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '_' || c == '.' || c == '-';
    if (word) {
      out += c;
    } else if (c == '[') {
      out += '.';
    } else if (c != ']' && c != '\'' && c != '"') {
      return Error::invalid("user data: {{ " + std::string(expression) +
                            " }} is more than the name of a variable");
    }
  }
  return out;
}

Expected<std::string> value_of(std::string_view expression, const JinjaVariables& variables) {
  const std::string name = CAPSTAN_TRY(dotted_name(expression));
  const auto found = variables.find(name);
  if (found != variables.end()) return found->second;
  return "CI_MISSING_JINJA_VAR/" + name.substr(name.rfind('.') + 1);
}

// The text between an opening mark and its end, with '-' (which eats white space) taken off.
struct Tag {
  std::string_view inside;
  size_t end = 0;
};
Expected<Tag> tag_at(std::string_view text, size_t at, std::string_view closing) {
  const size_t end = text.find(closing, at + 2);
  if (end == std::string_view::npos) {
    return Error::invalid("user data: \"" + std::string(text.substr(at, 20)) +
                          "\" has no closing " + std::string(closing));
  }
  std::string_view inside = text.substr(at + 2, end - at - 2);
  if (inside.starts_with('-')) inside.remove_prefix(1);
  if (inside.ends_with('-')) inside.remove_suffix(1);
  return Tag{trimmed(inside), end + closing.size()};
}

// What stands between {% raw %} and {% endraw %}, and where that ends.
Expected<Tag> raw_block(std::string_view text, size_t at) {
  for (size_t end = text.find("{%", at); end != std::string_view::npos;
       end = text.find("{%", end + 2)) {
    const Tag tag = CAPSTAN_TRY(tag_at(text, end, "%}"));
    if (tag.inside == "endraw") return Tag{text.substr(at, end - at), tag.end};
  }
  return Error::invalid("user data: {% raw %} has no {% endraw %}");
}

}  // namespace

bool is_jinja_template(std::string_view text) {
  const std::string_view line = trimmed(text.substr(0, text.find('\n')));
  if (!line.starts_with("##")) return false;
  const std::string_view rest = trimmed(line.substr(2));
  return rest.starts_with("template:") && trimmed(rest.substr(9)) == "jinja";
}

Expected<std::string> render_jinja(std::string_view text, const JinjaVariables& variables) {
  std::string out;
  size_t at = 0;
  while (at < text.size()) {
    const size_t mark = text.find('{', at);
    if (mark == std::string_view::npos || mark + 1 >= text.size()) break;
    const char kind = text[mark + 1];
    if (kind != '{' && kind != '%' && kind != '#') {
      out += text.substr(at, mark + 1 - at);
      at = mark + 1;
      continue;
    }
    out += text.substr(at, mark - at);
    const Tag tag = CAPSTAN_TRY(tag_at(text, mark, kind == '{' ? "}}" : kind == '%' ? "%}" : "#}"));
    at = tag.end;
    if (kind == '{') {
      out += CAPSTAN_TRY(value_of(tag.inside, variables));
    } else if (kind == '%') {
      if (tag.inside != "raw") {
        return Error::invalid("user data: {% " + std::string(tag.inside) +
                              " %} is not supported; only variables and {% raw %} are");
      }
      const Tag block = CAPSTAN_TRY(raw_block(text, at));
      out += block.inside;
      at = block.end;
    }
  }
  if (at < text.size()) out += text.substr(at);
  return out;
}

}  // namespace capstan::docker
