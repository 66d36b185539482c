#include "plugins/docker/cluster/haproxy_config.h"

#include <gtest/gtest.h>

namespace capstan::docker {
namespace {

TEST(HaproxyConfigTest, without_machines_there_is_a_frontend_and_no_server) {
  const std::string config = haproxy_config({});
  EXPECT_NE(config.find("bind *:6443"), std::string::npos);
  EXPECT_EQ(config.find("\n  server "), std::string::npos);
  EXPECT_TRUE(config.ends_with("\n"));
}

TEST(HaproxyConfigTest, each_control_plane_is_a_server_that_is_checked) {
  const std::string config = haproxy_config({{"cp-1", "10.0.0.2"}, {"cp-2", "fd00::3"}});
  EXPECT_NE(config.find("  server cp-1 10.0.0.2:6443 check check-ssl verify none"),
            std::string::npos);
  EXPECT_NE(config.find("  server cp-2 [fd00::3]:6443 check"), std::string::npos);
}

TEST(HaproxyConfigTest, a_template_of_the_user_s_is_filled_in) {
  const auto config = haproxy_config_from(
      "bind *:{{ .FrontendControlPlanePort }}\n"
      "{{- range $server, $backend := .BackendServers }}\n"
      "  server {{ $server }} {{ JoinHostPort $backend.Address $.BackendControlPlanePort }}\n"
      "{{- end }}\n# end\n",
      {{"cp-1", "10.0.0.2"}, {"cp-2", "10.0.0.3"}});
  ASSERT_TRUE(config.ok()) << config.error().summary;
  EXPECT_EQ(*config,
            "bind *:6443\n  server cp-1 10.0.0.2:6443\n  server cp-2 10.0.0.3:6443\n# end\n");
}

TEST(HaproxyConfigTest, what_a_template_may_not_have_is_named) {
  for (const char* text : {"{{ .Other }}", "{{ range $server, $backend := .BackendServers }} x",
                           "{{ open", "{{ if .X }}"}) {
    EXPECT_EQ(haproxy_config_from(text, {}).code(), sdk::Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace capstan::docker
