#include "runtime/base/json.h"

#include "runtime/base/plain_json.h"

namespace capstan {
namespace {

constexpr int kMaxDepth = 100;

// The parser's message starts with "[json.exception.parse_error.101] parse error ".
std::string plain_message(const std::exception& error) {
  const std::string_view text = error.what();
  const size_t start = text.find("parse error ");
  return std::string(start == std::string_view::npos ? text : text.substr(start + 12));
}

// Looked at beforehand: a parser that reports each event takes twice as long.
bool is_too_deep(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i) i += text[i] == '\\' ? 1 : 0;
        break;
      case '{':
      case '[':
        if (++depth > kMaxDepth) return true;
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
  }
  return false;
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  if (std::optional<Json> plain = parse_plain_json(text)) return *std::move(plain);
  if (is_too_deep(text)) return Error::invalid("the JSON is nested more than 100 levels deep");
  try {
    return Json::parse(text);
  } catch (const std::exception& error) {
    return Error::invalid("the JSON is malformed " + plain_message(error));
  }
}

std::string dump_json(const Json& value) {
  std::string text;
  append_json(text, value);
  return text;
}

const Json* find(const Json& value, std::initializer_list<std::string_view> path) {
  const Json* at = &value;
  for (const std::string_view name : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(name);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string get_string(const Json& value, std::initializer_list<std::string_view> path,
                       std::string fallback) {
  const Json* at = find(value, path);
  return at != nullptr && at->is_string() ? at->get<std::string>() : std::move(fallback);
}

bool get_bool(const Json& value, std::initializer_list<std::string_view> path, bool fallback) {
  const Json* at = find(value, path);
  return at != nullptr && at->is_boolean() ? at->get<bool>() : fallback;
}

int64_t get_int(const Json& value, std::initializer_list<std::string_view> path, int64_t fallback) {
  const Json* at = find(value, path);
  return at != nullptr && at->is_number_integer() ? at->get<int64_t>() : fallback;
}

Json& make(Json& value, std::initializer_list<std::string_view> path) {
  Json* at = &value;
  for (const std::string_view name : path) {
    if (!at->is_object()) *at = Json::object();
    at = &(*at)[std::string(name)];
  }
  return *at;
}

void merge_patch(Json& target, const Json& patch) {
  if (!patch.is_object()) {
    target = patch;
    return;
  }
  if (!target.is_object()) target = Json::object();
  for (const auto& [name, value] : patch.items()) {
    if (value.is_null()) {
      target.erase(name);
    } else {
      merge_patch(target[name], value);
    }
  }
}

Json merge_diff(const Json& from, const Json& to) {
  Json patch = Json::object();
  if (!from.is_object() || !to.is_object()) return from == to ? patch : to;
  for (const auto& [name, value] : from.items()) {
    if (!to.contains(name)) patch[name] = nullptr;
  }
  for (const auto& [name, value] : to.items()) {
    const auto old = from.find(name);
    if (old == from.end()) {
      patch[name] = value;
    } else if (*old != value) {
      patch[name] = old->is_object() && value.is_object() ? merge_diff(*old, value) : value;
    }
  }
  return patch;
}

}  // namespace capstan
