// A real control plane in a real container: kubeadm init through the plugin's own functions.
// Skipped where there is no engine with the images.
#include <gtest/gtest.h>

#include "plugins/docker/client/engine_transport.h"
#include "plugins/docker/client/images.h"
#include "plugins/docker/testing/plugin_scene.h"

// Stands in for what capstan_add_plugin embeds.
extern "C" const capstan_descriptor capstan_plugin_descriptor;
const capstan_descriptor capstan_plugin_descriptor = {
    sizeof(capstan_descriptor), CAPSTAN_ABI_MAJOR, 0, 0, {}, {}, {}};

namespace capstan::docker {
namespace {

using sdk::string_at;

constexpr const char* kUserData = R"(## template: jinja
#cloud-config

write_files:
-   path: /run/kubeadm/kubeadm.yaml
    owner: root:root
    permissions: '0640'
    content: |
      ---
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: ClusterConfiguration
      kubernetesVersion: v1.34.2
      networking: {podSubnet: 192.168.0.0/16, serviceSubnet: 10.128.0.0/12}
      controlPlaneEndpoint: ENDPOINT:6443
      ---
      apiVersion: kubeadm.k8s.io/v1beta4
      kind: InitConfiguration
      nodeRegistration:
        name: '{{ ds.meta_data.local_hostname }}'
        criSocket: unix:///run/containerd/containerd.sock
-   path: /run/cluster-api/placeholder
    owner: root:root
    permissions: '0640'
    content: "makes the folder"
runcmd:
- "kubeadm init --config /run/kubeadm/kubeadm.yaml && echo success > /run/cluster-api/bootstrap-success.complete"
ntp: {enabled: true}
)";

TEST(KubeadmOnEngineTest, kubeadm_init_makes_a_control_plane_that_the_balancer_reaches) {
  auto transport = connect_engine("unix:///var/run/docker.sock");
  ASSERT_TRUE(transport.ok());
  Engine engine(**transport);
  for (const char* image : {"capstan/node:v1.34.2", "capstan/load-balancer:v1"}) {
    const auto there = has_image(engine, image);
    if (!there.ok() || !*there) GTEST_SKIP() << "no Docker Engine with image " << image;
  }
  PluginScene scene(**transport, "capstan-kubeadm-test", {{"network", "capstan-kubeadm-test"}},
                    Milliseconds(500));
  // The test's clock is the machine's: the script's start is compared with it.
  scene.host.unix_nanos = std::chrono::system_clock::now().time_since_epoch().count();
  ASSERT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::ready))
      << scene.cluster->object.dump(1);
  const std::string endpoint = string_at(scene.cluster->object, "spec/controlPlaneEndpoint/host");
  std::string user_data = kUserData;
  user_data.replace(user_data.find("ENDPOINT"), 8, endpoint);
  scene.set_user_data(user_data);
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::ready))
      << scene.machine->object.dump(1);
  EXPECT_EQ(string_at(scene.machine->object, "spec/providerID"),
            "docker:////capstan-kubeadm-test-cp");

  scene.machine->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_machine, PluginScene::gone));
  scene.cluster->ask_deletion();
  EXPECT_TRUE(scene.until(PluginScene::the_cluster, PluginScene::gone));
  const auto left = list_containers(engine, {{"io.x-k8s.kind.cluster", "capstan-kubeadm-test"}});
  ASSERT_TRUE(left.ok());
  EXPECT_TRUE(left->empty());
}

}  // namespace
}  // namespace capstan::docker
