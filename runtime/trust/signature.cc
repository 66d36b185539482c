#include "runtime/trust/signature.h"

#include "runtime/base/text.h"
#include "runtime/trust/digest.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr const char* kFormat = "capstan.signature/1";
constexpr size_t kMaxText = 4096;

}  // namespace

bool is_publisher_name(std::string_view name) {
  return !name.empty() && name.size() <= 63 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string_view::npos;
}

Result<Signature> Signature::parse(std::string_view text) {
  if (text.size() > kMaxText) return Error::invalid("is too long for a signature");
  const Json json = TRY(parse_yaml(text));
  if (get_string(json, {"format"}) != kFormat) {
    return Error::invalid(std::string("is no signature of the format ") + kFormat);
  }
  Signature signature;
  signature.publisher = get_string(json, {"publisher"});
  signature.key_id = get_string(json, {"keyId"});
  signature.sha256 = get_string(json, {"sha256"});
  if (!is_publisher_name(signature.publisher)) {
    return Error::invalid("publisher: must be a name of lower-case letters, digits, '-' and '.'");
  }
  if (!is_sha256(signature.sha256)) return Error::invalid("sha256: is no SHA-256 digest");
  auto time = parse_time(get_string(json, {"signedAt"}));
  if (!time.ok()) return std::move(time).error().with_context("signedAt");
  signature.signed_at = *time;
  auto bytes = base64_decode(get_string(json, {"signature"}));
  if (!bytes.ok()) return std::move(bytes).error().with_context("signature");
  signature.bytes = *std::move(bytes);
  return signature;
}

Result<Signature> Signature::make(const PrivateKey& key, const std::string& publisher,
                                  const std::string& sha256, Instant now) {
  if (!is_publisher_name(publisher)) {
    return Error::invalid("publisher \"" + publisher +
                          "\" must be a name of lower-case letters, digits, '-' and '.'");
  }
  Signature signature{publisher, key.public_key().id(), sha256, now, ""};
  signature.bytes = TRY(key.sign(signature.signed_text()));
  return signature;
}

std::string Signature::text() const {
  return dump_yaml({{"format", kFormat},
                    {"publisher", publisher},
                    {"keyId", key_id},
                    {"sha256", sha256},
                    {"signedAt", format_time(signed_at)},
                    {"signature", base64_encode(bytes)}});
}

std::string Signature::signed_text() const {
  return std::string(kFormat) + "\npublisher: " + publisher + "\nsha256: " + sha256 +
         "\nsignedAt: " + format_time(signed_at) + "\n";
}

}  // namespace capstan
