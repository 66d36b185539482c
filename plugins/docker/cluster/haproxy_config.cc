#include "plugins/docker/cluster/haproxy_config.h"

namespace capstan::docker {
namespace {

using sdk::Error;
using sdk::Expected;

constexpr const char* kHead = R"(# Written by Capstan's docker provider.
global
  log stdout format raw local0 info
  maxconn 4096
  # Hands open sockets over on reload, so that no connection is refused in between.
  stats socket /run/haproxy.sock mode 600 level admin expose-fd listeners

defaults
  mode tcp
  log global
  option dontlognull
  # A server that is not up yet refuses at once; another one takes the connection.
  option redispatch 1
  retries 3
  timeout connect 5s
  timeout client 10m
  timeout server 10m

frontend control-plane
  bind *:6443
  default_backend kube-apiservers

backend kube-apiservers
  option httpchk GET /healthz
)";

std::string host_and_port(const std::string& host) {
  const bool bare_ip6 = host.find(':') != std::string::npos;
  return (bare_ip6 ? "[" + host + "]" : host) + ":" + std::to_string(kApiServerPort);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A template's text up to an action, and the action itself without braces.
struct Piece {
  std::string text;
  std::string action;
  bool last = false;
};

Expected<Piece> next_piece(std::string_view& rest) {
  const size_t open = rest.find("{{");
  if (open == std::string_view::npos) {
    Piece piece{std::string(rest), "", true};
    rest = {};
    return piece;
  }
  const size_t close = rest.find("}}", open);
  if (close == std::string_view::npos) return Error::invalid("an action has no closing }}");
  std::string_view text = rest.substr(0, open);
  std::string_view action = rest.substr(open + 2, close - open - 2);
  rest.remove_prefix(close + 2);
  // "{{-" and "-}}" eat the white space beside them.
  if (action.starts_with('-')) {
    action.remove_prefix(1);
    const size_t last = text.find_last_not_of(" \t\r\n");
    text = text.substr(0, last == std::string_view::npos ? 0 : last + 1);
  }
  if (action.ends_with('-')) {
    action.remove_suffix(1);
    const size_t first = rest.find_first_not_of(" \t\r\n");
    rest.remove_prefix(first == std::string_view::npos ? rest.size() : first);
  }
  return Piece{std::string(text), std::string(trimmed(action)), false};
}

Expected<std::string> action_value(const std::string& action, const Backend* backend) {
  if (action == ".FrontendControlPlanePort" || action == ".BackendControlPlanePort" ||
      action == "$.FrontendControlPlanePort" || action == "$.BackendControlPlanePort") {
    return std::to_string(kApiServerPort);
  }
  if (action.starts_with("/*")) return std::string();
  if (backend != nullptr) {
    if (action == "$server") return backend->name;
    if (action == "$backend.Address") return backend->address;
    if (action.starts_with("JoinHostPort $backend.Address")) return host_and_port(backend->address);
  }
  return Error::invalid("{{ " + action + " }} is not supported in a template of the balancer");
}

Expected<std::string> render_body(const std::vector<Piece>& body, const Backend& backend) {
  std::string out;
  for (const Piece& piece : body) {
    out += piece.text;
    if (!piece.action.empty()) out += CAPSTAN_TRY(action_value(piece.action, &backend));
  }
  return out;
}

Expected<std::string> render_range(std::string_view& rest, const std::vector<Backend>& backends) {
  std::vector<Piece> body;
  while (true) {
    Piece piece = CAPSTAN_TRY(next_piece(rest));
    if (piece.last) return Error::invalid("{{ range }} has no {{ end }}");
    const bool end = piece.action == "end";
    if (end) piece.action.clear();
    body.push_back(std::move(piece));
    if (end) break;
  }
  std::string out;
  for (const Backend& backend : backends) out += CAPSTAN_TRY(render_body(body, backend));
  return out;
}

}  // namespace

std::string haproxy_config(const std::vector<Backend>& backends) {
  std::string out = kHead;
  for (const Backend& backend : backends) {
    out += "  server " + backend.name + " " + host_and_port(backend.address) +
           " check check-ssl verify none inter 500ms fall 2 rise 1\n";
  }
  return out;
}

Expected<std::string> haproxy_config_from(std::string_view text,
                                          const std::vector<Backend>& backends) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const Piece piece = CAPSTAN_TRY(next_piece(rest));
    out += piece.text;
    if (piece.last) break;
    if (piece.action.starts_with("range $server, $backend := .BackendServers")) {
      out += CAPSTAN_TRY(render_range(rest, backends));
    } else {
      out += CAPSTAN_TRY(action_value(piece.action, nullptr));
    }
  }
  return out;
}

}  // namespace capstan::docker
