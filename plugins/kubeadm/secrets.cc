#include "plugins/kubeadm/secrets.h"

#include <capstan/contract.h>
#include <capstan/text.h>

#include "plugins/kubeadm/names.h"

namespace capstan::kubeadm {

Json make_secret(const std::string& ns, const std::string& name, const std::string& cluster,
                 const std::map<std::string, std::string>& values, const Json& owner) {
  Json data = Json::object();
  for (const auto& [key, value] : values) data[key] = sdk::base64_encode(value);
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
  const std::string& text = (*data)[key].get_ref<const std::string&>();
  std::string value = sdk::base64_decode(text);
  // The decoder skips what it does not know.
  if (sdk::base64_encode(value) != text) {
    return sdk::Error::invalid("Secret \"" + name + "\" data[" + key + "]: the value is not base64");
  }
  return value;
}

}  // namespace capstan::kubeadm
