// The layer that makes tables of a class: the barrier, the services, the texts.
#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

class Thrower {
 public:
  explicit Thrower(Host& host) : host_(host) {}
  Status activate(const Json& settings) {
    if (settings.contains("fail")) throw std::runtime_error("no such region");
    return {};
  }
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    const std::string what = string_at(request.object(), "what");
    if (what == "std") throw std::runtime_error("boom");
    if (what == "int") throw 5;
    if (what == "cancelled" && call.cancelled()) return Error::cancelled("given up");
    if (what == "secret") {
      const SecretString token = CAPSTAN_TRY(host_.secrets().get("token"));
      reply.status("length", token.reveal().size());
    }
    if (what == "list") {
      reply.status(
          "count",
          CAPSTAN_TRY(host_.objects().list({.api_version = "v1", .kind = "Secret"})).size());
    }
    if (what == "workload") {
      reply.status("code",
                   CAPSTAN_TRY(host_.workload().request("ns", "c", {{"path", "/"}})).status);
    }
    reply.status("attempt", call.attempt());
    return {};
  }

 private:
  Host& host_;
};

class PluginTest : public testing::Test {
 protected:
  CallOutcome reconcile(const char* what) {
    return plugin.reconcile({{"object", {{"what", what}}}});
  }
  FakeHost host;
  PluginUnderTest<Thrower> plugin{host};
};

TEST_F(PluginTest, what_is_thrown_becomes_a_status_and_a_diagnostic) {
  for (const char* what : {"std", "int"}) {
    const CallOutcome outcome = reconcile(what);
    EXPECT_EQ(outcome.status, CAPSTAN_INTERNAL);
    ASSERT_EQ(outcome.diagnostics.size(), 1u);
  }
  EXPECT_EQ(reconcile("std").diagnostics[0].summary, "reconcile threw: boom");
}

TEST_F(PluginTest, what_activate_throws_names_the_reason) {
  try {
    PluginUnderTest<Thrower> failing(host, {{"fail", true}});
    FAIL() << "it was activated";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "activate failed: activate threw: no such region");
  }
}

TEST_F(PluginTest, a_request_that_is_no_json_is_an_error) {
  EXPECT_THROW(split_json_members("[]"), std::invalid_argument);
  EXPECT_THROW(split_json_members("{\"a\":"), std::invalid_argument);
  EXPECT_THROW(split_json_members("{\"a"), std::invalid_argument);
  const auto members = split_json_members(R"( {"a" : {"b":"}\"]"}, "c":[1,{}],"d":-1.5e3 } )");
  EXPECT_EQ(members.at("a"), R"({"b":"}\"]"})");
  EXPECT_EQ(members.at("c"), "[1,{}]");
  EXPECT_EQ(members.at("d"), "-1.5e3");
}

TEST_F(PluginTest, services_answer_or_say_that_they_are_not_there) {
  host.secrets["token"] = "12345";
  host.objects.push_back({{"apiVersion", "v1"}, {"kind", "Secret"}});
  EXPECT_EQ(reconcile("secret").reply["patch"]["status"]["length"], 5);
  EXPECT_EQ(reconcile("list").reply["patch"]["status"]["count"], 1);
  EXPECT_EQ(reconcile("workload").status, CAPSTAN_UNAVAILABLE);
  host.secrets.clear();
  const CallOutcome missing = reconcile("secret");
  EXPECT_EQ(missing.status, CAPSTAN_NOT_FOUND);
  EXPECT_EQ(missing.diagnostics[0].summary, "secret \"token\" has no value");
}

TEST(PluginWithoutServicesTest, an_absent_service_is_unimplemented) {
  FakeHost host;
  host.absent = {CAPSTAN_EXT_SECRETS};
  PluginUnderTest<Thrower> plugin(host);
  EXPECT_EQ(plugin.reconcile({{"object", {{"what", "secret"}}}}).status, CAPSTAN_UNIMPLEMENTED);
}

TEST_F(PluginTest, the_call_s_context_arrives) {
  plugin.attempt = 3;
  plugin.cancelled = true;
  EXPECT_EQ(reconcile("none").reply["patch"]["status"]["attempt"], 3);
  EXPECT_EQ(reconcile("cancelled").status, CAPSTAN_CANCELLED);
}

TEST(TextTest, base64_goes_both_ways) {
  for (const char* text : {"", "a", "ab", "abc", "any carnal pleas"}) {
    EXPECT_EQ(base64_decode(base64_encode(text)), text);
  }
  EXPECT_EQ(base64_encode("hello"), "aGVsbG8=");
}

TEST(EntryTest, another_major_version_is_not_served) {
  EXPECT_EQ(detail::entry<Thrower>(2), nullptr);
  EXPECT_NE(detail::entry<Thrower>(CAPSTAN_ABI_MAJOR), nullptr);
}

}  // namespace
}  // namespace capstan::sdk
