// What the tests begin with: a host that only pretends, the plugin, and objects of Cluster API.
#pragma once

#include <capstan/testing.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "plugin.h"

namespace @PACKAGE@ {

using Reconciled = capstan::sdk::ReconciledObject<@PREFIX@Plugin>;

inline Json object_of(const std::string& api_version, const std::string& kind, const Json& spec) {
  return {{"apiVersion", api_version},
          {"kind", kind},
          {"metadata", {{"name", "one"}, {"namespace", "default"}, {"uid", "uid-1"}}},
          {"spec", spec}};
}

inline Json cluster_object(bool provisioned = true) {
  return {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
          {"kind", "Cluster"},
          {"metadata", {{"name", "c"}, {"namespace", "default"}, {"uid", "uid-c"}}},
          {"spec", {{"controlPlaneEndpoint", {{"host", "10.0.0.1"}, {"port", 6443}}}}},
          {"status", {{"initialization", {{"infrastructureProvisioned", provisioned}}}}}};
}

// A control plane machine whose bootstrap data is there, but for tests that make it.
inline Json machine_object(bool has_data = true) {
  Json bootstrap = Json::object();
  if (has_data) bootstrap["dataSecretName"] = "one-data";
  return {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
          {"kind", "Machine"},
          {"metadata", {{"name", "one"}, {"labels", {{"cluster.x-k8s.io/control-plane", ""}}}}},
          {"spec", {{"version", "v1.34.2"}, {"failureDomain", "a"}, {"bootstrap", bootstrap}}}};
}

// A plugin whose cloud is a folder of the test's own.
class PluginTest : public testing::Test {
 protected:
  ~PluginTest() override { std::filesystem::remove_all(folder); }

  // A look from outside, with a cloud of the test's own.
  std::optional<Thing> in_cloud(const std::string& type) {
    FakeCloud cloud;
    EXPECT_TRUE(cloud.open(folder).ok());
    return cloud.find(type, "uid-1").value();
  }

  static std::string make_folder() {
    std::string path = testing::TempDir() + "@NAME@-XXXXXX";
    return mkdtemp(path.data()) == nullptr ? "" : path;
  }

  const std::string folder = make_folder();
  capstan::sdk::FakeHost host;
  capstan::sdk::PluginUnderTest<@PREFIX@Plugin> plugin{host, {{"folder", folder}}};
};

}  // namespace @PACKAGE@
