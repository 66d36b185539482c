#include "runtime/yaml/yaml.h"
#include "runtime/yaml/yaml_scalar.h"

namespace capstan {
namespace {

// A literal block keeps its text only where no line starts with a space or holds control bytes.
bool fits_literal_block(const std::string& text) {
  if (text.find('\n') == std::string::npos || text.front() == ' ' || text.front() == '\n') {
    return false;
  }
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f) return false;
  }
  return text.find("\n ") == std::string::npos || text.front() != ' ';
}

void write_literal(std::string& out, const std::string& text, size_t indent) {
  size_t trailing = 0;
  while (trailing < text.size() && text[text.size() - 1 - trailing] == '\n') ++trailing;
  out += trailing == 0 ? "|-\n" : trailing == 1 ? "|\n" : "|+\n";
  const size_t end = trailing == 0 ? text.size() : text.size() - 1;
  for (size_t start = 0; start <= end;) {
    const size_t stop = std::min(text.find('\n', start), end);
    if (stop > start) out.append(indent, ' ').append(text, start, stop - start);
    out += '\n';
    start = stop + 1;
  }
}

void write_scalar(std::string& out, const Json& value, size_t indent) {
  if (!value.is_string()) {
    out += value.dump() + "\n";
    return;
  }
  const std::string& text = value.get_ref<const std::string&>();
  if (!text.empty() && fits_literal_block(text)) return write_literal(out, text, indent);
  out += text.empty() || needs_quotes(text) ? dump_json(value) : text;
  out += '\n';
}

void write_key(std::string& out, const std::string& key) {
  out += key.empty() || needs_quotes(key) ? dump_json(key) : key;
  out += ':';
}

bool is_block(const Json& value) {
  return value.is_structured() && !value.empty();
}

void write_block(std::string& out, const Json& value, size_t indent, bool at_start);

void write_map(std::string& out, const Json& map, size_t indent, bool at_start) {
  for (const auto& [key, value] : map.items()) {
    if (!at_start) out.append(indent, ' ');
    at_start = false;
    write_key(out, key);
    if (is_block(value)) {
      out += '\n';
      write_block(out, value, value.is_array() ? indent : indent + 2, false);
    } else {
      out += ' ';
      write_scalar(out, value, indent + 2);
    }
  }
}

void write_list(std::string& out, const Json& list, size_t indent, bool at_start) {
  for (const Json& value : list) {
    if (!at_start) out.append(indent, ' ');
    at_start = false;
    out += "- ";
    if (is_block(value)) {
      write_block(out, value, indent + 2, true);
    } else {
      write_scalar(out, value, indent + 2);
    }
  }
}

void write_block(std::string& out, const Json& value, size_t indent, bool at_start) {
  if (value.is_object()) {
    write_map(out, value, indent, at_start);
  } else {
    write_list(out, value, indent, at_start);
  }
}

}  // namespace

std::string dump_yaml(const Json& value) {
  std::string out;
  if (is_block(value)) {
    write_block(out, value, 0, false);
  } else {
    write_scalar(out, value, 2);
  }
  return out;
}

}  // namespace capstan
