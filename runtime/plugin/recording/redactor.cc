#include "runtime/plugin/recording/redactor.h"

#include <algorithm>

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kShortest = 4;

// Names of settings and fields whose value nobody should read.
bool tells_secret(const std::string& name) {
  const std::string lower = to_lower(name);
  for (const char* end :
       {"password", "token", "secret", "privatekey", "apikey", "accesskey", "secretkey"}) {
    if (lower.ends_with(end)) return true;
  }
  return false;
}

bool is_private_key(const std::string& text) {
  return text.find("PRIVATE KEY-----") != std::string::npos;
}

bool is_secret_object(const Json& value) {
  return get_string(value, {"kind"}) == "Secret" && get_string(value, {"apiVersion"}) == "v1";
}

bool looks_like_json(std::string_view text) {
  return !text.empty() && (text.front() == '{' || text.front() == '[');
}

}  // namespace

void Redactor::add(const std::string& value, const std::string& stand_in) {
  stand_ins_.try_emplace(value, stand_in);
}

void Redactor::learn(const std::string& value) {
  if (value.size() < kShortest) return;
  const std::lock_guard lock(mutex_);
  if (stand_ins_.contains(value)) return;
  const std::string stand_in = "[redacted " + std::to_string(++count_) + "]";
  add(value, stand_in);
  add(base64_encode(value), base64_encode(stand_in));
}

void Redactor::learn_secret(const Json& secret) {
  const Json data = secret.value("data", Json::object());
  if (data.is_object()) {
    for (const auto& [key, value] : data.items()) {
      // What bootstrap data is written in decides what a provider does with it.
      if (!value.is_string() || key == "format") continue;
      const auto plain = base64_decode(value.get_ref<const std::string&>());
      learn(plain.ok() ? *plain : value.get<std::string>());
    }
  }
  const Json texts = secret.value("stringData", Json::object());
  if (!texts.is_object()) return;
  for (const auto& [key, value] : texts.items()) {
    if (value.is_string() && key != "format") learn(value.get<std::string>());
  }
}

void Redactor::learn_from(const Json& value) {
  if (value.is_string() && looks_like_json(value.get_ref<const std::string&>())) {
    const auto inner = parse_json(value.get_ref<const std::string&>());
    if (inner.ok()) learn_from(*inner);
    return;
  }
  if (value.is_string() && is_private_key(value.get_ref<const std::string&>())) {
    learn(value.get<std::string>());
  }
  if (!value.is_structured()) return;
  if (is_secret_object(value)) learn_secret(value);
  for (const auto& [name, member] : value.items()) {
    if (value.is_object() && member.is_string() && tells_secret(name) &&
        !looks_like_json(member.get_ref<const std::string&>())) {
      learn(member.get<std::string>());
    } else {
      learn_from(member);
    }
  }
}

std::string Redactor::redact(std::string_view text) const {
  if (looks_like_json(text)) {
    const auto inner = parse_json(text);
    if (inner.ok()) return dump_json(redact(*inner));
  }
  std::string out(text);
  const std::lock_guard lock(mutex_);
  for (const auto& [value, stand_in] : stand_ins_) {
    for (size_t at = 0; (at = out.find(value, at)) != std::string::npos; at += stand_in.size()) {
      out.replace(at, value.size(), stand_in);
    }
  }
  return out;
}

Json Redactor::redact(const Json& value) const {
  if (value.is_string()) return redact(std::string_view(value.get_ref<const std::string&>()));
  if (!value.is_structured()) return value;
  Json out = value;
  for (Json& item : out) item = redact(item);
  return out;
}

}  // namespace capstan
