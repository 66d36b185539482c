#include "plugins/kubeadm/certificate_pairs.h"

#include <map>

#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {
namespace {

using sdk::string_at;

constexpr int64_t kDefaultCaDays = 3650;

Expected<std::map<std::string, std::string>> new_pair(const PairsOf& of,
                                                      const std::string& purpose) {
  if (purpose == "sa") {
    // Not a certificate: the pair that signs service account tokens.
    const Json key =
        CAPSTAN_TRY(of.host.pki().run({{"op", "key"}, {"algorithm", key_algorithm(of.spec)}}));
    return std::map<std::string, std::string>{{"tls.crt", string_at(key, "publicKey")},
                                              {"tls.key", string_at(key, "key")}};
  }
  const int64_t days =
      of.spec == nullptr
          ? kDefaultCaDays
          : sdk::int_at(*of.spec, "clusterConfiguration/caCertificateValidityPeriodDays",
                        kDefaultCaDays);
  const Json ca = CAPSTAN_TRY(of.host.pki().run({{"op", "ca"},
                                                 {"algorithm", key_algorithm(of.spec)},
                                                 {"commonName", "kubernetes"},
                                                 {"days", days}}));
  return std::map<std::string, std::string>{{"tls.crt", string_at(ca, "certificate")},
                                            {"tls.key", string_at(ca, "key")}};
}

}  // namespace

std::string key_algorithm(const Json* spec) {
  constexpr const char* kDefault = "ECDSA-P256";
  return spec == nullptr ? kDefault
                         : string_at(*spec, "clusterConfiguration/encryptionAlgorithm", kDefault);
}

Expected<std::optional<Json>> stored_pair(const PairsOf& of, const std::string& purpose) {
  Expected<Json> found =
      of.host.objects().get("v1", "Secret", of.ns, secret_name(of.cluster, purpose));
  if (found.ok()) return std::optional<Json>(*std::move(found));
  if (found.code() == sdk::Code::kNotFound) return std::optional<Json>();
  return found.error();
}

sdk::Status create_pair(const PairsOf& of, const std::string& purpose) {
  of.reply.create(make_secret(of.ns, secret_name(of.cluster, purpose), of.cluster,
                              CAPSTAN_TRY(new_pair(of, purpose)), of.reply.owner_reference()));
  return {};
}

Expected<bool> create_missing_pairs(const PairsOf& of) {
  bool complete = true;
  for (const std::string purpose : kCertificatePurposes) {
    if ((CAPSTAN_TRY(stored_pair(of, purpose))).has_value()) continue;
    complete = false;
    CAPSTAN_TRY(create_pair(of, purpose));
  }
  return complete;
}

}  // namespace capstan::kubeadm
