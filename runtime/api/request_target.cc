#include "runtime/api/request_target.h"

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kMaxTarget = 8 * 1024;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

Result<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return Error::invalid("invalid URL escape \"" + std::string(text.substr(i, 3)) + "\"");
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

}  // namespace

const std::string* RequestTarget::find(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::string RequestTarget::get(std::string_view name) const {
  const std::string* value = find(name);
  return value == nullptr ? "" : *value;
}

std::vector<std::string> RequestTarget::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : query) {
    if (key == name) values.push_back(value);
  }
  return values;
}

bool RequestTarget::flag(std::string_view name) const {
  const std::string* value = find(name);
  if (value == nullptr) return false;
  const std::string lower = to_lower(*value);
  return lower != "false" && lower != "0";
}

Result<RequestTarget> parse_request_target(std::string_view target) {
  if (target.size() > kMaxTarget) return Error::invalid("the request's address is too long");
  RequestTarget parsed;
  const size_t question = target.find('?');
  parsed.path = TRY(decode(target.substr(0, question), false));
  if (parsed.path.empty() || parsed.path[0] != '/') {
    return Error::invalid("the request's address must start with /");
  }
  if (question == std::string_view::npos) return parsed;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    std::string name = TRY(decode(pair.substr(0, equals), true));
    std::string value =
        equals == pair.size() ? std::string() : TRY(decode(pair.substr(equals + 1), true));
    parsed.query.emplace_back(std::move(name), std::move(value));
  }
  return parsed;
}

std::optional<ResourcePath> parse_resource_path(std::string_view path) {
  const std::vector<std::string> parts = split(path.substr(1), '/');
  size_t at = 0;
  const auto next = [&]() -> std::string { return at < parts.size() ? parts[at++] : ""; };
  const std::string prefix = next();
  ResourcePath result;
  if (prefix == "apis") {
    result.group = next();
    if (result.group.empty()) return std::nullopt;
  } else if (prefix != "api") {
    return std::nullopt;
  }
  result.version = next();
  result.resource = next();
  if (result.version.empty() || result.resource.empty()) return std::nullopt;
  // "namespaces/N" alone and its subresources are the Namespace itself.
  const bool in_namespace = result.resource == "namespaces" && parts.size() > at + 1 &&
                            parts[at + 1] != "status" && parts[at + 1] != "finalize";
  if (in_namespace) {
    result.ns = next();
    result.resource = next();
    if (result.ns.empty() || result.resource.empty()) return std::nullopt;
  }
  if (at < parts.size()) {
    result.name = next();
    if (result.name.empty()) return std::nullopt;
  }
  while (at < parts.size()) {
    if (!result.subresource.empty()) result.subresource += '/';
    result.subresource += next();
  }
  if (parts.back().empty()) return std::nullopt;
  return result;
}

}  // namespace capstan
