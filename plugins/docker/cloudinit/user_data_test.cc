#include "plugins/docker/cloudinit/user_data.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "plugins/docker/cloudinit/kubeadm_adapt.h"
#include "plugins/docker/cloudinit/script.h"
#include "plugins/yaml/read_yaml.h"

namespace capstan::docker {
namespace {

using sdk::find_at;
using sdk::Json;
using sdk::string_at;
using yaml::parse_yaml;

std::string control_plane_user_data() {
  std::ifstream file(std::string(CAPSTAN_SOURCE_DIR) +
                     "/plugins/docker/testdata/control-plane-user-data.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(UserDataTest, a_control_plane_s_user_data_becomes_files_and_commands) {
  const auto data = parse_user_data(control_plane_user_data(), {"cp-1"});
  ASSERT_TRUE(data.ok()) << data.error().summary;
  ASSERT_EQ(data->files.size(), 3u);
  EXPECT_EQ(data->files[0].path, "/etc/kubernetes/pki/ca.crt");
  EXPECT_EQ(data->files[0].permissions, "0640");
  EXPECT_EQ(data->files[0].owner, "root:root");
  EXPECT_NE(data->files[1].content.find("name: 'cp-1'"), std::string::npos);
  ASSERT_EQ(data->boot_commands.size(), 1u);
  EXPECT_EQ(data->boot_commands[0].arguments,
            (std::vector<std::string>{"cloud-init-per", "once", "ls"}));
  ASSERT_EQ(data->commands.size(), 2u);
  EXPECT_EQ(data->commands[0].line, "echo \"before\"");
  EXPECT_EQ(data->ignored, (std::vector<std::string>{"ntp", "users"}));
}

TEST(UserDataTest, contents_are_decoded) {
  // "hello\n", packed by gzip.
  const std::string packed = "H4sIAAAAAAAAA8tIzcnJ5wIAIDA6NgYAAAA=";
  struct Case {
    const char* encoding;
    std::string content;
  };
  for (const Case& c : {Case{"", "hello\\n"}, Case{"b64", "aGVsbG8K"}, Case{"base64", "aGVsbG8K"},
                        Case{"gzip+base64", packed}, Case{"gz+b64", packed}}) {
    const auto data =
        parse_user_data("#cloud-config\nwrite_files:\n- path: /a\n  encoding: '" +
                            std::string(c.encoding) + "'\n  content: \"" + c.content + "\"\n",
                        {"n"});
    ASSERT_TRUE(data.ok()) << c.encoding << ": " << data.error().summary;
    EXPECT_EQ(data->files.at(0).content, "hello\n") << c.encoding;
  }
}

TEST(UserDataTest, defaults_and_options_of_files) {
  const auto data = parse_user_data(
      "#cloud-config\nwrite_files:\n- path: /a\n- {path: /b, append: true, permissions: 0600}\n",
      {"n"});
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(data->files[0].permissions, "0644");
  EXPECT_FALSE(data->files[0].append);
  EXPECT_TRUE(data->files[1].append);
  EXPECT_EQ(data->files[1].permissions, "0600");
}

TEST(UserDataTest, what_is_wrong_is_named_with_its_place) {
  struct Case {
    const char* text;
    const char* expected;
  };
  for (const Case& c : std::initializer_list<Case>{
           {"#!/bin/sh\n", "#cloud-config"},
           {"#cloud-config\na: [\n", "line"},
           {"#cloud-config\n- a\n", "sections"},
           {"#cloud-config\nwrite_files: 3\n", "write_files"},
           {"#cloud-config\nwrite_files:\n- path: a\n", "write_files[0]: path"},
           {"#cloud-config\nwrite_files:\n- {path: /a, permissions: rw}\n", "permissions"},
           {"#cloud-config\nwrite_files:\n- {path: /a, encoding: rot13, content: x}\n", "rot13"},
           {"#cloud-config\nwrite_files:\n- {path: /a, encoding: gz+b64, content: aGVsbG8K}\n",
            "gzip"},
           {"#cloud-config\nruncmd:\n- {a: b}\n", "runcmd[0]"}}) {
    const auto data = parse_user_data(c.text, {"n"});
    ASSERT_FALSE(data.ok()) << c.text;
    EXPECT_EQ(data.code(), sdk::Code::kInvalid) << c.text;
    EXPECT_NE(data.error().summary.find(c.expected), std::string::npos) << data.error().summary;
  }
}

TEST(UserDataTest, a_tree_that_aliases_blow_up_is_refused) {
  std::string text = "#cloud-config\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int n = 0; n < 9; ++n) text += ", " + last;
    text += "]\n";
  }
  EXPECT_EQ(parse_user_data(text, {"n"}).code(), sdk::Code::kInvalid);
}

TEST(KubeadmAdaptTest, a_container_s_node_gets_conntrack_provider_id_and_no_host_checks) {
  auto data = parse_user_data(control_plane_user_data(), {"cp-1"});
  ASSERT_TRUE(data.ok());
  adapt_kubeadm("docker:////cp-1", *data);
  const auto documents = parse_yaml(data->files[1].content);
  ASSERT_TRUE(documents.ok());
  ASSERT_EQ(documents->size(), 3u);
  const Json& cluster = documents->at(0);
  EXPECT_EQ(cluster["controllerManager"]["extraArgs"][0]["value"], "true");  // still text
  EXPECT_EQ(string_at(documents->at(1), "nodeRegistration/name"), "cp-1");
  EXPECT_EQ(documents->at(1)["nodeRegistration"]["kubeletExtraArgs"],
            Json::parse(R"([{"name":"provider-id","value":"docker:////cp-1"}])"));
  EXPECT_EQ(*find_at(documents->at(2), "conntrack/maxPerCore"), 0);
  EXPECT_TRUE(data->commands[1].line.starts_with(
      "kubeadm init --ignore-preflight-errors=all --config /run/kubeadm/kubeadm.yaml"));

  const UserData once = *data;
  adapt_kubeadm("docker:////cp-1", *data);
  EXPECT_EQ(data->files[1].content, once.files[1].content);
  EXPECT_EQ(data->commands[1].line, once.commands[1].line);
}

TEST(KubeadmAdaptTest, v1beta3_has_a_map_and_what_the_user_set_stays) {
  UserData data;
  data.files.push_back({.path = "/run/kubeadm/kubeadm-join-config.yaml",
                        .content = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n"
                                   "nodeRegistration: {kubeletExtraArgs: {v: '4'}}\n"});
  data.files.push_back({.path = "/other",
                        .content = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: JoinConfiguration\n"
                                   "nodeRegistration: {kubeletExtraArgs: {provider-id: mine}}\n"
                                   "---\napiVersion: kubeproxy.config.k8s.io/v1alpha1\n"
                                   "kind: KubeProxyConfiguration\nconntrack: {maxPerCore: 7}\n"});
  data.files.push_back({.path = "/text", .content = "about kubeadm.k8s.io/ : [\n"});
  data.commands.push_back({{"kubeadm", "join", "--config", "x"}, ""});
  data.commands.push_back({{}, "kubeadm join --ignore-preflight-errors=Swap"});
  data.commands.push_back({{}, "kubeadm init-helper"});
  adapt_kubeadm("docker:////w", data);
  const auto join = parse_yaml(data.files[0].content);
  EXPECT_EQ(join->at(0)["nodeRegistration"]["kubeletExtraArgs"],
            Json::parse(R"({"provider-id":"docker:////w","v":"4"})"));
  const auto other = parse_yaml(data.files[1].content);
  EXPECT_EQ(string_at(other->at(0), "nodeRegistration/kubeletExtraArgs/provider-id"), "mine");
  EXPECT_EQ(*find_at(other->at(1), "conntrack/maxPerCore"), 7);
  EXPECT_EQ(data.files[2].content, "about kubeadm.k8s.io/ : [\n");
  EXPECT_EQ(data.commands[0].arguments[2], "--ignore-preflight-errors=all");
  EXPECT_EQ(data.commands[1].line, "kubeadm join --ignore-preflight-errors=Swap");
  EXPECT_EQ(data.commands[2].line, "kubeadm init-helper");
}

TEST(BootstrapScriptTest, words_are_quoted_for_the_shell) {
  EXPECT_EQ(shell_quoted("it's $x"), "'it'\\''s $x'");
  EXPECT_EQ(shell_quoted(""), "''");
}

TEST(BootstrapScriptTest, the_state_is_read_from_the_node_s_archive) {
  const auto state =
      read_bootstrap_state(tar_archive({{.name = "state", .folder = true},
                                        {.name = "state/started", .folder = true},
                                        {.name = "state/started-at", .content = "1767225600\n"},
                                        {.name = "state/exit-code", .content = "12\n"},
                                        {.name = "state/log", .content = "a\nb\n"}}));
  EXPECT_TRUE(state.started);
  EXPECT_EQ(state.started_at, 1767225600);
  EXPECT_EQ(state.exit_code, 12);
  EXPECT_EQ(state.log, "a\nb\n");
  EXPECT_FALSE(read_bootstrap_state("").started);
}

TEST(BootstrapScriptTest, a_long_log_is_cut_at_a_line) {
  EXPECT_EQ(log_tail("short\n"), "short");
  EXPECT_EQ(log_tail(std::string(90, 'x') + "\n12345\nlast\n", 10), "...\nlast");
}

}  // namespace
}  // namespace capstan::docker
