#include "@FILE@.h"

#include "plugin_test.h"

namespace @PACKAGE@ {
namespace {

class @KIND@Test : public PluginTest {
 protected:
  @KIND@Test()
      : config(plugin, object_of("@GROUP@/v1beta2", "@KIND@",
                                 {{"preCommands", {"echo hello"}}})) {
    config.cluster = cluster_object();
    config.owner = machine_object(false);
  }
  // The Secret of the last reply, decoded.
  std::string data() const {
    const Json made = config.last.reply.value("create", Json::array());
    return made.empty() ? "" : capstan::sdk::base64_decode(string_at(made[0], "data/value"));
  }
  Reconciled config;
};

TEST_F(@KIND@Test, the_data_is_stored_and_reported) {
  for (int calls = 0; calls < 5 && data().empty(); ++calls) config.step();
  EXPECT_EQ(string_at(config.object, "status/dataSecretName"), "one");
  EXPECT_EQ(config.condition("Ready"), "True") << config.object.dump(1);
  EXPECT_NE(data().find("join-node --mode init --server https://10.0.0.1:6443"), std::string::npos)
      << data();
  EXPECT_NE(data().find("- \"echo hello\"\n"), std::string::npos);
}

TEST_F(@KIND@Test, it_waits_for_the_endpoint) {
  config.cluster["spec"].erase("controlPlaneEndpoint");
  config.run(3);
  EXPECT_EQ(config.reason("Ready"), "WaitingForControlPlaneEndpoint");
}

TEST_F(@KIND@Test, the_token_is_revoked_with_the_config) {
  config.run(5);
  EXPECT_TRUE(in_cloud("token").has_value());
  config.ask_deletion();
  config.step();
  EXPECT_TRUE(config.gone());
  EXPECT_FALSE(in_cloud("token").has_value());
}

}  // namespace
}  // namespace @PACKAGE@
