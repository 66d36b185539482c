#include "plugins/kubeadm/control_plane/machines.h"

#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::kubeadm {
namespace {

constexpr const char* kInfraApi = "infrastructure.cluster.x-k8s.io/";

class CreateMachineTest : public testing::Test {
 protected:
  CreateMachineTest() {
    host.connect();
    fake.objects.push_back(
        {{"apiVersion", kInfraApi},
         {"kind", "DevMachineTemplate"},
         {"metadata", {{"name", "t"}, {"namespace", "default"}}},
         {"spec", {{"template", {{"spec", {{"backend", {{"inMemory", Json::object()}}}}}}}}}});
  }

  // The objects that a control plane without Machines creates.
  Json created() {
    const Json plane = {{"apiVersion", "controlplane.cluster.x-k8s.io/v1beta2"},
                        {"kind", "KubeadmControlPlane"},
                        {"metadata", {{"name", "cp"}, {"namespace", "default"}, {"uid", "plane"}}},
                        {"spec",
                         {{"version", "v1.34.2"},
                          {"machineTemplate",
                           {{"spec",
                             {{"infrastructureRef",
                               {{"apiGroup", "infrastructure.cluster.x-k8s.io"},
                                {"kind", "DevMachineTemplate"},
                                {"name", "t"}}}}}}}}}};
    const Json cluster = {{"metadata", {{"name", "c"}, {"namespace", "default"}, {"uid", "u"}}}};
    const Json relations = {{"machines", Json::array()}, {"configs", configs}};
    const std::string text = sdk::dump_json({{"object", plane},
                                             {"cluster", cluster},
                                             {"relations", relations},
                                             {"now", "2026-01-01T00:00:00Z"}});
    const sdk::Request request(text);
    sdk::Reply reply(request);
    const sdk::Call call(nullptr);
    ControlPlane control_plane(host, request, reply, call);
    const sdk::Status made = create_machine(control_plane, "");
    error = made.ok() ? "" : made.error().summary;
    return reply.json().value("create", Json::array());
  }
  std::string created_name() {
    const Json all = created();
    EXPECT_EQ(all.size(), 3U) << error;
    return all.empty() ? "" : sdk::string_at(all[0], "metadata/name");
  }
  static Json owned(const std::string& name, const char* owner) {
    return {{"metadata",
             {{"name", name},
              {"namespace", "default"},
              {"ownerReferences", Json::array({{{"uid", owner}}})}}}};
  }

  sdk::FakeHost fake;
  sdk::Host host{fake.table()};
  Json configs = Json::array();
  std::string error;
};

TEST_F(CreateMachineTest, a_control_plane_that_says_nothing_of_kubeadm_gets_kubeadm_s_defaults) {
  const Json all = created();
  ASSERT_EQ(all.size(), 3U) << error;
  EXPECT_EQ(all[1]["kind"], "KubeadmConfig");
  EXPECT_FALSE(all[1].contains("spec")) << "an empty spec would be refused";
}

TEST_F(CreateMachineTest, what_was_made_before_a_crash_is_made_again_under_the_same_name) {
  const std::string name = created_name();
  configs.push_back(owned(name, "plane"));
  Json infra = owned(name, "plane");
  infra["apiVersion"] = kInfraApi;
  infra["kind"] = "DevMachine";
  fake.objects.push_back(infra);
  EXPECT_EQ(created_name(), name);
}

TEST_F(CreateMachineTest, a_name_that_something_of_an_earlier_machine_has_is_passed_over) {
  const std::string name = created_name();
  configs.push_back(owned(name, "a Machine that went"));
  const std::string second = created_name();
  EXPECT_NE(second, name);

  Json infra = owned(second, "a Machine that went");
  infra["apiVersion"] = kInfraApi;
  infra["kind"] = "DevMachine";
  fake.objects.push_back(infra);
  const std::string third = created_name();
  EXPECT_NE(third, second);
  EXPECT_NE(third, name);

  Json secret = owned(third, "a KubeadmConfig that went");
  secret["apiVersion"] = "v1";
  secret["kind"] = "Secret";
  fake.objects.push_back(secret);
  const Json all = created();
  ASSERT_EQ(all.size(), 3U) << error;
  for (const Json& object : all) {
    EXPECT_NE(sdk::string_at(object, "metadata/name"), third);
    EXPECT_EQ(object["metadata"]["name"], all[0]["metadata"]["name"]);
  }
}

}  // namespace
}  // namespace capstan::kubeadm
