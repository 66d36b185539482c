// A KubeadmControlPlane over a pretended workload cluster, for tests.
#pragma once

#include <capstan/testing.h>
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "plugins/kubeadm/control_plane/control_plane_reconciler.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {

inline constexpr const char* kNow = "2026-01-01T00:00:00Z";
inline constexpr const char* kInfra = "infrastructure.cluster.x-k8s.io";

class ControlPlanePlugin {
 public:
  explicit ControlPlanePlugin(sdk::Host& host) : planes_(host) {}
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call) {
    return planes_.reconcile(request, reply, call);
  }

 private:
  ControlPlaneReconciler planes_;
};

inline Json condition(const std::string& type, const std::string& status,
                      const std::string& reason = "R") {
  return {{"type", type}, {"status", status}, {"reason", reason}, {"message", ""}};
}

// A KubeadmControlPlane that stands, with machines m0, m1, ... whose nodes have their names.
class ControlPlaneTest : public testing::Test {
 protected:
  ControlPlaneTest() {
    plane.cluster = {
        {"apiVersion", kCoreApi},
        {"kind", "Cluster"},
        {"metadata", {{"name", "c"}, {"namespace", "default"}, {"uid", "cluster-uid"}}},
        {"spec", {{"controlPlaneEndpoint", {{"host", "10.0.0.1"}, {"port", 6443}}}}},
        {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
    plane.now = kNow;
    for (const char* purpose : {"ca", "etcd", "proxy", "sa"}) {
      host.objects.push_back(make_secret("default", secret_name("c", purpose), "c",
                                         {{"tls.crt", "C"}, {"tls.key", "K"}}, Json::object()));
    }
    host.objects.push_back(
        make_secret("default", "c-kubeconfig", "c", {{"value", "mine"}}, Json::object()));
    host.objects.push_back({{"apiVersion", std::string(kInfra) + "/"},
                            {"kind", "DevMachineTemplate"},
                            {"metadata", {{"name", "t"}, {"namespace", "default"}, {"uid", "t"}}},
                            {"spec", {{"template", {{"spec", Json::object()}}}}}});
    host.nodes = [this](const std::string&) { return sdk::Expected<Json>(nodes); };
    host.workload = [this](const std::string&, const Json& request) {
      return sdk::Expected<sdk::HttpAnswer>(workload(request));
    };
    host.pod = [this](const std::string&, const Json& request) {
      if (sdk::string_at(request, "pod").starts_with("kube-apiserver-")) {
        return sdk::Expected<sdk::HttpAnswer>(sdk::HttpAnswer{403, "", "PEM"});
      }
      return etcd(sdk::string_at(request, "pod").substr(std::string("etcd-").size()),
                  sdk::string_at(request, "path"),
                  Json::parse(sdk::string_at(request, "body", "{}")));
    };
    host.pki = [](const Json& request) {
      return sdk::Expected<Json>(sdk::string_at(request, "op") == "inspect"
                                     ? Json{{"notAfter", "2027-01-01T00:00:00Z"}}
                                     : Json{{"certificate", "C"}, {"key", "K"}});
    };
    plane.relations = {{"machines", Json::array()}, {"configs", Json::array()}};
  }

  void add_machine(const std::string& name) {
    Json& machines = plane.relations["machines"];
    machines.push_back(
        {{"apiVersion", kCoreApi},
         {"kind", "Machine"},
         {"metadata",
          {{"name", name},
           {"namespace", "default"},
           {"uid", name + "-uid"},
           {"creationTimestamp", "2025-01-0" + std::to_string(machines.size() + 1) + "T00:00:00Z"},
           {"labels", {{sdk::kClusterNameLabel, "c"}, {sdk::kControlPlaneLabel, ""}}},
           {"ownerReferences",
            {{{"kind", "KubeadmControlPlane"}, {"uid", "plane-uid"}, {"controller", true}}}}}},
         {"spec",
          {{"version", "v1.34.2"},
           {"bootstrap", {{"configRef", {{"kind", "KubeadmConfig"}, {"name", name}}}}}}},
         {"status", {{"nodeRef", {{"name", name}}}, {"conditions", Json::array()}}}});
    plane.relations["configs"].push_back({{"apiVersion", kBootstrapApi},
                                          {"kind", "KubeadmConfig"},
                                          {"metadata", {{"name", name}, {"namespace", "default"}}},
                                          {"spec", Json::object()}});
    nodes.push_back(
        {{"metadata",
          {{"name", name}, {"labels", {{"node-role.kubernetes.io/control-plane", ""}}}}},
         {"spec", {{"taints", {{{"key", "node-role.kubernetes.io/control-plane"}}}}}}});
    for (const char* component :
         {"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}) {
      pods.push_back({{"metadata", {{"name", std::string(component) + "-" + name}}},
                      {"status", {{"conditions", {{{"type", "Ready"}, {"status", "True"}}}}}}});
    }
    members.push_back({{"ID", std::to_string(members.size() + 1)}, {"name", name}});
  }
  void add_machines(int count) {
    for (int i = 0; i < count; ++i) add_machine("m" + std::to_string(i));
    plane.object["spec"]["replicas"] = count;
  }
  Json& machine(size_t i) { return plane.relations["machines"][i]; }
  void make_unhealthy(size_t i) {
    machine(i)["status"]["conditions"] = {
        condition("HealthCheckSucceeded", "False", "UnhealthyNode"),
        condition("OwnerRemediated", "False", "WaitingForRemediation")};
  }
  // Its static pods do not run, and its etcd answers no more.
  void break_node(const std::string& name) {
    Json left = Json::array();
    for (const Json& pod : pods) {
      if (!sdk::string_at(pod, "metadata/name").ends_with("-" + name)) left.push_back(pod);
    }
    pods = std::move(left);
    silent.insert(name);
  }

  // What the cluster's API server answers; it keeps what is written to it.
  sdk::HttpAnswer workload(const Json& request) {
    const std::string path = sdk::string_at(request, "path");
    const std::string method = sdk::string_at(request, "method");
    if (path.find("/pods?") != std::string::npos) {
      return {200, sdk::dump_json({{"items", pods}}), {}};
    }
    workload_calls.push_back(method + " " + path.substr(path.rfind('/') + 1));
    const Json body = Json::parse(sdk::string_at(request, "body", "{}"));
    if (method == "POST") {
      const std::string made = path + "/" + sdk::string_at(body, "metadata/name");
      if (workload_objects.contains(made)) return {409, "{}", {}};
      workload_objects[made] = body;
      return {201, "{}", {}};
    }
    const auto found = workload_objects.find(path);
    if (found == workload_objects.end()) return {404, "{}", {}};
    if (method == "PATCH") {
      const std::string version = sdk::string_at(found->second, "metadata/resourceVersion");
      if (sdk::string_at(body, "metadata/resourceVersion") != version) return {409, "{}", {}};
      found->second.merge_patch(body);
    }
    return {200, sdk::dump_json(found->second), {}};
  }
  // What the etcd member on a node answers; the first member leads. One that is removed is gone.
  sdk::Expected<sdk::HttpAnswer> etcd(const std::string& node, const std::string& path,
                                      const Json& body) {
    etcd_calls.push_back(node + " " + path.substr(path.rfind('/') + 1));
    if (silent.contains(node)) return sdk::Error::unavailable("no answer from " + node);
    Json answer = {{"leader", without_leader.contains(node) ? "0" : "1"}};
    if (path.ends_with("/list")) answer = {{"members", members}};
    if (path.ends_with("/alarm")) answer = {{"alarms", alarms}};
    if (path.ends_with("/remove")) {
      Json left = Json::array();
      for (const Json& member : members) {
        if (member["ID"] != body["ID"]) left.push_back(member);
      }
      members = std::move(left);
    }
    return sdk::HttpAnswer{200, sdk::dump_json(answer), {}};
  }
  void delete_machine(size_t i) {
    Json& metadata = machine(i)["metadata"];
    metadata["deletionTimestamp"] = kNow;
    metadata["annotations"][kCleanupHook] = "";
    machine(i)["status"]["conditions"].push_back(
        condition("Deleting", "True", "WaitingForPreTerminateHook"));
  }
  bool hook_is_taken(const std::string& name) const {
    const Json patch = patch_of("Machine", name);
    const Json* annotations = sdk::find_at(patch, "metadata/annotations");
    return annotations != nullptr && annotations->contains(kCleanupHook) &&
           annotations->at(kCleanupHook).is_null();
  }

  // A member of no machine; etcd leaves out a name that is empty.
  void add_member(const std::string& id, const std::string& name = "") {
    Json member = {{"ID", id}};
    if (name.empty()) {
      member["isLearner"] = true;
    } else {
      member["name"] = name;
    }
    members.push_back(std::move(member));
  }
  // The members' names, those without one as their ids.
  std::vector<std::string> member_names() const {
    std::vector<std::string> found;
    for (const Json& member : members) {
      found.push_back(sdk::string_at(member, "name", sdk::string_at(member, "ID")));
    }
    return found;
  }

  // The names in a list of the last reply.
  std::vector<std::string> names(const char* list) const {
    std::vector<std::string> found;
    for (const Json& item : plane.last.reply.value(list, Json::array())) {
      const std::string name = sdk::string_at(item, "name");
      found.push_back(name.empty() ? sdk::string_at(item, "metadata/name") : name);
    }
    return found;
  }
  std::string reason_of(const std::string& machine, const std::string& type) const {
    for (const Json& item : plane.last.reply.value("conditionsOf", Json::array())) {
      if (sdk::string_at(item, "name") != machine) continue;
      for (const Json& condition : item["conditions"]) {
        if (condition["type"] == type) return condition["reason"];
      }
    }
    return "";
  }
  Json patch_of(const std::string& kind, const std::string& name) const {
    for (const Json& item : plane.last.reply.value("patches", Json::array())) {
      if (sdk::string_at(item, "kind") == kind && sdk::string_at(item, "name") == name)
        return item["patch"];
    }
    return nullptr;
  }
  std::string annotation(const char* key) const { return sdk::annotation_of(plane.object, key); }

  sdk::FakeHost host;
  Json nodes = Json::array(), pods = Json::array(), members = Json::array(), alarms = Json::array();
  std::map<std::string, Json> workload_objects = {
      {"/api/v1/namespaces/kube-system/configmaps/kubeadm-config",
       {{"metadata", {{"name", "kubeadm-config"}, {"resourceVersion", "7"}}},
        {"data",
         {{"ClusterConfiguration",
           "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\n"
           "clusterName: c\nkubernetesVersion: v1.34.2\n"}}}}}};
  std::vector<std::string> workload_calls;       // "PATCH kubeadm-config", but for lists of pods
  std::set<std::string> silent, without_leader;  // nodes whose etcd is so
  std::vector<std::string> etcd_calls;           // "m0 status"
  sdk::PluginUnderTest<ControlPlanePlugin> plugin{host};
  sdk::ReconciledObject<ControlPlanePlugin> plane{
      plugin,
      {{"apiVersion", kControlPlaneApi},
       {"kind", "KubeadmControlPlane"},
       {"metadata",
        {{"name", "cp"},
         {"namespace", "default"},
         {"uid", "plane-uid"},
         {"finalizers", {"kubeadm.controlplane.cluster.x-k8s.io"}}}},
       {"spec",
        {{"replicas", 1},
         {"version", "v1.34.2"},
         {"machineTemplate",
          {{"spec",
            {{"infrastructureRef",
              {{"apiGroup", kInfra}, {"kind", "DevMachineTemplate"}, {"name", "t"}}}}}}}}},
       {"status", {{"initialization", {{"controlPlaneInitialized", true}}}}}}};
};

}  // namespace capstan::kubeadm
