#include "runtime/server/server_config.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(ServerConfigTest, an_empty_file_means_the_defaults) {
  const ServerConfig config = *ServerConfig::parse("", "c.yaml");
  EXPECT_EQ(config.listen.host, "127.0.0.1");
  EXPECT_EQ(config.listen.port, 6443);
  EXPECT_FALSE(config.plugins.has_value()) << "all bundled plugins";
}

TEST(ServerConfigTest, plugins_are_named_or_described) {
  const ServerConfig config = *ServerConfig::parse(
      "listen: '[::1]:0'\nplugins:\n- docker\n- name: acme\n  file: /opt/acme.so\n", "c.yaml");
  EXPECT_EQ(config.listen.host, "::1");
  EXPECT_EQ(config.listen.port, 0);
  ASSERT_EQ(config.plugins->size(), 2U);
  EXPECT_EQ((*config.plugins)[1].file, "/opt/acme.so");
}

TEST(ServerConfigTest, the_server_has_the_names_that_clients_use) {
  const ServerConfig config = *ServerConfig::parse(
      "serverNames: [capstan.example.com, 192.0.2.7, '*.example.org', 'fd00::1']\n"
      "api: {maxConnections: 50}\n",
      "c.yaml");
  EXPECT_EQ(config.server_names, (std::vector<std::string>{"capstan.example.com", "192.0.2.7",
                                                           "*.example.org", "fd00::1"}));
  EXPECT_EQ(config.max_connections, 50u);
}

TEST(ServerConfigTest, spans_go_to_the_file_that_is_named) {
  EXPECT_EQ(ServerConfig::parse("", "c.yaml")->trace_file, "");
  EXPECT_EQ(ServerConfig::parse("telemetry: {traces: /t.jsonl}", "c.yaml")->trace_file, "/t.jsonl");
}

struct Case {
  const char* yaml;
  const char* message;
};

TEST(ServerConfigTest, each_mistake_is_named_with_the_remedy) {
  const Case cases[] = {
      {"plugin: []", "c.yaml: unknown field \"plugin\"; known are"},
      {"listen: 6443", "c.yaml: listen must be a text"},
      {"listen: localhost", "\"localhost\" is no address to listen on; write it as 127.0.0.1:6443"},
      {"listen: a:99999", "\"a:99999\" is no address"},
      {"logLevel: loud", "logLevel \"loud\" must be one of debug, info, warning, error"},
      {"serverNames: a.example.com", "serverNames must be a list of names and addresses"},
      {"serverNames: ['two words']", "\"two words\" is neither a DNS name nor an IP address"},
      {"serverNames: [7]", "7 is neither a DNS name nor an IP address"},
      {"api: {maxConnections: 0}", "api must be a map with maxConnections"},
      {"api: {connections: 5}", "api must be a map with maxConnections"},
      {"- a", "the config must be a map of fields"},
      {"trust: {require: always}", "trust.require: \"always\" is none of signed, digest, none"},
      {"telemetry: {trace: /t}", "telemetry must be a map like {traces: FILE}"},
      {"telemetry: {traces: 5}", "traces must be a text"},
      {"a: [", "c.yaml"},
  };
  for (const Case& c : cases) {
    const Result<ServerConfig> config = ServerConfig::parse(c.yaml, "c.yaml");
    ASSERT_FALSE(config.ok()) << c.yaml;
    EXPECT_NE(config.error().message.find(c.message), std::string::npos) << config.error().message;
  }
}

}  // namespace
}  // namespace capstan
