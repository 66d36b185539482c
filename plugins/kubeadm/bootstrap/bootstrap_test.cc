#include <gtest/gtest.h>

#include "plugins/kubeadm/bootstrap/cloud_config.h"
#include "plugins/kubeadm/bootstrap/init_lock.h"
#include "plugins/kubeadm/bootstrap/kubeadm_documents.h"
#include "plugins/kubeadm/bootstrap/yaml_text.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {
namespace {

const Json kCluster = {{"metadata", {{"name", "c1"}, {"namespace", "default"}, {"uid", "u1"}}},
                       {"spec",
                        {{"controlPlaneEndpoint", {{"host", "10.0.0.1"}, {"port", 6443}}},
                         {"clusterNetwork",
                          {{"pods", {{"cidrBlocks", {"192.168.0.0/16"}}}},
                           {"services", {{"cidrBlocks", {"10.128.0.0/12"}}}},
                           {"serviceDomain", "cluster.local"}}}}}};

Json spec() {
  return {{"clusterConfiguration",
           {{"apiServer",
             {{"certSANs", {"localhost"}}, {"extraArgs", {{{"name", "v"}, {"value", "2"}}}}}}}},
          {"initConfiguration",
           {{"nodeRegistration",
             {{"kubeletExtraArgs", {{{"name", "cgroup-driver"}, {"value", "cgroupfs"}}}}}},
            {"timeouts", {{"tlsBootstrapSeconds", 60}}}}}};
}

TEST(KubeadmDocumentsTest, extra_arguments_are_a_list_from_1_31_on_and_a_map_before) {
  const std::string now = *init_documents({spec(), kCluster, "v1.34.2"});
  EXPECT_NE(now.find("kubeadm.k8s.io/v1beta4"), std::string::npos) << now;
  EXPECT_NE(now.find("- name: \"cgroup-driver\"\n"), std::string::npos) << now;
  EXPECT_NE(now.find("tlsBootstrap: \"60s\""), std::string::npos) << now;
  const std::string before = *init_documents({spec(), kCluster, "v1.30.9"});
  EXPECT_NE(before.find("kubeadm.k8s.io/v1beta3"), std::string::npos) << before;
  EXPECT_NE(before.find("cgroup-driver: \"cgroupfs\""), std::string::npos) << before;
  EXPECT_EQ(before.find("tlsBootstrap"), std::string::npos) << before;
}

TEST(KubeadmDocumentsTest, the_cluster_says_name_endpoint_version_and_networks) {
  const std::string text = *init_documents({spec(), kCluster, "v1.34.2"});
  for (const char* line : {"clusterName: \"c1\"", "controlPlaneEndpoint: \"10.0.0.1:6443\"",
                           "kubernetesVersion: \"v1.34.2\"", "podSubnet: \"192.168.0.0/16\"",
                           "serviceSubnet: \"10.128.0.0/12\"", "dnsDomain: \"cluster.local\""}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "\n" << text;
  }
}

TEST(KubeadmDocumentsTest, what_is_no_version_is_refused_with_an_example) {
  for (const char* version : {"", "latest", "v1.34", "1.x.0"}) {
    const auto documents = init_documents({spec(), kCluster, version});
    ASSERT_FALSE(documents.ok()) << version;
    EXPECT_NE(documents.error().summary.find("v1.34.2"), std::string::npos);
  }
}

TEST(CloudConfigTest, files_come_before_the_kubeadm_command_and_the_sentinel_after_it) {
  Json with_commands = spec();
  with_commands["preKubeadmCommands"] = {"echo before"};
  with_commands["postKubeadmCommands"] = {"echo after"};
  const std::string text = cloud_config(
      {with_commands, Join::kInit, "---\nkind: X\n", {{"/etc/ca.crt", "PEM\nTEXT\n"}}, {}, {}});
  EXPECT_TRUE(text.starts_with("## template: jinja\n#cloud-config\n")) << text;
  const size_t files = text.find("write_files:");
  const size_t before = text.find("echo before");
  const size_t kubeadm = text.find(
      "kubeadm init --config /run/kubeadm/kubeadm.yaml && echo success > "
      "/run/cluster-api/bootstrap-success.complete");
  const size_t after = text.find("echo after");
  ASSERT_NE(kubeadm, std::string::npos) << text;
  EXPECT_LT(files, before);
  EXPECT_LT(before, kubeadm);
  EXPECT_LT(kubeadm, after);
  EXPECT_NE(text.find("content: |\n"), std::string::npos) << "certificates as literal text";
}

TEST(YamlTextTest, text_that_could_be_taken_for_something_else_is_quoted) {
  EXPECT_EQ(to_yaml({{"a", "yes"}, {"b", "1"}, {"c", Json::array()}, {"d", {{"e", nullptr}}}}),
            "a: \"yes\"\nb: \"1\"\nc: []\nd:\n  e: null\n");
  EXPECT_EQ(to_yaml({{"list", {{{"x", 1}, {"y", 2}}, "z"}}}), "list:\n- x: 1\n  y: 2\n- \"z\"\n");
  EXPECT_EQ(to_yaml({{"t", "a\nb\n"}}), "t: |\n  a\n  b\n");
  EXPECT_EQ(to_yaml({{"t", " a\nb"}}), "t: \" a\\nb\"\n") << "an indented first line needs quotes";
}

TEST(InitLockTest, the_lock_tells_who_holds_it) {
  const Json lock = lock_object(kCluster, "m1");
  EXPECT_EQ(sdk::string_at(lock, "metadata/name"), "c1-lock");
  EXPECT_EQ(lock_holder(lock), "m1");
  EXPECT_EQ(lock_holder({{"data", {{"lock-information", "garbage"}}}}), "");
}

TEST(SecretsTest, values_survive_base64_of_every_length) {
  for (const std::string text : {"", "a", "ab", "abc", "abcd"}) {
    const Json secret = make_secret("ns", "s", "c1", {{"value", text}}, Json::object());
    EXPECT_EQ(*secret_value(secret, "value"), text);
  }
  EXPECT_FALSE(secret_value({{"data", {{"value", "???"}}}}, "value").ok());
  EXPECT_EQ(secret_value(Json::object(), "value").code(), sdk::Code::kNotFound);
}

}  // namespace
}  // namespace capstan::kubeadm
