// What a new version, or other settings, of a KubeadmControlPlane change in the cluster itself.
#include <gmock/gmock.h>

#include "plugins/kubeadm/control_plane/addons.h"
#include "plugins/kubeadm/control_plane/cluster_configuration.h"
#include "plugins/kubeadm/control_plane/testing.h"
#include "plugins/yaml/read_yaml.h"

namespace capstan::kubeadm {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kMap = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config";
constexpr const char* kKubeProxy = "/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy";
constexpr const char* kCoreDns = "/apis/apps/v1/namespaces/kube-system/deployments/coredns";

class UpgradeTest : public ControlPlaneTest {
 protected:
  UpgradeTest() {
    workload_objects[kKubeProxy] = pods_of("kube-proxy", "registry.k8s.io/kube-proxy:v1.34.2");
    workload_objects[kCoreDns] = pods_of("coredns", "registry.k8s.io/coredns/coredns:v1.12.1");
  }
  static Json pods_of(const std::string& name, const std::string& image) {
    const Json containers = {{{"name", name}, {"image", image}, {"command", {"run"}}}};
    return {{"metadata", {{"name", name}, {"resourceVersion", "3"}}},
            {"spec", {{"template", {{"spec", {{"containers", containers}}}}}}}};
  }
  std::string image(const char* path) {
    return sdk::string_at(workload_objects[path]["spec"]["template"]["spec"]["containers"][0],
                          "image");
  }
  Json configuration() {
    const auto documents =
        yaml::parse_yaml(sdk::string_at(workload_objects[kMap], "data/ClusterConfiguration"));
    return documents.ok() && documents->size() == 1 ? documents->front() : Json();
  }
  void set_configuration(const std::string& text) {
    workload_objects[kMap]["data"]["ClusterConfiguration"] = text;
  }
  Json& cluster_configuration_spec() {
    return plane.object["spec"]["kubeadmConfigSpec"]["clusterConfiguration"];
  }
  // As after a rollout.
  void bring_up_to_date() {
    for (Json& machine : plane.relations["machines"]) {
      machine["spec"]["version"] = plane.object["spec"]["version"];
    }
    for (Json& config : plane.relations["configs"]) {
      config["spec"] = plane.object["spec"].value("kubeadmConfigSpec", Json::object());
    }
  }
};

TEST_F(UpgradeTest, machines_of_a_new_version_join_a_cluster_that_says_that_version) {
  add_machines(3);
  plane.object["spec"]["version"] = "v1.35.0";
  plane.step();
  EXPECT_EQ(names("create").size(), 3u);
  EXPECT_EQ(configuration(), (Json{{"apiVersion", "kubeadm.k8s.io/v1beta4"},
                                   {"kind", "ClusterConfiguration"},
                                   {"clusterName", "c"},
                                   {"kubernetesVersion", "v1.35.0"}}));
  EXPECT_THAT(workload_calls, Contains("POST clusterrolebindings").Times(2));
}

TEST_F(UpgradeTest, no_machine_is_made_while_the_cluster_does_not_take_the_new_version) {
  add_machines(3);
  plane.object["spec"]["version"] = "v1.35.0";
  workload_objects.erase(kMap);
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_UNAVAILABLE);
  EXPECT_THAT(names("create"), IsEmpty());
}

TEST_F(UpgradeTest, settings_of_the_spec_replace_those_of_the_cluster_and_the_rest_stays) {
  add_machines(1);
  set_configuration(
      "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nclusterName: c\n"
      "kubernetesVersion: v1.34.2\nimageRepository: old.example\ncertificatesDir: /pki\n"
      "networking: {podSubnet: 10.1.0.0/16}\nscheduler: {extraArgs: [{name: v, value: \"2\"}]}\n");
  cluster_configuration_spec() = {
      {"imageRepository", "new.example"},
      {"apiServer", {{"extraArgs", {{{"name", "profiling"}, {"value", "false"}}}}}},
      {"etcd", {{"local", {{"imageTag", "3.6.5-0"}}}}}};
  plane.step();
  EXPECT_EQ(names("create").size(), 3u);
  const Json written = configuration();
  EXPECT_EQ(written["imageRepository"], "new.example");
  EXPECT_EQ(written["apiServer"]["extraArgs"][0]["name"], "profiling");
  EXPECT_EQ(written["etcd"]["local"]["imageTag"], "3.6.5-0");
  EXPECT_FALSE(written.contains("scheduler")) << "the spec has no word of it any more";
  EXPECT_EQ(written["certificatesDir"], "/pki");
  EXPECT_EQ(written["networking"]["podSubnet"], "10.1.0.0/16");
}

TEST_F(UpgradeTest, kubeadm_s_own_version_goes_along_with_its_shape) {
  const Json present = {
      {"apiVersion", "kubeadm.k8s.io/v1beta3"},
      {"kubernetesVersion", "v1.30.4"},
      {"apiServer", {{"extraArgs", {{"profiling", "false"}}}, {"timeoutForControlPlane", "4m0s"}}},
      {"etcd", {{"local", {{"extraArgs", {{"v", "1"}}}}}}}};
  const Json wanted = {{"apiVersion", "kubeadm.k8s.io/v1beta4"}, {"kubernetesVersion", "v1.31.0"}};
  const Json profiling = {{{"name", "profiling"}, {"value", "false"}}};
  EXPECT_EQ(updated_configuration(present, wanted, false),
            (Json{{"apiVersion", "kubeadm.k8s.io/v1beta4"},
                  {"kubernetesVersion", "v1.31.0"},
                  {"apiServer", {{"extraArgs", profiling}}},
                  {"etcd", {{"local", {{"extraArgs", {{{"name", "v"}, {"value", "1"}}}}}}}}}));
}

TEST_F(UpgradeTest, kube_proxy_follows_once_all_machines_have_the_version) {
  add_machines(3);
  plane.object["spec"]["version"] = "v1.35.0+build.1";
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.34.2");
  bring_up_to_date();
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.35.0_build.1");
  EXPECT_EQ(workload_objects[kKubeProxy]["spec"]["template"]["spec"]["containers"][0]["command"][0],
            "run");
  EXPECT_EQ(image(kCoreDns), "registry.k8s.io/coredns/coredns:v1.12.1");
}

TEST_F(UpgradeTest, what_somebody_else_changes_is_put_right_at_the_next_look) {
  add_machines(1);
  plane.step();
  workload_objects[kKubeProxy] = pods_of("kube-proxy", "registry.k8s.io/kube-proxy:v1.30.0");
  plane.now = "2026-01-01T00:01:59Z";
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.30.0");
  plane.now = "2026-01-01T00:02:00Z";
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.34.2");
}

TEST_F(UpgradeTest, what_is_not_there_yet_is_looked_for_again) {
  add_machines(1);
  workload_objects.erase(kKubeProxy);
  plane.step();
  workload_objects[kKubeProxy] = pods_of("kube-proxy", "registry.k8s.io/kube-proxy:v1.30.0");
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.34.2");
}

TEST_F(UpgradeTest, what_follows_is_looked_at_once_and_again_when_the_spec_changes) {
  add_machines(1);
  plane.step();
  EXPECT_THAT(workload_calls, Contains("GET kube-proxy"));
  workload_calls.clear();
  plane.step();
  EXPECT_THAT(workload_calls, Not(Contains("GET kube-proxy")));
  cluster_configuration_spec()["dns"]["imageTag"] = "v1.13.0";
  bring_up_to_date();
  plane.step();
  EXPECT_EQ(image(kCoreDns), "registry.k8s.io/coredns/coredns:v1.13.0");
}

TEST_F(UpgradeTest, another_CoreDNS_needs_no_new_machines) {
  add_machines(1);
  bring_up_to_date();
  cluster_configuration_spec()["dns"] = {{"imageRepository", "dns.example"},
                                         {"imageTag", "v1.12.9"}};
  plane.step();
  EXPECT_THAT(names("create"), IsEmpty());
  EXPECT_EQ(image(kCoreDns), "dns.example/coredns:v1.12.9");
  EXPECT_EQ(configuration()["dns"]["imageTag"], "v1.12.9");
}

TEST_F(UpgradeTest, CoreDNS_does_not_go_back) {
  add_machines(1);
  cluster_configuration_spec()["dns"]["imageTag"] = "v1.11.3";
  bring_up_to_date();
  plane.step();
  EXPECT_EQ(plane.last.status, CAPSTAN_FAILED_PRECONDITION);
  EXPECT_EQ(image(kCoreDns), "registry.k8s.io/coredns/coredns:v1.12.1");
}

TEST_F(UpgradeTest, what_the_owner_looks_after_is_left_alone) {
  add_machines(1);
  plane.object["spec"]["version"] = "v1.35.0";
  cluster_configuration_spec()["dns"]["imageTag"] = "v1.13.0";
  plane.object["metadata"]["annotations"] = {{"controlplane.cluster.x-k8s.io/skip-kube-proxy", ""},
                                             {"controlplane.cluster.x-k8s.io/skip-coredns", ""}};
  bring_up_to_date();
  plane.step();
  EXPECT_EQ(image(kKubeProxy), "registry.k8s.io/kube-proxy:v1.34.2");
  EXPECT_EQ(image(kCoreDns), "registry.k8s.io/coredns/coredns:v1.12.1");
}

TEST(ImageNameTest, a_port_is_no_tag_and_a_digest_is_left_out) {
  const ImageName image = ImageName::parse("host:5000/a/kube-proxy:v1@sha256:12");
  EXPECT_EQ(image.repository, "host:5000/a");
  EXPECT_EQ(image.name, "kube-proxy");
  EXPECT_EQ(image.tag, "v1");
  EXPECT_EQ(ImageName::parse("host:5000/kube-proxy").tag, "");
  EXPECT_EQ(ImageName::parse("kube-proxy:v2").text(), "kube-proxy:v2");
}

}  // namespace
}  // namespace capstan::kubeadm
