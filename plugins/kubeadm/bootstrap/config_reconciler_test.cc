#include "plugins/kubeadm/bootstrap/config_reconciler.h"

#include <capstan/testing.h>
#include <gtest/gtest.h>

#include "plugins/kubeadm/names.h"
#include "plugins/kubeadm/old_conditions.h"
#include "plugins/kubeadm/secrets.h"

namespace capstan::kubeadm {
namespace {

using sdk::string_at;

class ConfigPlugin {
 public:
  explicit ConfigPlugin(sdk::Host& host) : configs_(host) {}
  sdk::Status reconcile(const sdk::Request& request, sdk::Reply& reply, const sdk::Call& call) {
    return configs_.reconcile(request, reply, call);
  }

 private:
  ConfigReconciler configs_;
};

// The config of the first control plane machine, which holds the init lock.
class ConfigTest : public testing::Test {
 protected:
  ConfigTest() {
    config.cluster = {{"metadata", {{"name", "c"}, {"namespace", "default"}, {"uid", "u"}}},
                      {"spec", {{"controlPlaneEndpoint", {{"host", "10.0.0.1"}, {"port", 6443}}}}},
                      {"status", {{"initialization", {{"infrastructureProvisioned", true}}}}}};
    config.owner = {
        {"kind", "Machine"},
        {"metadata", {{"name", "m"}, {"labels", {{std::string(sdk::kControlPlaneLabel), ""}}}}},
        {"spec", {{"version", "v1.34.2"}}}};
    host.objects.push_back({{"apiVersion", "v1"},
                            {"kind", "ConfigMap"},
                            {"metadata", {{"name", "c-lock"}, {"namespace", "default"}}},
                            {"data", {{"lock-information", R"({"machineName":"m"})"}}}});
    host.pki = [](const Json& request) {
      return sdk::Expected<Json>(string_at(request, "op") == "key"
                                     ? Json{{"publicKey", "P"}, {"key", "K"}}
                                     : Json{{"certificate", "C"}, {"key", "K"}});
    };
  }
  // What the last reply created, by name; stored as the host would.
  std::vector<std::string> take_created() {
    std::vector<std::string> names;
    for (const Json& object : config.last.reply.value("create", Json::array())) {
      names.push_back(string_at(object, "metadata/name"));
      host.objects.push_back(object);
    }
    return names;
  }

  sdk::FakeHost host;
  sdk::PluginUnderTest<ConfigPlugin> plugin{host};
  sdk::ReconciledObject<ConfigPlugin> config{
      plugin,
      {{"apiVersion", kBootstrapApi},
       {"kind", "KubeadmConfig"},
       {"metadata", {{"name", "m"}, {"namespace", "default"}, {"uid", "config-uid"}}},
       {"spec", Json::object()}}};
};

TEST_F(ConfigTest, without_a_control_plane_provider_it_makes_the_certificates) {
  config.step();
  EXPECT_EQ(take_created(), (std::vector<std::string>{"c-ca", "c-etcd", "c-proxy", "c-sa"}));
  EXPECT_EQ(host.objects.back()["metadata"]["ownerReferences"][0]["uid"], "config-uid");
  EXPECT_TRUE(config.last.reply.contains("requeueAfterMs"));
  config.step();
  EXPECT_EQ(take_created(), std::vector<std::string>{"m"});
  EXPECT_EQ(string_at(config.object, "status/dataSecretName"), "m");
}

TEST_F(ConfigTest, with_a_control_plane_provider_it_waits_for_the_certificates) {
  config.cluster["spec"]["controlPlaneRef"] = {{"kind", "KubeadmControlPlane"}, {"name", "cp"}};
  config.step();
  EXPECT_EQ(take_created().size(), 0u);
  EXPECT_EQ(config.reason("CertificatesAvailable"), "InternalError");
}

TEST_F(ConfigTest,
       whoever_waits_for_the_init_lock_looks_again_and_frees_it_once_the_holder_is_gone) {
  host.objects.back()["data"]["lock-information"] = R"({"machineName":"first"})";
  host.objects.push_back({{"apiVersion", kCoreApi},
                          {"kind", "Machine"},
                          {"metadata", {{"name", "first"}, {"namespace", "default"}}}});
  config.step();
  EXPECT_EQ(config.reason("DataSecretAvailable"), "WaitingForControlPlaneInitialized");
  EXPECT_EQ(config.last.reply.value("requeueAfterMs", 0), 10'000);
  host.objects.pop_back();
  config.step();
  EXPECT_EQ(string_at(config.last.reply["delete"][0], "name"), "c-lock");
}

TEST_F(ConfigTest, clients_of_v1beta1_find_its_conditions) {
  config.cluster["status"] = Json::object();
  config.step();
  EXPECT_EQ(old_ready(config.object)->status, "False");
  EXPECT_EQ(old_ready(config.object)->severity, "Info");
  config.cluster["status"] = {{"initialization", {{"infrastructureProvisioned", true}}}};
  config.step();
  take_created();
  config.step();
  EXPECT_EQ(old_ready(config.object), (OldCondition{"Ready", "True"}));
}

TEST_F(ConfigTest, a_file_may_be_a_template_with_the_control_planes_version) {
  config.cluster["spec"]["controlPlaneRef"] = {
      {"apiGroup", "controlplane.cluster.x-k8s.io"}, {"kind", "Plane"}, {"name", "cp"}};
  host.objects.push_back({{"apiVersion", "controlplane.cluster.x-k8s.io/"},
                          {"kind", "Plane"},
                          {"metadata", {{"name", "cp"}, {"namespace", "default"}}},
                          {"spec", {{"version", "v1.35.1"}}}});
  for (const char* purpose : kCertificatePurposes) {
    host.objects.push_back(make_secret("default", secret_name("c", purpose), "c",
                                       {{"tls.crt", "C"}, {"tls.key", "K"}}, Json::object()));
  }
  config.object["spec"]["files"] = {{{"path", "/v"},
                                     {"content", "is {{ .controlPlane.version }}"},
                                     {"contentFormat", "Template"}}};
  config.step();
  const Json created = config.last.reply.value("create", Json::array());
  ASSERT_EQ(created.size(), 1u) << config.reason("Ready");
  EXPECT_NE(secret_value(created[0], "value")->find("is v1.35.1"), std::string::npos);
  config.object["spec"]["files"][0]["content"] = "{{ .other }}";
  config.object["status"] = Json::object();
  config.step();
  EXPECT_EQ(config.reason("Ready"), "FilesNotAvailable");
}

TEST_F(ConfigTest, a_format_that_is_not_supported_is_told) {
  config.object["spec"]["format"] = "ignition";
  config.step();
  EXPECT_EQ(config.reason("Ready"), "UnsupportedFormat");
}

}  // namespace
}  // namespace capstan::kubeadm
