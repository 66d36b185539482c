#include "runtime/server/server_config.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "runtime/api/server_identity.h"
#include "runtime/base/text.h"
#include "runtime/object/names.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr std::array kFields = {"listen",    "serverNames",     "api",     "dataDir", "logLevel",
                                "tokenFile", "pluginDirectory", "plugins", "trust",   "telemetry"};
constexpr std::array kLevels = {"debug", "info", "warning", "error"};

Result<void> read_text(const Json& config, const char* field, std::string& into) {
  const auto member = config.find(field);
  if (member == config.end()) return {};
  if (!member->is_string()) return Error::invalid(std::string(field) + " must be a text");
  into = member->get<std::string>();
  return {};
}

Result<std::vector<std::string>> read_server_names(const Json& list) {
  if (!list.is_array()) return Error::invalid("serverNames must be a list of names and addresses");
  std::vector<std::string> names;
  for (const Json& item : list) {
    std::string name = item.is_string() ? item.get<std::string>() : std::string();
    const std::string_view host = std::string_view(name).starts_with("*.")
                                      ? std::string_view(name).substr(2)
                                      : std::string_view(name);
    if (!is_ip_address(name) && !check_dns_subdomain(host).empty()) {
      return Error::invalid("serverNames: " + dump_json(item) +
                            " is neither a DNS name nor an IP address");
    }
    names.push_back(std::move(name));
  }
  return names;
}

Result<void> read_api(const Json& api, ServerConfig& out) {
  const Error bad = Error::invalid("api must be a map with maxConnections, a number of at least 1");
  if (!api.is_object()) return bad;
  for (const auto& [field, value] : api.items()) {
    if (field != "maxConnections" || !value.is_number_integer()) return bad;
    if (value.get<int64_t>() < 1) return bad;
    out.max_connections = value.get<size_t>();
  }
  return {};
}

Result<void> read_telemetry(const Json& telemetry, ServerConfig& out) {
  const bool known = telemetry.is_object() &&
                     telemetry.size() == static_cast<size_t>(telemetry.contains("traces"));
  if (!known) return Error::invalid("telemetry must be a map like {traces: FILE}");
  return read_text(telemetry, "traces", out.trace_file);
}

Result<ServerConfig> read_config(const Json& config) {
  if (!config.is_object()) return Error::invalid("the config must be a map of fields");
  for (const auto& [field, value] : config.items()) {
    if (std::find(kFields.begin(), kFields.end(), field) != kFields.end()) continue;
    return Error::invalid("unknown field \"" + field + "\"; known are " +
                          join({kFields.begin(), kFields.end()}, ", "));
  }
  ServerConfig out;
  std::string listen, directory;
  TRY(read_text(config, "listen", listen));
  if (!listen.empty()) out.listen = TRY(ListenAddress::parse(listen));
  if (const auto names = config.find("serverNames"); names != config.end()) {
    out.server_names = TRY(read_server_names(*names));
  }
  if (const auto api = config.find("api"); api != config.end()) TRY(read_api(*api, out));
  TRY(read_text(config, "dataDir", out.data_dir));
  TRY(read_text(config, "logLevel", out.log_level));
  if (std::find(kLevels.begin(), kLevels.end(), out.log_level) == kLevels.end()) {
    return Error::invalid("logLevel \"" + out.log_level + "\" must be one of " +
                          join({kLevels.begin(), kLevels.end()}, ", "));
  }
  TRY(read_text(config, "tokenFile", out.token_file));
  TRY(read_text(config, "pluginDirectory", directory));
  if (!directory.empty()) out.plugin_directories = {directory};
  if (const auto plugins = config.find("plugins"); plugins != config.end()) {
    out.plugins = TRY(parse_plugin_configs(*plugins));
  }
  if (const auto trust = config.find("trust"); trust != config.end()) {
    out.trust = TRY(TrustConfig::from_json(*trust));
  }
  if (const auto telemetry = config.find("telemetry"); telemetry != config.end()) {
    TRY(read_telemetry(*telemetry, out));
  }
  return out;
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text) {
  const Error bad = Error::invalid("\"" + std::string(text) +
                                   "\" is no address to listen on; write it as 127.0.0.1:6443");
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad;
  ListenAddress address;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  address.host = host.empty() ? "0.0.0.0" : std::string(host);
  const std::string_view port = text.substr(colon + 1);
  const auto parsed = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size())
    return bad;
  return address;
}

Result<ServerConfig> ServerConfig::parse(std::string_view yaml, const std::string& file) {
  Result<Json> parsed = parse_yaml(yaml);
  if (!parsed.ok()) return std::move(parsed).error().with_context(file);
  Result<ServerConfig> config = read_config(parsed->is_null() ? Json::object() : *parsed);
  if (!config.ok()) return std::move(config).error().with_context(file);
  return config;
}

}  // namespace capstan
