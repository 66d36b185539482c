#include "runtime/scaffold/names.h"

#include <algorithm>
#include <cctype>
#include <set>

#include "runtime/base/text.h"

namespace capstan::scaffold {
namespace {

constexpr size_t kMaxName = 40;
constexpr size_t kMaxKind = 54;  // and "Template", which makes 62 of at most 63

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Lower case words with single "-" between them.
bool is_label(const std::string& text) {
  char last = '-';
  for (const char c : text) {
    if (!lower(c) && !digit(c) && (c != '-' || last == '-')) return false;
    last = c;
  }
  return last != '-';
}

// What YAML reads as another value than text, and the plugins that come with Capstan.
const std::set<std::string>& taken_names() {
  static const std::set<std::string> kNames = {"null",    "true",   "false",  "yes",    "no",
                                               "on",      "off",    "y",      "n",      "docker",
                                               "kubeadm", "memory", "python", "capstan"};
  return kNames;
}

// Names that generated code has from the SDK or of its own, and words of Python.
const std::set<std::string>& taken_kinds() {
  static const std::set<std::string> kNames = {"Address",
                                               "Admission",
                                               "AlreadyExists",
                                               "BootstrapConfig",
                                               "BootstrapContext",
                                               "BootstrapData",
                                               "BootstrapRole",
                                               "Call",
                                               "Cancelled",
                                               "Cloud",
                                               "CloudUser",
                                               "ClusterContext",
                                               "Code",
                                               "Condition",
                                               "Conflict",
                                               "Context",
                                               "ControlPlane",
                                               "Creation",
                                               "Done",
                                               "Endpoint",
                                               "Error",
                                               "Expected",
                                               "ExternalResource",
                                               "FailureDomain",
                                               "False",
                                               "FakeCloud",
                                               "FakeHost",
                                               "HostedContext",
                                               "HostedControlPlane",
                                               "HostedPlane",
                                               "Host",
                                               "InProgress",
                                               "InfraCluster",
                                               "InfraMachine",
                                               "Infrastructure",
                                               "InfrastructureCluster",
                                               "InfrastructureMachine",
                                               "Instance",
                                               "Internal",
                                               "Invalid",
                                               "Json",
                                               "KubeObject",
                                               "MachineContext",
                                               "Metadata",
                                               "NotFound",
                                               "None",
                                               "Observation",
                                               "Plane",
                                               "PlaneContext",
                                               "PluginTest",
                                               "Reconciled",
                                               "Reconciler",
                                               "Reply",
                                               "Request",
                                               "ResourceContext",
                                               "Role",
                                               "Secrets",
                                               "Status",
                                               "Step",
                                               "Thing",
                                               "True",
                                               "Unavailable"};
  return kNames;
}

// As file names of Python modules these would be no words that can be imported.
const std::set<std::string>& python_words() {
  static const std::set<std::string> kWords = {
      "and",    "as",   "assert", "async",  "await",    "break",  "class",   "continue", "def",
      "del",    "elif", "else",   "except", "finally",  "for",    "from",    "global",   "if",
      "import", "in",   "is",     "lambda", "nonlocal", "not",    "or",      "pass",     "raise",
      "return", "try",  "while",  "with",   "yield",    "plugin", "provider"};
  return kWords;
}

std::string camel_case(const std::string& name) {
  std::string out;
  bool start = true;
  for (const char c : name) {
    if (c != '-') out += start ? static_cast<char>(std::toupper(c)) : c;
    start = c == '-';
  }
  return out;
}

// AcmeDNSZone -> acme_dns_zone
std::string snake_case(const std::string& kind) {
  std::string out;
  for (size_t i = 0; i < kind.size(); ++i) {
    const bool after_word = i > 0 && !upper(kind[i - 1]);
    const bool before_word = i > 0 && i + 1 < kind.size() && lower(kind[i + 1]);
    if (upper(kind[i]) && (after_word || before_word)) out += '_';
    out += static_cast<char>(std::tolower(kind[i]));
  }
  return out;
}

std::string backwards(const std::string& dotted) {
  std::vector<std::string> parts = split(dotted, '.');
  std::reverse(parts.begin(), parts.end());
  return join(parts, ".");
}

std::string group_of(const PluginNames& plugin, const std::string& type) {
  if (type == "bootstrap") return "bootstrap.cluster.x-k8s.io";
  if (type == "control-plane") return "controlplane.cluster.x-k8s.io";
  if (type == "resource") return plugin.name + "." + plugin.domain;
  return "infrastructure.cluster.x-k8s.io";
}

KindNames names_of(const PluginNames& plugin, const std::string& type, const std::string& kind) {
  return {type, kind, snake_case(kind), group_of(plugin, type)};
}

}  // namespace

Result<PluginNames> PluginNames::make(const std::string& name, const std::string& domain) {
  if (name.empty() || name.size() > kMaxName || !lower(name.front()) || !is_label(name)) {
    return Error::invalid("plugin name \"" + name + "\" is not valid: it must be up to " +
                          std::to_string(kMaxName) +
                          " lower case letters, digits and single \"-\", and start with a letter");
  }
  if (taken_names().contains(name)) {
    return Error::invalid("plugin name \"" + name +
                          "\" is taken by Capstan or a word of YAML; choose another");
  }
  const std::vector<std::string> parts = split(domain, '.');
  const bool labels = std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part.size() <= kMaxName && is_label(part);
  });
  if (parts.size() < 2 || !labels || domain.size() > 200) {
    return Error::invalid("domain \"" + domain + "\" is not valid: it must be like example.com");
  }
  PluginNames names{name, domain, backwards(domain) + "." + name, camel_case(name), name};
  std::replace(names.package.begin(), names.package.end(), '-', '_');
  names.package += "_provider";
  return names;
}

Result<PluginNames> PluginNames::of_manifest(const std::string& name, const std::string& id) {
  const size_t end = id.rfind('.');
  if (end == std::string::npos || id.substr(end + 1) != name) {
    return Error::invalid("its id \"" + id + "\" is no domain backwards and the name \"" + name +
                          "\", as com.example." + name +
                          ", so the group of its kinds is not known");
  }
  return make(name, backwards(id.substr(0, end)));
}

const std::vector<std::string>& kind_types() {
  static const std::vector<std::string> kTypes = {"resource", "cluster", "machine", "bootstrap",
                                                  "control-plane"};
  return kTypes;
}

Result<KindNames> KindNames::make(const PluginNames& plugin, const std::string& type,
                                  const std::string& kind) {
  const bool letters = std::all_of(kind.begin(), kind.end(),
                                   [](char c) { return lower(c) || upper(c) || digit(c); });
  const bool word = std::any_of(kind.begin(), kind.end(), lower);
  if (kind.empty() || kind.size() > kMaxKind || !upper(kind.front()) || !letters || !word) {
    return Error::invalid("kind \"" + kind + "\" is not valid: it must be up to " +
                          std::to_string(kMaxKind) + " letters and digits in CamelCase, as " +
                          plugin.prefix + "Volume");
  }
  const KindNames names = names_of(plugin, type, kind);
  if (kind.ends_with("Template")) {
    return Error::invalid("kind \"" + kind +
                          "\" is not valid: templates come with the kind that they are of");
  }
  if (taken_kinds().contains(kind) || python_words().contains(names.file) ||
      kind == plugin.prefix + "Plugin") {
    return Error::invalid("kind \"" + kind +
                          "\" is a name of the SDK or a word of the language; "
                          "put the plugin's before it, as " +
                          plugin.prefix + kind);
  }
  return names;
}

const std::vector<std::string>& plugin_roles() {
  static const std::vector<std::string> kRoles = {"infrastructure", "bootstrap", "control-plane",
                                                  "resource"};
  return kRoles;
}

std::vector<KindNames> kinds_of_role(const PluginNames& plugin, const std::string& role) {
  const auto kind = [&](const std::string& type, const char* ending) {
    return names_of(plugin, type, plugin.prefix + ending);
  };
  if (role == "infrastructure") return {kind("cluster", "Cluster"), kind("machine", "Machine")};
  if (role == "bootstrap") return {kind("bootstrap", "Config")};
  if (role == "control-plane") return {kind("control-plane", "ControlPlane")};
  return {kind("resource", "Volume")};
}

Words words_of(const PluginNames& plugin) {
  return {{"NAME", plugin.name},
          {"DOMAIN", plugin.domain},
          {"ID", plugin.id},
          {"PREFIX", plugin.prefix},
          {"PACKAGE", plugin.package}};
}

Words words_of(const PluginNames& plugin, const KindNames& kind) {
  Words words = words_of(plugin);
  words["KIND"] = kind.kind;
  words["FILE"] = kind.file;
  words["LOWER"] = to_lower(kind.kind);
  words["GROUP"] = kind.group;
  return words;
}

}  // namespace capstan::scaffold
