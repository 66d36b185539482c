#include "plugins/kubeadm/bootstrap/bootstrap_token.h"

#include <capstan/text.h>
#include <sys/random.h>

#include <array>
#include <ctime>

namespace capstan::kubeadm {
namespace {

std::string random_text(size_t length) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string text;
  while (text.size() < length) {
    std::array<unsigned char, 32> bytes{};
    if (getrandom(bytes.data(), bytes.size(), 0) < 0) continue;
    for (const unsigned char byte : bytes) {
      // 252 is the largest multiple of 36 in a byte: the rest would favour some letters.
      if (byte < 252 && text.size() < length) text += kAlphabet[byte % kAlphabet.size()];
    }
  }
  return text;
}

std::string expiry(const sdk::Host& host) {
  const std::time_t at = host.clock().unix_nanos() / 1'000'000'000 +
                         std::chrono::duration_cast<std::chrono::seconds>(kTokenLifetime).count();
  std::tm parts{};
  gmtime_r(&at, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

Json token_secret(const std::string& id, const std::string& token, const std::string& expires) {
  const auto encoded = [](const std::string& text) { return sdk::base64_encode(text); };
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata", {{"name", "bootstrap-token-" + id}, {"namespace", "kube-system"}}},
          {"type", "bootstrap.kubernetes.io/token"},
          {"data",
           {{"token-id", encoded(id)},
            {"token-secret", encoded(token.substr(id.size() + 1))},
            {"expiration", encoded(expires)},
            {"usage-bootstrap-signing", encoded("true")},
            {"usage-bootstrap-authentication", encoded("true")},
            {"auth-extra-groups", encoded("system:bootstrappers:kubeadm:default-node-token")},
            {"description", encoded("token of a machine that is about to join")}}}};
}

}  // namespace

std::string new_token() {
  return random_text(6) + "." + random_text(16);
}

sdk::Status keep_token(const sdk::Host& host, const std::string& ns, const std::string& cluster,
                       const std::string& token) {
  const std::string id = token.substr(0, token.find('.'));
  const Json secret = token_secret(id, token, expiry(host));
  const std::string path = "/api/v1/namespaces/kube-system/secrets";
  sdk::HttpAnswer answer = CAPSTAN_TRY(host.workload().request(
      ns, cluster, {{"method", "POST"}, {"path", path}, {"body", sdk::dump_json(secret)}}));
  if (answer.status == 409) {
    const Json patch = {{"data", {{"expiration", secret["data"]["expiration"]}}}};
    answer = CAPSTAN_TRY(host.workload().request(ns, cluster,
                                                 {{"method", "PATCH"},
                                                  {"path", path + "/bootstrap-token-" + id},
                                                  {"contentType", "application/merge-patch+json"},
                                                  {"body", sdk::dump_json(patch)}}));
  }
  if (answer.status >= 200 && answer.status < 300) return {};
  return sdk::Error::unavailable("cluster \"" + cluster + "\" answered HTTP " +
                                 std::to_string(answer.status) +
                                 " to the bootstrap token: " + answer.body.substr(0, 300));
}

}  // namespace capstan::kubeadm
