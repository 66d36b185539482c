#include "plugins/docker/cloudinit/kubeadm_adapt.h"

#include <capstan/json.h>

#include <algorithm>

#include "plugins/yaml/read_yaml.h"

namespace capstan::docker {
namespace {

using sdk::find_at;
using sdk::Json;
using sdk::make_at;
using sdk::string_at;
using yaml::parse_yaml;

constexpr const char* kIgnoreChecks = "--ignore-preflight-errors";
constexpr const char* kProviderIdArgument = "provider-id";

bool is_kind(const Json& document, const char* group, const char* kind) {
  return string_at(document, "apiVersion").starts_with(group) &&
         string_at(document, "kind") == kind;
}
bool is_kubeadm(const Json& document, const char* kind) {
  return is_kind(document, "kubeadm.k8s.io/", kind);
}

bool names_argument(const Json& arguments, const char* name) {
  if (arguments.is_object()) return arguments.contains(name);
  return std::any_of(arguments.begin(), arguments.end(),
                     [&](const Json& item) { return string_at(item, "name") == name; });
}

// A map up to v1beta3, from v1beta4 on a list of {name, value}.
void set_provider_id(const std::string& provider_id, Json& document) {
  const std::string version = string_at(document, "apiVersion");
  const bool map = version == "kubeadm.k8s.io/v1beta2" || version == "kubeadm.k8s.io/v1beta3";
  Json& arguments = make_at(document, "nodeRegistration/kubeletExtraArgs");
  if (!arguments.is_structured()) arguments = map ? Json::object() : Json::array();
  if (names_argument(arguments, kProviderIdArgument)) return;
  if (arguments.is_object()) {
    arguments[kProviderIdArgument] = provider_id;
  } else {
    arguments.push_back({{"name", kProviderIdArgument}, {"value", provider_id}});
  }
}

void free_conntrack(Json& kube_proxy) {
  Json& limit = make_at(kube_proxy, "conntrack/maxPerCore");
  if (limit.is_null()) limit = 0;
}

// True where the documents are kubeadm's.
bool adapt_documents(const std::string& provider_id, std::vector<Json>& documents) {
  bool kubeadm = false;
  bool cluster = false;
  bool kube_proxy = false;
  for (Json& document : documents) {
    if (is_kubeadm(document, "InitConfiguration") || is_kubeadm(document, "JoinConfiguration")) {
      set_provider_id(provider_id, document);
      kubeadm = true;
    } else if (is_kubeadm(document, "ClusterConfiguration")) {
      kubeadm = cluster = true;
    } else if (is_kind(document, "kubeproxy.config.k8s.io/", "KubeProxyConfiguration")) {
      free_conntrack(document);
      kube_proxy = true;
    }
  }
  if (cluster && !kube_proxy) {
    documents.push_back({{"apiVersion", "kubeproxy.config.k8s.io/v1alpha1"},
                         {"kind", "KubeProxyConfiguration"},
                         {"conntrack", {{"maxPerCore", 0}}}});
  }
  return kubeadm;
}

void adapt_file(const std::string& provider_id, NodeFile& file) {
  if (file.content.find("kubeadm.k8s.io/") == std::string::npos) return;
  auto documents = parse_yaml(file.content);
  // What is no YAML is none of kubeadm's configuration; kubeadm would say so itself.
  if (!documents.ok() || !adapt_documents(provider_id, *documents)) return;
  file.content.clear();
  for (const Json& document : *documents) {
    file.content += "---\n" + document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  }
}

void adapt_line(std::string& line) {
  if (line.find(kIgnoreChecks) != std::string::npos) return;
  for (const std::string command : {"kubeadm init", "kubeadm join"}) {
    const size_t at = line.find(command);
    if (at == std::string::npos) continue;
    const size_t end = at + command.size();
    // "kubeadm init-something" is another program's business.
    if (end < line.size() && line[end] != ' ') continue;
    line.insert(end, std::string(" ") + kIgnoreChecks + "=all");
  }
}

void adapt_command(NodeCommand& command) {
  adapt_line(command.line);
  std::vector<std::string>& words = command.arguments;
  const bool kubeadm = words.size() >= 2 && words[0].ends_with("kubeadm") &&
                       (words[1] == "init" || words[1] == "join");
  if (!kubeadm) {
    // sh -c "kubeadm init ..."
    for (std::string& word : words) adapt_line(word);
    return;
  }
  const bool given = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word.starts_with(kIgnoreChecks);
  });
  if (!given) words.insert(words.begin() + 2, std::string(kIgnoreChecks) + "=all");
}

}  // namespace

void adapt_kubeadm(const std::string& provider_id, UserData& data) {
  for (NodeFile& file : data.files) adapt_file(provider_id, file);
  for (NodeCommand& command : data.commands) adapt_command(command);
}

}  // namespace capstan::docker
