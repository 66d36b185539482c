// The JSON face of pki.h: what plugins ask of capstan.pki/1.
#include "runtime/system/pki.h"

namespace capstan {
namespace {

Result<std::string> text_member(const Json& request, const char* name) {
  const Json* value = find(request, {name});
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return Error::invalid(std::string(name) + " must be a string");
  return value->get<std::string>();
}

Result<std::vector<std::string>> list_member(const Json& request, const char* name) {
  const Json* value = find(request, {name});
  if (value == nullptr || value->is_null()) return std::vector<std::string>();
  const Error wrong = Error::invalid(std::string(name) + " must be an array of strings");
  if (!value->is_array()) return wrong;
  std::vector<std::string> items;
  for (const Json& item : *value) {
    if (!item.is_string()) return wrong;
    items.push_back(item.get<std::string>());
  }
  return items;
}

Result<int> days_member(const Json& request, int fallback) {
  const Json* value = find(request, {"days"});
  if (value == nullptr || value->is_null()) return fallback;
  if (!value->is_number_integer()) return Error::invalid("days must be a whole number");
  const int64_t days = value->get<int64_t>();
  if (days < 1 || days > 36500) return Error::invalid("days must be from 1 to 36500");
  return static_cast<int>(days);
}

Result<KeyAlgorithm> algorithm_member(const Json& request) {
  return parse_key_algorithm(TRY(text_member(request, "algorithm")));
}

Json reply_of(const CertificateAndKey& made) {
  return {{"certificate", made.certificate_pem}, {"key", made.key_pem}};
}

Result<Json> run_key(const Json& request) {
  const SigningKey pair = TRY(generate_key(TRY(algorithm_member(request))));
  return Json{{"key", pair.key_pem}, {"publicKey", pair.public_key_pem}};
}

Result<Json> run_ca(const Json& request, Instant now) {
  CaRequest ca;
  ca.algorithm = TRY(algorithm_member(request));
  ca.common_name = TRY(text_member(request, "commonName"));
  ca.days = TRY(days_member(request, ca.days));
  return reply_of(TRY(make_ca(ca, now)));
}

Result<Json> run_issue(const Json& request, Instant now) {
  CertificateRequest wanted;
  wanted.ca.certificate_pem = TRY(text_member(request, "caCertificate"));
  wanted.ca.key_pem = TRY(text_member(request, "caKey"));
  wanted.algorithm = TRY(algorithm_member(request));
  wanted.common_name = TRY(text_member(request, "commonName"));
  wanted.organizations = TRY(list_member(request, "organizations"));
  wanted.dns_names = TRY(list_member(request, "dnsNames"));
  wanted.ip_addresses = TRY(list_member(request, "ipAddresses"));
  for (const std::string& usage : TRY(list_member(request, "usages"))) {
    if (usage != "client" && usage != "server") {
      return Error::invalid("usages: '" + usage + "' is neither \"client\" nor \"server\"");
    }
    (usage == "client" ? wanted.client : wanted.server) = true;
  }
  wanted.days = TRY(days_member(request, wanted.days));
  return reply_of(TRY(issue_certificate(wanted, now)));
}

Result<Json> run_inspect(const Json& request) {
  const CertificateInfo info = TRY(inspect_certificate(TRY(text_member(request, "certificate"))));
  return Json{{"notBefore", format_time(info.not_before)},
              {"notAfter", format_time(info.not_after)},
              {"commonName", info.common_name},
              {"publicKeySha256", info.public_key_sha256}};
}

}  // namespace

Result<Json> run_pki(const Json& request, Instant now) {
  const std::string op = TRY(text_member(request, "op"));
  if (op == "key") return run_key(request);
  if (op == "ca") return run_ca(request, now);
  if (op == "issue") return run_issue(request, now);
  if (op == "inspect") return run_inspect(request);
  return Error::invalid("op '" + op + "' is unknown; key, ca, issue and inspect are supported");
}

}  // namespace capstan
