// The layer for external resources: observe, create, update, remove.
#include <capstan/external_resource.h>
#include <capstan/testing.h>
#include <gtest/gtest.h>

namespace capstan::sdk {
namespace {

struct Outside {
  bool exists = false;
  bool up_to_date = true;
  bool lose_result = false;  // create() works, and its answer is lost with the process
  int created = 0, updated = 0, removed = 0;
};
Outside* outside = nullptr;  // of the plugin that is made next
bool found_by_uid = true;    // likewise

class Bucket : public ExternalResource {
 public:
  Bucket(Outside& o)
      : ExternalResource(
            {.kind = "Bucket", .named_by_object = found_by_uid, .found_by_uid = found_by_uid}),
        outside_(o) {}

 protected:
  Expected<Observation> observe(const ResourceContext& resource) override {
    const bool known = found_by_uid || !resource.external_name().empty();
    return Observation{.exists = outside_.exists && known,
                       .up_to_date = outside_.up_to_date,
                       .difference = "size: 1 -> 2",
                       .at_provider = {{"size", 2}},
                       .connection = {{"url", "https://bucket"}}};
  }
  Step<Creation> create(const ResourceContext&) override {
    ++outside_.created;
    outside_.exists = true;
    if (outside_.lose_result) throw std::runtime_error("the process ends here");
    return Creation{.external_name = "b-17"};
  }
  Step<Done> update(const ResourceContext&, const Observation&) override {
    ++outside_.updated;
    outside_.up_to_date = true;
    return Done{};
  }
  Step<Done> remove(const ResourceContext&) override {
    ++outside_.removed;
    outside_.exists = false;
    return Done{};
  }

 private:
  Outside& outside_;
};

class BucketPlugin {
 public:
  BucketPlugin() : buckets_(*outside) {}
  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    return buckets_.reconcile(request, reply, call);
  }

 private:
  Bucket buckets_;
};

class ExternalResourceTest : public testing::Test {
 protected:
  void make(bool by_uid, Json spec = Json::object()) {
    outside = &world;
    found_by_uid = by_uid;
    plugin = std::make_unique<PluginUnderTest<BucketPlugin>>(host);
    Json object = {{"apiVersion", "test/v1"},
                   {"kind", "Bucket"},
                   {"metadata", {{"name", "one"}, {"namespace", "ns"}, {"uid", "u1"}}},
                   {"spec", std::move(spec)}};
    bucket = std::make_unique<ReconciledObject<BucketPlugin>>(*plugin, std::move(object));
  }
  Outside world;
  FakeHost host;
  std::unique_ptr<PluginUnderTest<BucketPlugin>> plugin;
  std::unique_ptr<ReconciledObject<BucketPlugin>> bucket;
};

TEST_F(ExternalResourceTest, it_is_named_made_and_becomes_ready_and_synced) {
  make(true);
  bucket->step();
  EXPECT_EQ(annotation_of(bucket->object, kExternalNameAnnotation), "one");
  EXPECT_EQ(world.created, 0);
  bucket->run(4);
  EXPECT_EQ(bucket->condition("Ready"), "True");
  EXPECT_EQ(bucket->condition("Synced"), "True");
  EXPECT_EQ(int_at(bucket->object, "status/atProvider/size"), 2);
  EXPECT_EQ(world.created, 1);
}

TEST_F(ExternalResourceTest, drift_is_corrected_unless_the_policy_forbids_it) {
  make(true);
  bucket->run(4);
  world.up_to_date = false;
  bucket->step();
  EXPECT_EQ(world.updated, 1);
  EXPECT_EQ(bucket->last.reply["events"][0]["message"], "size: 1 -> 2");

  bucket->object["spec"]["managementPolicies"] = {"Observe"};
  world.up_to_date = false;
  bucket->step();
  EXPECT_EQ(world.updated, 1);
}

TEST_F(ExternalResourceTest, observe_only_never_makes_what_is_missing) {
  make(true, {{"managementPolicies", {"Observe"}}});
  bucket->run(4);
  EXPECT_EQ(bucket->reason("Synced"), "ExternalResourceMissing");
  EXPECT_EQ(world.created, 0);
}

TEST_F(ExternalResourceTest, an_empty_policy_and_the_paused_annotation_stop_everything) {
  make(true, {{"managementPolicies", Json::array()}});
  bucket->run(3);
  EXPECT_EQ(bucket->reason("Synced"), "ReconcilePaused");
  EXPECT_FALSE(bucket->object["metadata"].contains("finalizers"));
}

TEST_F(ExternalResourceTest, deletion_removes_it_or_leaves_an_orphan) {
  make(true);
  bucket->run(4);
  bucket->ask_deletion();
  bucket->step();
  EXPECT_TRUE(bucket->gone());
  EXPECT_EQ(world.removed, 1);

  world = {};
  make(true, {{"deletionPolicy", "Orphan"}});
  bucket->run(4);
  bucket->ask_deletion();
  bucket->step();
  EXPECT_TRUE(bucket->gone());
  EXPECT_EQ(world.removed, 0);
}

TEST_F(ExternalResourceTest, connection_details_go_to_the_secret_that_it_names) {
  make(true, {{"writeConnectionSecretToRef", {{"name", "conn"}}}});
  bucket->run(4);
  const Json& secret = bucket->last.reply["apply"][0];
  EXPECT_EQ(string_at(secret, "metadata/name"), "conn");
  EXPECT_EQ(string_at(secret, "metadata/namespace"), "ns");
  EXPECT_EQ(base64_decode(string_at(secret, "data/url")), "https://bucket");
}

TEST_F(ExternalResourceTest, a_provider_s_own_id_is_announced_made_and_kept) {
  make(false);
  bucket->run(6);
  EXPECT_EQ(annotation_of(bucket->object, kExternalNameAnnotation), "b-17");
  EXPECT_EQ(bucket->condition("Ready"), "True");
  EXPECT_EQ(world.created, 1);
}

TEST_F(ExternalResourceTest, a_reply_that_was_not_committed_is_given_again_without_a_second_one) {
  make(false);
  bucket->run(2);  // finalizer, announcement
  const Json before = bucket->object;
  bucket->step();
  ASSERT_EQ(world.created, 1);
  bucket->object = before;  // the commit lost a race
  bucket->run(3);
  EXPECT_EQ(world.created, 1);
  EXPECT_EQ(annotation_of(bucket->object, kExternalNameAnnotation), "b-17");
}

TEST_F(ExternalResourceTest, a_creation_whose_end_nobody_knows_is_not_repeated) {
  make(false);
  bucket->run(2);
  world.lose_result = true;
  const Json before = bucket->object;
  bucket->step();
  ASSERT_EQ(world.created, 1);
  world.lose_result = false;
  bucket->object = before;
  bucket->step();
  EXPECT_EQ(world.created, 1) << "the same process does not know either";
  const Outside kept = world;
  make(false);  // the process starts again
  world = kept;
  bucket->object = before;
  bucket->step();
  EXPECT_EQ(world.created, 1);
  EXPECT_EQ(bucket->reason("Synced"), "CreationResultUnknown");
  EXPECT_TRUE(bucket->last.diagnostics[0].terminal);
}

}  // namespace
}  // namespace capstan::sdk
