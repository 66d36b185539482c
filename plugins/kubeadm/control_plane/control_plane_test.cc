#include <capstan/testing.h>
#include <gtest/gtest.h>

#include "plugins/kubeadm/control_plane/control_plane_reconciler.h"
#include "plugins/kubeadm/control_plane/remediation.h"
#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/old_conditions.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::HttpAnswer;
using sdk::string_at;

constexpr const char* kNow = "2026-01-01T00:00:00Z";
constexpr const char* kInfra = "infrastructure.cluster.x-k8s.io";

class ControlPlanePlugin {
 public:
  explicit ControlPlanePlugin(sdk::Host& host) : planes_(host) {}
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call) {
    return planes_.reconcile(request, reply, call);
  }

 private:
  ControlPlaneReconciler planes_;
};

Json condition(const std::string& type, const std::string& status,
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
      const bool lists = string_at(request, "path").find("/pods?") != std::string::npos;
      return sdk::Expected<HttpAnswer>(
          HttpAnswer{200, lists ? sdk::dump_json({{"items", pods}}) : "{}", {}});
    };
    host.pod = [this](const std::string&, const Json& request) {
      if (string_at(request, "pod").starts_with("kube-apiserver-")) {
        return sdk::Expected<HttpAnswer>(HttpAnswer{403, "", "PEM"});
      }
      return sdk::Expected<HttpAnswer>(HttpAnswer{200, sdk::dump_json({{"members", members}}), {}});
    };
    host.pki = [](const Json& request) {
      return sdk::Expected<Json>(string_at(request, "op") == "inspect"
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
  // Its static pods do not run and its etcd member is none any more.
  void break_node(const std::string& name) {
    Json left = Json::array();
    for (const Json& pod : pods) {
      if (!string_at(pod, "metadata/name").ends_with("-" + name)) left.push_back(pod);
    }
    pods = std::move(left);
    for (Json& member : members) {
      if (member["name"] == name) member["isLearner"] = true;
    }
  }

  // The names in a list of the last reply.
  std::vector<std::string> names(const char* list) const {
    std::vector<std::string> found;
    for (const Json& item : plane.last.reply.value(list, Json::array())) {
      const std::string name = string_at(item, "name");
      found.push_back(name.empty() ? string_at(item, "metadata/name") : name);
    }
    return found;
  }
  std::string reason_of(const std::string& machine, const std::string& type) const {
    for (const Json& item : plane.last.reply.value("conditionsOf", Json::array())) {
      if (string_at(item, "name") != machine) continue;
      for (const Json& condition : item["conditions"]) {
        if (condition["type"] == type) return condition["reason"];
      }
    }
    return "";
  }
  Json patch_of(const std::string& kind, const std::string& name) const {
    for (const Json& item : plane.last.reply.value("patches", Json::array())) {
      if (string_at(item, "kind") == kind && string_at(item, "name") == name) return item["patch"];
    }
    return nullptr;
  }
  std::string annotation(const char* key) const { return sdk::annotation_of(plane.object, key); }

  sdk::FakeHost host;
  Json nodes = Json::array(), pods = Json::array(), members = Json::array();
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

TEST_F(ControlPlaneTest, the_end_of_a_machines_certificates_is_asked_once_and_kept_at_its_config) {
  add_machines(1);
  plane.step();
  EXPECT_EQ(
      patch_of("KubeadmConfig", "m0"),
      (Json{{"metadata", {{"annotations", {{kCertificatesExpiry, "2027-01-01T00:00:00Z"}}}}}}));
  plane.relations["configs"][0]["metadata"]["annotations"] = {{kCertificatesExpiry, "x"}};
  plane.step();
  EXPECT_EQ(patch_of("KubeadmConfig", "m0"), Json());
}

TEST_F(ControlPlaneTest, a_machine_whose_certificates_end_soon_is_replaced_where_the_spec_says_so) {
  add_machines(1);
  machine(0)["status"]["certificatesExpiryDate"] = "2026-01-08T00:00:00Z";
  plane.step();
  EXPECT_EQ(reason_of("m0", "UpToDate"), "UpToDate");
  EXPECT_EQ(names("create").size(), 0u);
  plane.object["spec"]["rollout"]["before"] = {{"certificatesExpiryDays", 8}};
  plane.step();
  EXPECT_EQ(reason_of("m0", "UpToDate"), "NotUpToDate");
  EXPECT_EQ(names("create").size(), 3u);
}

TEST_F(ControlPlaneTest, an_unhealthy_machine_is_deleted_where_the_others_can_carry_the_cluster) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m1"});
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "MachineDeleting");
  EXPECT_EQ(Json::parse(annotation(kRemediationInProgress)),
            (Json{{"machine", "m1"}, {"timestamp", kNow}, {"retryCount", 0}}));
  EXPECT_EQ(plane.condition("Remediating"), "True");
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);  // one is under way
  EXPECT_EQ(string_at(plane.object, "status/lastRemediation/machine"), "m1");
}

TEST_F(ControlPlaneTest, a_machine_whose_removal_would_cost_the_quorum_stays) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  break_node("m2");
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "CannotBeRemediated");
  EXPECT_EQ(annotation(kRemediationInProgress), "");
}

TEST_F(ControlPlaneTest, of_several_unhealthy_machines_the_most_broken_one_goes_first) {
  add_machines(5);
  make_unhealthy(0);
  make_unhealthy(3);
  break_node("m3");
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m3"});
}

TEST_F(ControlPlaneTest, the_only_machine_of_a_control_plane_that_stands_is_not_replaced) {
  add_machines(1);
  make_unhealthy(0);
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m0", "OwnerRemediated"), "CannotBeRemediated");
}

TEST_F(ControlPlaneTest, the_first_machine_is_replaced_where_the_control_plane_never_came_up) {
  add_machines(1);
  make_unhealthy(0);
  plane.object["status"] = Json::object();
  host.workload = nullptr;
  plane.step();
  EXPECT_EQ(names("delete"), std::vector<std::string>{"m0"});
}

TEST_F(ControlPlaneTest, nothing_is_replaced_while_another_machine_comes_or_goes) {
  add_machines(3);
  make_unhealthy(1);
  machine(2)["status"].erase("nodeRef");
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  machine(2)["status"]["nodeRef"] = {{"name", "m2"}};
  machine(2)["metadata"]["deletionTimestamp"] = kNow;
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  EXPECT_EQ(names("delete").size(), 0u);
}

TEST_F(ControlPlaneTest, the_replacement_carries_what_it_replaces) {
  add_machines(2);
  plane.object["spec"]["replicas"] = 3;
  const std::string remediation =
      R"({"machine":"m9","timestamp":"2025-12-31T23:00:00Z","retryCount":1})";
  plane.object["metadata"]["annotations"] = {{kRemediationInProgress, remediation}};
  plane.step();
  const Json created = plane.last.reply.value("create", Json::array());
  ASSERT_EQ(created.size(), 3u);
  EXPECT_EQ(Json::parse(sdk::annotation_of(created[2], kRemediationFor)), Json::parse(remediation));
  EXPECT_EQ(annotation(kRemediationInProgress), "");
}

TEST_F(ControlPlaneTest, a_replacement_that_fails_soon_counts_as_another_try_up_to_a_limit) {
  add_machines(3);
  make_unhealthy(1);
  break_node("m1");
  machine(1)["metadata"]["annotations"] = {
      {kRemediationFor, R"({"machine":"m9","timestamp":"2025-12-31T23:30:00Z","retryCount":2})"}};
  plane.object["spec"]["remediation"] = {{"maxRetry", 2}};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "CannotBeRemediated");
  plane.object["spec"]["remediation"] = {{"retryPeriodSeconds", 3600}};
  plane.step();
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "RemediationDeferred");
  plane.object["spec"]["remediation"] = {{"maxRetry", 3}};
  plane.step();
  EXPECT_EQ(Json::parse(annotation(kRemediationInProgress))["retryCount"], 3);
}

TEST_F(ControlPlaneTest, a_machine_that_has_recovered_is_kept) {
  add_machines(3);
  machine(1)["status"]["conditions"] = {condition("HealthCheckSucceeded", "True"),
                                        condition("OwnerRemediated", "False")};
  plane.step();
  EXPECT_EQ(names("delete").size(), 0u);
  EXPECT_EQ(reason_of("m1", "OwnerRemediated"), "Recovered");
}

TEST_F(ControlPlaneTest, a_machine_without_a_controller_is_adopted_with_its_secrets) {
  add_machines(1);
  const Json cluster_owner = {{"kind", "Cluster"}, {"uid", "cluster-uid"}};
  machine(0)["metadata"]["ownerReferences"] = Json::array({cluster_owner});
  Json config = plane.relations["configs"][0];
  config["metadata"]["uid"] = "config-uid";
  config["status"] = {{"dataSecretName", "m0"}};
  host.objects.push_back(config);
  const Json by_config = {{"kind", "KubeadmConfig"}, {"uid", "config-uid"}, {"controller", true}};
  host.objects[0]["metadata"]["ownerReferences"] = Json::array({by_config});  // c-ca
  host.objects.push_back(make_secret("default", "m0", "c", {{"value", "data"}}, by_config));
  plane.step();
  const Json owners = patch_of("Machine", "m0")["metadata"]["ownerReferences"];
  ASSERT_EQ(owners.size(), 2u);
  EXPECT_EQ(owners[0], cluster_owner);
  EXPECT_EQ(owners[1]["uid"], "plane-uid");
  EXPECT_EQ(owners[1]["controller"], true);
  EXPECT_EQ(patch_of("Secret", "c-ca")["metadata"]["ownerReferences"][0]["uid"], "plane-uid");
  EXPECT_EQ(patch_of("Secret", "m0"), Json());
}

TEST_F(ControlPlaneTest, a_machine_two_minor_versions_away_is_not_adopted) {
  add_machines(1);
  machine(0)["metadata"].erase("ownerReferences");
  machine(0)["spec"]["version"] = "v1.32.0";
  plane.step();
  EXPECT_EQ(patch_of("Machine", "m0"), Json());
  EXPECT_EQ(string_at(plane.last.reply["events"][0], "reason"), "AdoptionFailed");
}

TEST_F(ControlPlaneTest, machines_of_another_controller_stop_everything) {
  add_machines(1);
  machine(0)["metadata"]["ownerReferences"][0]["uid"] = "other";
  plane.step();
  EXPECT_EQ(plane.reason("Ready"), "MixedManagement");
}

TEST_F(ControlPlaneTest, clients_of_v1beta1_find_its_conditions_and_counters) {
  add_machines(3);
  for (size_t i = 0; i < 3; ++i) {
    machine(i)["status"]["conditions"] = {condition("Ready", "True"),
                                          condition("NodeReady", i == 0 ? "False" : "True")};
    machine(i)["status"]["deprecated"]["v1beta1"]["conditions"] = {
        {{"type", "Ready"}, {"status", "True"}}};
  }
  plane.step();
  EXPECT_EQ(old_ready(plane.object), (OldCondition{"Ready", "True"}));
  const Json* old = find_at(plane.object, "status/deprecated/v1beta1");
  ASSERT_NE(old, nullptr);
  EXPECT_EQ((*old)["readyReplicas"], 2);
  EXPECT_EQ((*old)["unavailableReplicas"], 1);
  EXPECT_EQ((*old)["updatedReplicas"], 3);
  plane.object["spec"]["version"] = "v1.34.3";
  plane.step();
  EXPECT_EQ(old_ready(plane.object),
            (OldCondition{"Ready", "False", "Warning", "RollingUpdateInProgress",
                          "Rolling 3 replicas with outdated spec (0 replicas up to date)"}));
}

}  // namespace
}  // namespace capstan::kubeadm
