#include "runtime/trust/trust_config.h"

#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/trust/digest.h"
#include "runtime/trust/signature.h"

namespace capstan {
namespace {

constexpr std::string_view kDigestPrefix = "sha256:";

Error wrong(const std::string& at, const std::string& message) {
  Error error = Error::invalid(at + ": " + message);
  error.fields.push_back({at, "FieldValueInvalid", message});
  return error;
}

Result<std::string> text(const Json& value, const std::string& at) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    return wrong(at, "must be a text");
  }
  return value.get<std::string>();
}

// Absolute, since the server may be started anywhere.
Result<std::string> absolute_path(const Json& value, const std::string& at) {
  std::string path = TRY(text(value, at));
  if (!path.starts_with('/')) return wrong(at, "must be an absolute path");
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

Result<void> known_members(const Json& json, const std::string& at,
                           const std::vector<std::string>& known) {
  if (!json.is_object()) return wrong(at, "must be a map with " + join(known, ", "));
  for (const auto& [name, value] : json.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return wrong(at + "." + name, "is unknown; expected " + join(known, ", "));
    }
  }
  return {};
}

Result<TrustLevel> level(const Json& value, const std::string& at) {
  auto parsed = parse_trust_level(TRY(text(value, at)));
  if (!parsed.ok()) return wrong(at, parsed.error().message);
  return parsed;
}

template <typename Read>
Result<void> each(const Json& json, const char* name, const std::string& at, Read&& read) {
  const Json* list = find(json, {name});
  if (list == nullptr) return {};
  if (!list->is_array()) return wrong(at + "." + name, "must be a list");
  for (size_t i = 0; i < list->size(); ++i) {
    TRY(read((*list)[i], at + "." + name + "[" + std::to_string(i) + "]"));
  }
  return {};
}

Result<PublisherConfig> read_publisher(const Json& json, const std::string& at) {
  TRY(known_members(json, at, {"name", "key", "notAfter"}));
  PublisherConfig publisher;
  publisher.name = get_string(json, {"name"});
  if (!is_publisher_name(publisher.name)) {
    return wrong(at + ".name", "must be a name of lower-case letters, digits, '-' and '.'");
  }
  const Json* key = find(json, {"key"});
  if (key == nullptr) return wrong(at + ".key", "is missing; name the file of the public key");
  publisher.key_file = TRY(absolute_path(*key, at + ".key"));
  if (const Json* end = find(json, {"notAfter"})) {
    const auto time = parse_time(TRY(text(*end, at + ".notAfter")));
    if (!time.ok()) return wrong(at + ".notAfter", "must be a time like 2027-01-01T00:00:00Z");
    publisher.not_after = *time;
  }
  return publisher;
}

Result<TrustDirectory> read_directory(const Json& json, const std::string& at,
                                      const TrustConfig& config) {
  TRY(known_members(json, at, {"path", "require", "publishers"}));
  TrustDirectory directory;
  const Json* path = find(json, {"path"});
  if (path == nullptr) return wrong(at + ".path", "is missing");
  directory.path = TRY(absolute_path(*path, at + ".path"));
  const Json* require = find(json, {"require"});
  if (require == nullptr) return wrong(at + ".require", "is missing");
  directory.require = TRY(level(*require, at + ".require"));
  TRY(each(json, "publishers", at,
           [&](const Json& item, const std::string& item_at) -> Result<void> {
             directory.publishers.push_back(TRY(text(item, item_at)));
             const bool known = std::any_of(
                 config.publishers.begin(), config.publishers.end(),
                 [&](const PublisherConfig& p) { return p.name == directory.publishers.back(); });
             if (!known) {
               return wrong(item_at,
                            "\"" + directory.publishers.back() + "\" is none of trust.publishers");
             }
             return {};
           }));
  return directory;
}

Result<void> read_digests(const Json& json, const std::string& at, TrustConfig& config) {
  if (!json.is_object()) return wrong(at, "must be a map of paths to digests");
  for (const auto& [path, value] : json.items()) {
    const std::string member = at + "." + path;
    if (!path.starts_with('/')) return wrong(member, "must be an absolute path");
    std::string digest = TRY(text(value, member));
    if (digest.starts_with(kDigestPrefix)) digest = digest.substr(kDigestPrefix.size());
    if (!is_sha256(digest)) return wrong(member, "must be sha256: and 64 digits, as sha256sum has");
    config.digests[path] = digest;
  }
  return {};
}

}  // namespace

const char* trust_level_name(TrustLevel level) {
  return level == TrustLevel::kSigned ? "signed" : level == TrustLevel::kDigest ? "digest" : "none";
}

Result<TrustLevel> parse_trust_level(const std::string& name) {
  for (const TrustLevel level : {TrustLevel::kNone, TrustLevel::kDigest, TrustLevel::kSigned}) {
    if (name == trust_level_name(level)) return level;
  }
  return Error::invalid("\"" + name + "\" is none of signed, digest, none");
}

Result<TrustConfig> TrustConfig::from_json(const Json& json, const std::string& at) {
  TRY(known_members(json, at, {"require", "publishers", "directories", "digests"}));
  TrustConfig config;
  if (const Json* require = find(json, {"require"})) {
    config.require = TRY(level(*require, at + ".require"));
  }
  TRY(each(json, "publishers", at, [&](const Json& item, const std::string& here) -> Result<void> {
    config.publishers.push_back(TRY(read_publisher(item, here)));
    return {};
  }));
  TRY(each(json, "directories", at, [&](const Json& item, const std::string& here) -> Result<void> {
    config.directories.push_back(TRY(read_directory(item, here, config)));
    return {};
  }));
  if (const Json* digests = find(json, {"digests"})) {
    TRY(read_digests(*digests, at + ".digests", config));
  }
  return config;
}

}  // namespace capstan
