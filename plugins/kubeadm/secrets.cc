#include "plugins/kubeadm/secrets.h"

#include <openssl/evp.h>

#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {

std::string base64_encode(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

Expected<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return sdk::Error::invalid("the value is not base64");
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()),
                                   static_cast<int>(text.size()));
  if (size < 0) return sdk::Error::invalid("the value is not base64");
  // OpenSSL counts the padding as bytes.
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.resize(static_cast<size_t>(size) - padding);
  return bytes;
}

Json make_secret(const std::string& ns, const std::string& name, const std::string& cluster,
                 const std::map<std::string, std::string>& values, const Json& owner) {
  Json data = Json::object();
  for (const auto& [key, value] : values) data[key] = base64_encode(value);
  return {{"apiVersion", "v1"},
          {"kind", "Secret"},
          {"metadata",
           {{"name", name},
            {"namespace", ns},
            {"labels", {{sdk::kClusterNameLabel, cluster}}},
            {"ownerReferences", Json::array({owner})}}},
          {"type", kSecretType},
          {"data", data}};
}

Expected<std::string> secret_value(const Json& secret, const std::string& key) {
  const Json* data = sdk::find_at(secret, "data");
  const std::string name = sdk::string_at(secret, "metadata/name");
  if (data == nullptr || !data->is_object() || !data->contains(key) || !(*data)[key].is_string()) {
    return sdk::Error::not_found("Secret \"" + name + "\" has no data[\"" + key + "\"]");
  }
  sdk::Expected<std::string> value = base64_decode((*data)[key].get_ref<const std::string&>());
  if (!value.ok())
    return std::move(value).error().with_context("Secret \"" + name + "\" data[" + key + "]");
  return value;
}

}  // namespace capstan::kubeadm
