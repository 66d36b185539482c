#include "runtime/workload/kubeconfig.h"

#include <gtest/gtest.h>

#include "runtime/base/text.h"

namespace capstan {
namespace {

// A kubeconfig with one cluster and one user; the arguments are lines of theirs.
std::string config_with(const std::string& cluster, const std::string& user) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
         "contexts:\n- {name: other, context: {cluster: x, user: x}}\n"
         "- {name: c, context: {cluster: k, user: u}}\n"
         "clusters:\n- name: k\n  cluster:\n    " +
         cluster + "\nusers:\n- name: u\n  user:\n    " + user + "\n";
}

TEST(KubeconfigTest, what_is_made_parses_to_what_was_given) {
  const auto config = parse_kubeconfig(make_kubeconfig({.cluster = "demo",
                                                        .server = "https://10.0.0.1:6443",
                                                        .ca_pem = "CA\n",
                                                        .certificate_pem = "CRT\n",
                                                        .key_pem = "KEY\n"}));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->cluster, "demo");
  EXPECT_EQ(config->user, "demo-admin");
  EXPECT_EQ(config->context, "demo-admin@demo");
  EXPECT_EQ(config->server, "https://10.0.0.1:6443");
  EXPECT_EQ(config->address.authority(), "10.0.0.1:6443");
  EXPECT_EQ(config->ca_pem, "CA\n");
  EXPECT_EQ(config->certificate_pem, "CRT\n");
  EXPECT_EQ(config->key_pem, "KEY\n");
  EXPECT_FALSE(config->insecure_skip_tls_verify);
}

TEST(KubeconfigTest, a_token_may_stand_instead_of_a_certificate) {
  const auto config = parse_kubeconfig(config_with("server: https://h", "token: abc"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->token, "abc");
  EXPECT_EQ(config->address.port, 443);
}

TEST(KubeconfigTest, the_cluster_may_name_the_server_and_skip_verification) {
  const auto config = parse_kubeconfig(config_with(
      "{server: 'https://h', tls-server-name: kubernetes, insecure-skip-tls-verify: true}",
      "token: abc"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->tls_server_name, "kubernetes");
  EXPECT_TRUE(config->insecure_skip_tls_verify);
}

TEST(KubeconfigTest, files_commands_and_proxies_are_refused) {
  for (const char* line : {"client-key: /etc/shadow", "tokenFile: /etc/shadow",
                           "exec: {command: sh}", "auth-provider: {name: gcp}"}) {
    const auto config = parse_kubeconfig(config_with("server: https://h", line));
    EXPECT_EQ(config.code(), Code::kInvalid) << line;
    EXPECT_NE(config.error().message.find("user."), std::string::npos);
  }
  for (const char* line : {"{server: 'https://h', certificate-authority: /ca.crt}",
                           "{server: 'https://h', proxy-url: 'http://p'}"}) {
    EXPECT_EQ(parse_kubeconfig(config_with(line, "token: a")).code(), Code::kInvalid) << line;
  }
}

TEST(KubeconfigTest, what_is_wrong_is_named) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "current-context"},
      {"- a", "current-context"},
      {"a: [", "line 1"},
      {"current-context: c", "contexts has no 'c'"},
      {"current-context: [1]", "current-context must be text"},
      {config_with("server: https://h", "token: 0123"), "token must be text; put it in quotes"},
      {config_with("server: http://h", "token: a"), "server 'http://h' must be https"},
      {config_with("certificate-authority-data: '%%'", "token: a"), "server ''"},
      {config_with("{server: 'https://h', certificate-authority-data: '%%'}", "token: a"),
       "cluster.certificate-authority-data"},
      {config_with("server: https://h", "client-key-data: YQ=="), "both"},
      {config_with("server: https://h", "token: \"a\\nb\""), "one line"},
  };
  for (const auto& [text, expected] : cases) {
    const auto config = parse_kubeconfig(text);
    ASSERT_EQ(config.code(), Code::kInvalid) << text;
    EXPECT_NE(config.error().message.find(expected), std::string::npos) << config.error().message;
  }
}

TEST(KubeconfigTest, deep_nesting_is_an_error_and_no_crash) {
  EXPECT_EQ(parse_kubeconfig(std::string(100'000, '[')).code(), Code::kInvalid);
}

TEST(ServerAddressTest, ports_paths_and_ipv6_are_understood) {
  const auto rancher = parse_server_address("https://rancher.example/k8s/clusters/c-1/");
  ASSERT_TRUE(rancher.ok());
  EXPECT_EQ(rancher->host, "rancher.example");
  EXPECT_EQ(rancher->base_path, "/k8s/clusters/c-1");
  const auto v6 = parse_server_address("https://[fd00::1]:6443");
  ASSERT_TRUE(v6.ok());
  EXPECT_EQ(v6->host, "fd00::1");
  EXPECT_EQ(v6->authority(), "[fd00::1]:6443");
  for (const char* wrong : {"", "h", "https://", "https://h:", "https://h:0", "https://h:65536",
                            "https://h:1x", "https://[::1", "https://u@h", "https://h?x"}) {
    EXPECT_FALSE(parse_server_address(wrong).ok()) << wrong;
  }
}

}  // namespace
}  // namespace capstan
