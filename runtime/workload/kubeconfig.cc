#include "runtime/workload/kubeconfig.h"

#include <charconv>
#include <optional>

#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr size_t kLargest = 1 << 20;  // a Secret's limit

Error wrong(const std::string& where, const char* member, const char* expected) {
  return Error::invalid("kubeconfig: " + (where.empty() ? where : where + ".") + member +
                        " must be " + expected);
}

// The text member, "" where absent. A number is no text: a token of digits would lose its zeros.
Result<std::string> text_of(const Json& map, const std::string& where, const char* member) {
  const Json* value = find(map, {member});
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return wrong(where, member, "text; put it in quotes");
  return value->get<std::string>();
}

// The item of a kubeconfig's list with this name: {name: NAME, <member>: {...}}.
Result<const Json*> named(const Json& root, const char* list, const char* member,
                          const std::string& name) {
  const Json* items = find(root, {list});
  if (items != nullptr && items->is_array()) {
    for (const Json& item : *items) {
      if (!item.is_object() || TRY(text_of(item, list, "name")) != name) continue;
      const Json* value = find(item, {member});
      if (value != nullptr && value->is_object()) return value;
      return Error::invalid("kubeconfig: " + std::string(list) + "[name=" + name + "] has no " +
                            member);
    }
  }
  return Error::invalid("kubeconfig: " + std::string(list) + " has no '" + name + "'");
}

Result<void> refuse(const Json& map, const std::string& where,
                    std::initializer_list<const char*> members) {
  for (const char* member : members) {
    const Json* value = find(map, {member});
    if (value == nullptr || value->is_null()) continue;
    return Error::invalid("kubeconfig: " + where + "." + member +
                          " is not supported; a cluster's kubeconfig must embed its certificates, "
                          "key or token");
  }
  return {};
}

Result<std::string> decoded(const Json& map, const std::string& where, const char* member) {
  auto bytes = base64_decode(TRY(text_of(map, where, member)));
  if (bytes.ok()) return bytes;
  return std::move(bytes).error().with_context("kubeconfig: " + where + "." + member);
}

Result<void> read_cluster(const Json& cluster, Kubeconfig& config) {
  TRY(refuse(cluster, "cluster", {"certificate-authority", "proxy-url"}));
  config.server = TRY(text_of(cluster, "cluster", "server"));
  config.address = TRY(parse_server_address(config.server));
  config.ca_pem = TRY(decoded(cluster, "cluster", "certificate-authority-data"));
  config.tls_server_name = TRY(text_of(cluster, "cluster", "tls-server-name"));
  constexpr const char* kInsecure = "insecure-skip-tls-verify";
  const Json* insecure = find(cluster, {kInsecure});
  if (insecure == nullptr || insecure->is_null()) return {};
  if (!insecure->is_boolean()) return wrong("cluster", kInsecure, "true or false");
  config.insecure_skip_tls_verify = insecure->get<bool>();
  return {};
}

Result<void> read_user(const Json& user, Kubeconfig& config) {
  TRY(refuse(user, "user",
             {"client-certificate", "client-key", "tokenFile", "exec", "auth-provider", "username",
              "password"}));
  config.certificate_pem = TRY(decoded(user, "user", "client-certificate-data"));
  config.key_pem = TRY(decoded(user, "user", "client-key-data"));
  config.token = TRY(text_of(user, "user", "token"));
  if (config.certificate_pem.empty() != config.key_pem.empty()) {
    return Error::invalid(
        "kubeconfig: user needs both client-certificate-data and client-key-data, or neither");
  }
  if (config.token.find_first_of("\r\n") != std::string::npos) {
    return Error::invalid("kubeconfig: user.token must be one line");
  }
  return {};
}

Result<Kubeconfig> read(const Json& root) {
  if (!root.is_object()) return Error::invalid("kubeconfig: expected a map with current-context");
  Kubeconfig config;
  config.context = TRY(text_of(root, "", "current-context"));
  if (config.context.empty()) return Error::invalid("kubeconfig: current-context is missing");
  const Json& context = *TRY(named(root, "contexts", "context", config.context));
  config.cluster = TRY(text_of(context, "context", "cluster"));
  config.user = TRY(text_of(context, "context", "user"));
  TRY(read_cluster(*TRY(named(root, "clusters", "cluster", config.cluster)), config));
  TRY(read_user(*TRY(named(root, "users", "user", config.user)), config));
  return config;
}

// Quoted as JSON, which is YAML.
std::string quoted(const std::string& text) {
  return dump_json(Json(text));
}

std::optional<int> parse_port(std::string_view text) {
  int port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (port < 1 || port > 65535) return std::nullopt;
  return port;
}

}  // namespace

std::string ServerAddress::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ServerAddress> parse_server_address(std::string_view url) {
  const Error wrong = Error::invalid("server '" + std::string(url.substr(0, 200)) +
                                     "' must be https://HOST[:PORT][/PATH]");
  constexpr std::string_view kScheme = "https://";
  if (to_lower(url.substr(0, kScheme.size())) != kScheme) return wrong;
  if (url.find_first_of(" \t\r\n?#@\\") != std::string_view::npos) return wrong;
  std::string_view rest = url.substr(kScheme.size());
  ServerAddress address;
  const size_t slash = std::min(rest.find('/'), rest.size());
  address.base_path = rest.substr(slash);
  while (address.base_path.ends_with('/')) address.base_path.pop_back();
  rest = rest.substr(0, slash);
  std::string_view port;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) return wrong;
    address.host = rest.substr(1, end - 1);
    port = rest.substr(end + 1);
  } else {
    const size_t colon = std::min(rest.find(':'), rest.size());
    address.host = rest.substr(0, colon);
    port = rest.substr(colon);
  }
  if (address.host.empty()) return wrong;
  if (port.empty()) return address;
  const std::optional<int> number = port[0] == ':' ? parse_port(port.substr(1)) : std::nullopt;
  if (!number) return wrong;
  address.port = *number;
  return address;
}

Result<Kubeconfig> parse_kubeconfig(std::string_view yaml) {
  if (yaml.size() > kLargest) return Error::invalid("kubeconfig: larger than 1 MiB");
  auto root = parse_yaml(yaml);
  if (!root.ok()) return std::move(root).error().with_context("kubeconfig");
  return read(*root);
}

std::string make_kubeconfig(const KubeconfigRequest& request) {
  const std::string cluster = quoted(request.cluster);
  const std::string user = quoted(request.cluster + "-admin");
  const std::string context = quoted(request.cluster + "-admin@" + request.cluster);
  std::string text = "apiVersion: v1\nkind: Config\nclusters:\n- cluster:\n";
  text += "    certificate-authority-data: " + base64_encode(request.ca_pem) + "\n";
  text += "    server: " + quoted(request.server) + "\n  name: " + cluster + "\n";
  text += "contexts:\n- context:\n    cluster: " + cluster + "\n    user: " + user + "\n";
  text += "  name: " + context + "\ncurrent-context: " + context + "\npreferences: {}\n";
  text += "users:\n- name: " + user + "\n  user:\n";
  text += "    client-certificate-data: " + base64_encode(request.certificate_pem) + "\n";
  text += "    client-key-data: " + base64_encode(request.key_pem) + "\n";
  return text;
}

}  // namespace capstan
