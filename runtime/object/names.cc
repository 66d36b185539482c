#include "runtime/object/names.h"

#include <string>

namespace capstan {
namespace {

constexpr const char* kSubdomainMessage =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
constexpr const char* kLabelMessage =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and "
    "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* k1035Message =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', "
    "regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
constexpr const char* kNamePart =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for "
    "validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
constexpr const char* kValueMessage =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

bool is_lower_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_alnum(char c) {
  return is_lower_alnum(c) || (c >= 'A' && c <= 'Z');
}

std::string too_long(size_t max) {
  return "must be no more than " + std::to_string(max) + " characters";
}

bool is_dns_label(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (const char c : text) {
    if (!is_lower_alnum(c) && c != '-') return false;
  }
  return true;
}

// Alphanumeric at both ends; dashes, underscores and dots between.
bool is_name_part(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  for (const char c : text) {
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

bool is_subdomain(std::string_view text) {
  while (true) {
    const size_t dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

}  // namespace

std::string check_dns_subdomain(std::string_view text) {
  if (text.size() > 253) return too_long(253);
  return is_subdomain(text) ? "" : kSubdomainMessage;
}

std::string check_dns_label(std::string_view text) {
  if (text.size() > 63) return too_long(63);
  return is_dns_label(text) ? "" : kLabelMessage;
}

std::string check_dns_1035_label(std::string_view text) {
  if (text.size() > 63) return too_long(63);
  const bool starts_with_letter = !text.empty() && text[0] >= 'a' && text[0] <= 'z';
  return starts_with_letter && is_dns_label(text) ? "" : k1035Message;
}

std::string check_path_segment(std::string_view text) {
  if (text == "." || text == "..") return "may not be '" + std::string(text) + "'";
  for (const char c : {'/', '%'}) {
    if (text.find(c) != std::string_view::npos) return std::string("may not contain '") + c + "'";
  }
  return "";
}

std::string check_qualified_name(std::string_view text) {
  const size_t slash = text.find('/');
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    name = text.substr(slash + 1);
    if (name.find('/') != std::string_view::npos) {
      return std::string("a valid label key ") + kNamePart +
             " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
    }
    if (slash == 0) return "prefix part must be non-empty";
    const std::string wrong = check_dns_subdomain(text.substr(0, slash));
    if (!wrong.empty()) return "prefix part " + wrong;
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part " + too_long(63);
  return is_name_part(name) ? "" : std::string("name part ") + kNamePart;
}

std::string check_label_value(std::string_view text) {
  if (text.size() > 63) return too_long(63);
  return text.empty() || is_name_part(text) ? "" : kValueMessage;
}

}  // namespace capstan
