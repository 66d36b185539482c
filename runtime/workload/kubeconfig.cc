#include "runtime/workload/kubeconfig.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <optional>

#include "runtime/base/json.h"
#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kLargest = 1 << 20;  // a Secret's limit

// The text of a scalar member, "" where absent. Throws YAML::Exception for a list or a map.
std::string text_of(const YAML::Node& map, const char* name) {
  const YAML::Node value = map[name];
  return value && !value.IsNull() ? value.as<std::string>() : std::string();
}

// The item of a kubeconfig's list with this name: {name: NAME, <member>: {...}}.
Result<YAML::Node> named(const YAML::Node& root, const char* list, const char* member,
                         const std::string& name) {
  const YAML::Node items = root[list];
  if (items && items.IsSequence()) {
    for (const YAML::Node& item : items) {
      if (!item.IsMap() || text_of(item, "name") != name) continue;
      const YAML::Node value = item[member];
      if (value && value.IsMap()) return YAML::Node(value);
      return Error::invalid("kubeconfig: " + std::string(list) + "[name=" + name + "] has no " +
                            member);
    }
  }
  return Error::invalid("kubeconfig: " + std::string(list) + " has no '" + name + "'");
}

Result<void> refuse(const YAML::Node& map, const std::string& where,
                    std::initializer_list<const char*> members) {
  for (const char* member : members) {
    const YAML::Node value = map[member];
    if (!value || value.IsNull()) continue;
    return Error::invalid("kubeconfig: " + where + "." + member +
                          " is not supported; a cluster's kubeconfig must embed its certificates, "
                          "key or token");
  }
  return {};
}

Result<std::string> decoded(const YAML::Node& map, const std::string& where, const char* member) {
  auto bytes = base64_decode(text_of(map, member));
  if (bytes.ok()) return bytes;
  return std::move(bytes).error().with_context("kubeconfig: " + where + "." + member);
}

Result<void> read_cluster(const YAML::Node& cluster, Kubeconfig& config) {
  TRY(refuse(cluster, "cluster", {"certificate-authority", "proxy-url"}));
  config.server = text_of(cluster, "server");
  config.address = TRY(parse_server_address(config.server));
  config.ca_pem = TRY(decoded(cluster, "cluster", "certificate-authority-data"));
  config.tls_server_name = text_of(cluster, "tls-server-name");
  const YAML::Node insecure = cluster["insecure-skip-tls-verify"];
  config.insecure_skip_tls_verify = insecure && insecure.as<bool>();
  return {};
}

Result<void> read_user(const YAML::Node& user, Kubeconfig& config) {
  TRY(refuse(user, "user",
             {"client-certificate", "client-key", "tokenFile", "exec", "auth-provider", "username",
              "password"}));
  config.certificate_pem = TRY(decoded(user, "user", "client-certificate-data"));
  config.key_pem = TRY(decoded(user, "user", "client-key-data"));
  config.token = text_of(user, "token");
  if (config.certificate_pem.empty() != config.key_pem.empty()) {
    return Error::invalid(
        "kubeconfig: user needs both client-certificate-data and client-key-data, or neither");
  }
  if (config.token.find_first_of("\r\n") != std::string::npos) {
    return Error::invalid("kubeconfig: user.token must be one line");
  }
  return {};
}

Result<Kubeconfig> read(const YAML::Node& root) {
  if (!root.IsMap()) return Error::invalid("kubeconfig: expected a map with current-context");
  Kubeconfig config;
  config.context = text_of(root, "current-context");
  if (config.context.empty()) return Error::invalid("kubeconfig: current-context is missing");
  const YAML::Node context = TRY(named(root, "contexts", "context", config.context));
  config.cluster = text_of(context, "cluster");
  config.user = text_of(context, "user");
  TRY(read_cluster(TRY(named(root, "clusters", "cluster", config.cluster)), config));
  TRY(read_user(TRY(named(root, "users", "user", config.user)), config));
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
  try {
    return read(YAML::Load(std::string(yaml)));
  } catch (const YAML::Exception& failure) {
    return Error::invalid("kubeconfig: line " + std::to_string(failure.mark.line + 1) + ": " +
                          failure.msg);
  }
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
