#include "plugins/kubeadm/bootstrap/yaml_text.h"

#include <algorithm>
#include <cctype>

namespace capstan::kubeadm {
namespace {

bool is_plain_key(const std::string& key) {
  return !key.empty() && std::isalpha(static_cast<unsigned char>(key.front())) != 0 &&
         std::all_of(key.begin(), key.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.' || c == '/';
         });
}

// A literal block keeps the text as it is only where no line has trailing oddities and the first
// one is not indented.
bool fits_literal_block(const std::string& text) {
  return text.find('\n') != std::string::npos && text.find('\t') == std::string::npos &&
         text.find('\r') == std::string::npos && text.front() != ' ' && text.front() != '\n' &&
         std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c >= 0x20 || c == '\n'; });
}

std::string literal_block(const std::string& text, const std::string& pad) {
  const size_t end = text.find_last_not_of('\n');
  const size_t trailing = text.size() - 1 - end;
  std::string out = trailing == 0 ? "|-\n" : trailing == 1 ? "|\n" : "|+\n";
  size_t start = 0;
  while (start < text.size()) {
    const size_t stop = std::min(text.find('\n', start), text.size());
    if (stop > start) out += pad + text.substr(start, stop - start);
    out += '\n';
    start = stop + 1;
  }
  return out;
}

void write(const Json& value, const std::string& pad, std::string& out);

void write_member(const Json& value, const std::string& pad, std::string& out) {
  if (value.is_object() && !value.empty()) {
    out += '\n';
    write(value, pad + "  ", out);
  } else if (value.is_array() && !value.empty()) {
    out += '\n';
    write(value, pad, out);
  } else if (value.is_string() && !value.get_ref<const std::string&>().empty() &&
             fits_literal_block(value.get_ref<const std::string&>())) {
    out += " " + literal_block(value.get_ref<const std::string&>(), pad + "  ");
  } else {
    // JSON's scalars and empty collections are YAML's.
    out += " " + sdk::dump_json(value) + "\n";
  }
}

void write(const Json& value, const std::string& pad, std::string& out) {
  if (value.is_object() && !value.empty()) {
    for (const auto& [key, member] : value.items()) {
      out += pad + (is_plain_key(key) ? key : sdk::dump_json(Json(key))) + ":";
      write_member(member, pad, out);
    }
  } else if (value.is_array() && !value.empty()) {
    for (const Json& item : value) {
      if (item.is_object() && !item.empty()) {
        std::string block;
        write(item, pad + "  ", block);
        block.replace(pad.size(), 2, "- ");
        out += block;
      } else {
        out += pad + "-";
        write_member(item, pad, out);
      }
    }
  } else {
    out += pad + sdk::dump_json(value) + "\n";
  }
}

}  // namespace

std::string to_yaml(const Json& value, int indent) {
  std::string out;
  write(value, std::string(static_cast<size_t>(indent), ' '), out);
  return out;
}

}  // namespace capstan::kubeadm
