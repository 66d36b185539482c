// A pretended cluster brought up through the plugin's tables, for tests.
#pragma once

#include <capstan/testing.h>

#include <memory>
#include <string>

#include "plugins/memory/memory_plugin.h"
#include "runtime/base/text.h"

namespace capstan::memory {

// What a management cluster would have of one cluster: its Cluster, DevCluster and certificate
// authorities. Machines are added by the test.
class TestCluster {
 public:
  TestCluster(sdk::FakeHost& host, std::string name)
      : name(std::move(name)), host_(host), infra(Json::object()) {
    const Instant now(Duration(host.unix_nanos));
    authority = *make_certificate_authority("kubernetes", {}, now);
    etcd_authority = *make_certificate_authority("etcd-ca", {}, now);
    add_secret("ca", authority);
    add_secret("etcd", etcd_authority);
    infra = {{"apiVersion", "infrastructure.cluster.x-k8s.io/v1beta2"},
             {"kind", "DevCluster"},
             {"metadata",
              {{"name", this->name},
               {"namespace", "default"},
               {"uid", "cluster-" + this->name},
               {"finalizers", {"devcluster.infrastructure.cluster.x-k8s.io"}},
               {"labels", {{"cluster.x-k8s.io/cluster-name", this->name}}}}},
             {"spec", {{"backend", {{"inMemory", Json::object()}}}}}};
    cluster = {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
               {"kind", "Cluster"},
               {"metadata", {{"name", this->name}, {"namespace", "default"}}},
               {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
  }

  // Reconciles the DevCluster; the Cluster takes its endpoint over.
  void provision(sdk::PluginUnderTest<MemoryPlugin>& plugin) {
    sdk::ReconciledObject<MemoryPlugin> object(plugin, infra);
    object.cluster = cluster;
    object.owner = cluster;
    object.run(3);
    infra = object.object;
    if (const Json* endpoint = find(infra, {"spec", "controlPlaneEndpoint"})) {
      cluster["spec"]["controlPlaneEndpoint"] = *endpoint;
    }
  }
  void remove(sdk::PluginUnderTest<MemoryPlugin>& plugin) {
    sdk::ReconciledObject<MemoryPlugin> object(plugin, infra);
    object.cluster = cluster;
    object.ask_deletion();
    object.run(3);
    infra = object.object;
  }

  std::string address() const {
    return get_string(infra, {"spec", "controlPlaneEndpoint", "host"});
  }
  int64_t port() const { return get_int(infra, {"spec", "controlPlaneEndpoint", "port"}); }

  // A DevMachine that has its finalizer, with its Machine and its bootstrap data.
  std::unique_ptr<sdk::ReconciledObject<MemoryPlugin>> machine(
      sdk::PluginUnderTest<MemoryPlugin>& plugin, const std::string& machine_name,
      bool control_plane, const Json& backend = Json::object()) const {
    Json labels = {{"cluster.x-k8s.io/cluster-name", name}};
    if (control_plane) labels["cluster.x-k8s.io/control-plane"] = "";
    auto object = std::make_unique<sdk::ReconciledObject<MemoryPlugin>>(
        plugin, Json{{"apiVersion", "infrastructure.cluster.x-k8s.io/v1beta2"},
                     {"kind", "DevMachine"},
                     {"metadata",
                      {{"name", machine_name},
                       {"namespace", "default"},
                       {"uid", "uid-" + machine_name},
                       {"finalizers", {"devmachine.infrastructure.cluster.x-k8s.io"}},
                       {"labels", labels}}},
                     {"spec", {{"backend", {{"inMemory", backend}}}}}});
    object->cluster = cluster;
    object->owner = {
        {"kind", "Machine"},
        {"metadata", {{"name", machine_name}, {"labels", labels}}},
        {"spec",
         {{"version", "v1.34.0"}, {"bootstrap", {{"dataSecretName", machine_name + "-data"}}}}}};
    object->bootstrap_secret = {{"data", {{"value", base64_encode("#cloud-config")}}}};
    return object;
  }

  // A kubeconfig of the cluster's administrator.
  std::string kubeconfig() const {
    CertificateOptions options;
    options.common_name = "kubernetes-admin";
    options.organizations = {"system:masters"};
    options.client = true;
    const KeyPair admin =
        *issue_certificate(authority, options, Instant(Duration(host_.unix_nanos)));
    return "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster:\n"
           "    server: https://" +
           address() + ":" + std::to_string(port()) +
           "\n    certificate-authority-data: " + base64_encode(authority.certificate_pem) +
           "\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\nusers:\n- name: u\n  user:\n"
           "    client-certificate-data: " +
           base64_encode(admin.certificate_pem) +
           "\n    client-key-data: " + base64_encode(admin.key_pem) + "\n";
  }

  const std::string name;
  KeyPair authority;
  KeyPair etcd_authority;

 private:
  void add_secret(const std::string& suffix, const KeyPair& pair) {
    host_.objects.push_back(
        {{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", name + "-" + suffix}, {"namespace", "default"}}},
         {"data",
          {{"tls.crt", base64_encode(pair.certificate_pem)},
           {"tls.key", base64_encode(pair.key_pem)}}}});
  }

  sdk::FakeHost& host_;

 public:
  Json infra;
  Json cluster;
};

}  // namespace capstan::memory
