#include "runtime/plugin/provider_reconciler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/plugin/fake_provider.h"
#include "runtime/plugin/plugin_admission.h"
#include "runtime/store/store.h"

namespace capstan {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const GroupKind kMachine{"infrastructure.cluster.x-k8s.io", "TestMachine"};

Manifest machine_manifest(const std::string& name, const std::string& backend = "") {
  Json json = Json::parse(R"({
    "id": "test", "version": "1.0.0", "abi": {"major": 1, "minMinor": 0, "maxMinor": 0},
    "admits": [{"group": "infrastructure.cluster.x-k8s.io", "kind": "TestMachine"}],
    "reconciles": [{"group": "infrastructure.cluster.x-k8s.io", "kind": "TestMachine",
      "role": "infraMachine", "concurrency": 4, "relations": {
        "volumes": {"group": "", "kind": "ConfigMap", "select": "owned"},
        "nodes": {"group": "", "kind": "Service", "select": "cluster"},
        "image": {"group": "", "kind": "Secret", "select": "ref:/spec/imageRef"}}}]})");
  json["name"] = name;
  if (!backend.empty()) {
    json["reconciles"][0]["when"] = {{"path", "/spec/backend/" + backend}, {"exists", true}};
  }
  auto manifest = manifest_from_json(json);
  EXPECT_TRUE(manifest.ok()) << manifest.error().message;
  return *manifest;
}

class ProviderReconcilerTest : public testing::Test {
 protected:
  ProviderReconcilerTest() : store_(make_memory_store()), cache_(*make_watch_cache(*store_)) {}

  ObjectPtr put(const std::string& api_version, const std::string& kind, const std::string& name,
                Json more = Json::object()) {
    Json object = {{"apiVersion", api_version},
                   {"kind", kind},
                   {"metadata", {{"name", name}, {"namespace", "ns"}, {"uid", "uid-" + name}}}};
    object.merge_patch(more);
    const ObjectPtr parsed = *Object::from_json(object);
    return (*store_->commit({{Write::Op::kCreate, parsed->key(), parsed, 0}}))[0];
  }
  void put_machine(Json spec = Json::object(), Json status = Json::object()) {
    put("cluster.x-k8s.io/v1beta2", "Cluster", "c");
    put("cluster.x-k8s.io/v1beta2", "Machine", "m",
        {{"spec", {{"bootstrap", {{"dataSecretName", "m-data"}}}}}});
    put("v1", "Secret", "m-data", {{"data", {{"value", "IyE="}}}});
    put(kMachine.group + "/v1beta2", kMachine.kind, "im",
        {{"metadata",
          {{"labels", {{"cluster.x-k8s.io/cluster-name", "c"}}},
           {"ownerReferences", Json::array({{{"apiVersion", "cluster.x-k8s.io/v1beta2"},
                                             {"kind", "Machine"},
                                             {"name", "m"},
                                             {"uid", "uid-m"},
                                             {"controller", true}}})}}},
         {"spec", spec},
         {"status", status}});
  }
  FakeProvider& add(Manifest manifest) {
    auto provider = std::make_shared<FakeProvider>(std::move(manifest));
    EXPECT_TRUE(registry_.add(provider).ok());
    return *provider;
  }
  Outcome reconcile(const std::string& name = "im") {
    ProviderReconciler reconciler(kMachine, registry_, kinds_);
    auto outcome =
        reconciler.reconcile({kMachine, "ns", name}, {*cache_, clock_, random_, attempt_});
    EXPECT_TRUE(outcome.ok());
    return *std::move(outcome);
  }
  std::string woken_by(const ObjectPtr& changed, const ObjectPtr& previous = nullptr) {
    const EventType type = previous == nullptr ? EventType::kAdded : EventType::kModified;
    std::string out;
    for (const WatchRule& rule : provider_controller(kMachine, registry_, kinds_).watches) {
      if (rule.kind != changed->key().kind || !rule.map) continue;
      for (const ObjectKey& key : rule.map({1, type, changed, previous}, *cache_)) {
        out += key.name + " ";
      }
    }
    return out;
  }

  std::unique_ptr<Store> store_;
  std::unique_ptr<WatchCache> cache_;
  PluginRegistry registry_;
  KindRegistry kinds_;
  ManualClock clock_;
  struct NoRandom final : Random {
    uint64_t next() override { return 4; }
  } random_;
  int attempt_ = 0;
};

TEST_F(ProviderReconcilerTest, the_request_has_object_cluster_owner_bootstrap_data_and_relations) {
  FakeProvider& provider = add(machine_manifest("test"));
  put_machine({{"imageRef", {{"name", "image"}}}});
  put("v1", "Secret", "image");
  put("v1", "ConfigMap", "disk",
      {{"metadata",
        {{"ownerReferences", Json::array({{{"apiVersion", kMachine.group + "/v1beta2"},
                                           {"kind", kMachine.kind},
                                           {"name", "im"},
                                           {"uid", "uid-im"}}})}}}});
  put("v1", "Service", "s", {{"metadata", {{"labels", {{"cluster.x-k8s.io/cluster-name", "c"}}}}}});
  (void)reconcile();
  const auto request = parse_json(provider.last_request);
  ASSERT_TRUE(request.ok()) << provider.last_request;
  const auto name = [&](const char* member) {
    return get_string(*request, {member, "metadata", "name"});
  };
  EXPECT_EQ(name("object"), "im");
  EXPECT_EQ(name("cluster"), "c");
  EXPECT_EQ(name("owner"), "m");
  EXPECT_EQ(name("bootstrapSecret"), "m-data");
  const Json& relations = request->at("relations");
  EXPECT_EQ(relations["volumes"][0]["metadata"]["name"], "disk");
  EXPECT_EQ(relations["nodes"][0]["metadata"]["name"], "s");
  EXPECT_EQ(relations["image"][0]["metadata"]["name"], "image");
  EXPECT_EQ(request->at("now"), format_time(clock_.now()));
  EXPECT_EQ(provider.last_key, "uid-im");
}

TEST_F(ProviderReconcilerTest, a_provisioned_machine_s_request_has_no_bootstrap_data) {
  FakeProvider& provider = add(machine_manifest("test"));
  put_machine({}, {{"initialization", {{"provisioned", true}}}});
  (void)reconcile();
  EXPECT_THAT(provider.last_request, testing::Not(HasSubstr("bootstrapSecret")));
}

TEST_F(ProviderReconcilerTest, an_object_that_is_gone_changes_nothing_and_asks_nobody) {
  FakeProvider& provider = add(machine_manifest("test"));
  EXPECT_TRUE(reconcile("absent").changes.empty());
  EXPECT_EQ(provider.last_request, "");
}

TEST_F(ProviderReconcilerTest, the_reply_becomes_changes) {
  add(machine_manifest("test")).reply = {Code::kOk, R"({"patch":{"status":{"a":1}}})", {}};
  put_machine();
  const Outcome outcome = reconcile();
  ASSERT_EQ(outcome.changes.size(), 1u);
  EXPECT_EQ(outcome.changes[0].op, Change::Op::kPatchStatus);
}

TEST_F(ProviderReconcilerTest, the_failure_of_a_call_that_was_given_up_is_not_told_of_the_object) {
  FakeProvider& provider = add(machine_manifest("test"));
  put_machine({}, {{"conditions", Json::array({{{"type", "Ready"},
                                                {"status", "False"},
                                                {"reason", "ReconcileFailed"},
                                                {"message", "earlier"}}})}});
  ProviderReconciler reconciler(kMachine, registry_, kinds_);
  reconciler.cancel();
  const auto reconcile_cancelled = [&](ProviderReply reply) {
    provider.reply = std::move(reply);
    return reconciler.reconcile({kMachine, "ns", "im"}, {*cache_, clock_, random_, 0}).value();
  };
  const Outcome cut = reconcile_cancelled({Code::kUnavailable, "", {}});
  EXPECT_TRUE(cut.changes.empty());
  EXPECT_TRUE(cut.events.empty());
  EXPECT_TRUE(cut.error.has_value());
}

TEST_F(ProviderReconcilerTest,
       of_a_call_that_was_given_up_counts_what_it_made_and_not_what_it_saw) {
  FakeProvider& provider = add(machine_manifest("test"));
  put_machine();
  ProviderReconciler reconciler(kMachine, registry_, kinds_);
  reconciler.cancel();
  provider.reply = {Code::kOk,
                    R"({"patch": {"metadata": {"annotations": {"made": "server-7"}},
                                  "spec": {"providerID": "test:///7"},
                                  "status": {"ready": false}},
                        "conditions": [{"type": "Available", "status": "False", "reason": "Lost"}],
                        "events": [{"type": "Normal", "reason": "Created", "message": "server 7"},
                                   {"type": "Warning", "reason": "Lost", "message": "no answer"}]})",
                    {}};
  const Outcome outcome =
      reconciler.reconcile({kMachine, "ns", "im"}, {*cache_, clock_, random_, 0}).value();
  ASSERT_EQ(outcome.changes.size(), 1u);
  EXPECT_EQ(outcome.changes[0].op, Change::Op::kPatch);
  EXPECT_EQ(outcome.changes[0].body, (Json{{"metadata", {{"annotations", {{"made", "server-7"}}}}},
                                           {"spec", {{"providerID", "test:///7"}}}}));
  ASSERT_EQ(outcome.events.size(), 1u);
  EXPECT_EQ(outcome.events[0].reason, "Created");
  EXPECT_FALSE(outcome.error.has_value());
}

TEST_F(ProviderReconcilerTest, an_object_whose_provider_is_away_for_a_moment_waits_unchanged) {
  FakeProvider& provider = add(machine_manifest("test"));
  put_machine();
  provider.away_for = std::chrono::seconds(3);
  const Outcome waits = reconcile();
  EXPECT_EQ(waits.postpone, std::chrono::seconds(3));
  EXPECT_TRUE(waits.changes.empty());
  EXPECT_TRUE(waits.events.empty());
  EXPECT_FALSE(waits.error.has_value());
  EXPECT_EQ(provider.last_request, "");
  provider.away_for.reset();
  EXPECT_FALSE(reconcile().postpone.has_value());
  EXPECT_NE(provider.last_request, "");
}

TEST_F(ProviderReconcilerTest, the_plugin_whose_when_holds_takes_the_object) {
  FakeProvider& docker = add(machine_manifest("docker", "docker"));
  FakeProvider& memory = add(machine_manifest("memory", "memory"));
  put_machine({{"backend", {{"memory", {{"size", 1}}}}}});
  (void)reconcile();
  EXPECT_EQ(docker.last_request, "");
  EXPECT_NE(memory.last_request, "");
}

TEST_F(ProviderReconcilerTest, an_object_that_nobody_takes_says_which_plugin_would) {
  add(machine_manifest("docker", "docker"));
  registry_.add_known(machine_manifest("memory", "memory"));
  put_machine({{"backend", {{"memory", {{"size", 1}}}}}});
  const Outcome outcome = reconcile();
  ASSERT_EQ(outcome.changes.size(), 1u);
  const Json& ready = outcome.changes[0].body["status"]["conditions"][0];
  EXPECT_EQ(ready["reason"], "BackendNotEnabled");
  EXPECT_THAT(ready["message"].get<std::string>(), HasSubstr("plugin \"memory\" would take"));
}

TEST_F(ProviderReconcilerTest, two_plugins_cannot_take_all_objects_of_a_kind) {
  add(machine_manifest("one"));
  const auto second = registry_.add(std::make_shared<FakeProvider>(machine_manifest("two")));
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message,
              HasSubstr("\"two\" and \"one\" both reconcile all TestMachine"));
}

TEST_F(ProviderReconcilerTest, owner_cluster_and_relations_wake_the_object) {
  add(machine_manifest("test"));
  put_machine({{"imageRef", {{"name", "image"}}}});
  EXPECT_EQ(woken_by(cache_->get({{"cluster.x-k8s.io", "Cluster"}, "ns", "c"})), "im ");
  EXPECT_EQ(woken_by(cache_->get({{"cluster.x-k8s.io", "Machine"}, "ns", "m"})), "im ");
  EXPECT_EQ(woken_by(put("v1", "Secret", "image")), "im ");
  EXPECT_EQ(woken_by(put("v1", "Secret", "another")), "");
  EXPECT_EQ(woken_by(put("v1", "Service", "s",
                         {{"metadata", {{"labels", {{"cluster.x-k8s.io/cluster-name", "c"}}}}}})),
            "im ");
  EXPECT_EQ(
      woken_by(put("v1", "ConfigMap", "disk",
                   {{"metadata",
                     {{"ownerReferences", Json::array({{{"apiVersion", kMachine.group + "/v1beta2"},
                                                        {"kind", kMachine.kind},
                                                        {"name", "im"},
                                                        {"uid", "uid-im"}}})}}}})),
      "im ");
}

TEST_F(ProviderReconcilerTest, of_its_cluster_and_machine_only_what_providers_wait_for_wakes_it) {
  add(machine_manifest("test"));
  put_machine();
  const auto changed_by = [&](const char* kind, const char* name, const Json& patch) {
    const ObjectPtr before = cache_->get({{"cluster.x-k8s.io", kind}, "ns", name});
    Json after = *before->tree();
    after.merge_patch(patch);
    return woken_by(*Object::from_json(after), before);
  };
  const Json condition = {{"type", "Available"}, {"status", "True"}};
  const Json unimportant = {{"conditions", Json::array({condition})}, {"phase", "Provisioned"}};
  const Json provisioned = {{"initialization", {{"infrastructureProvisioned", true}}}};
  EXPECT_EQ(changed_by("Cluster", "c", {{"status", unimportant}}), "");
  EXPECT_EQ(changed_by("Cluster", "c", {{"status", provisioned}}), "im ");
  EXPECT_EQ(changed_by("Cluster", "c", {{"metadata", {{"generation", 2}}}}), "im ");
  EXPECT_EQ(changed_by("Cluster", "c", {{"metadata", {{"annotations", {{"a", "b"}}}}}}), "im ");
  EXPECT_EQ(changed_by("Machine", "m", {{"status", unimportant}}), "");
  EXPECT_EQ(changed_by("Machine", "m", {{"status", {{"nodeRef", {{"name", "n"}}}}}}), "im ");
  EXPECT_EQ(changed_by("Machine", "m", {{"metadata", {{"labels", {{"a", "b"}}}}}}), "im ");
}

TEST_F(ProviderReconcilerTest, the_lowest_concurrency_of_its_providers_counts) {
  add(machine_manifest("test"));
  const ControllerOptions options = provider_controller(kMachine, registry_, kinds_);
  EXPECT_EQ(options.concurrency, 4);
  EXPECT_EQ(options.reconciler->name(), "testmachine");
}

TEST_F(ProviderReconcilerTest, admission_merges_defaults_and_names_the_field_that_is_wrong) {
  FakeProvider& provider = add(machine_manifest("test"));
  PluginAdmission admission(registry_, clock_);
  Kind kind;
  kind.id = kMachine;
  Json object = {{"spec", {{"size", 1}}}};
  provider.reply = {Code::kOk, R"({"spec":{"colour":"blue"}})", {}};
  ASSERT_TRUE(admission.admit(kind, object, nullptr).ok());
  EXPECT_EQ(object, Json::parse(R"({"spec":{"size":1,"colour":"blue"}})"));

  provider.reply = {Code::kInvalid, "", {{false, "too big", "", "/spec/disks/0/size", {}, true}}};
  const auto refused = admission.admit(kind, object, nullptr);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.code(), Code::kInvalid);
  ASSERT_EQ(refused.error().fields.size(), 1u);
  EXPECT_EQ(refused.error().fields[0].field, "spec.disks[0].size");

  provider.reply = {Code::kUnimplemented, "", {}};
  EXPECT_TRUE(admission.admit(kind, object, nullptr).ok());
  kind.id.kind = "Other";
  provider.reply = {Code::kInvalid, "", {}};
  EXPECT_TRUE(admission.admit(kind, object, nullptr).ok());
}

}  // namespace
}  // namespace capstan
