#include "runtime/resource/resource_service.h"

#include <gtest/gtest.h>

#include "runtime/object/conditions.h"
#include "runtime/object/object_tree.h"

namespace capstan {
namespace {

const GroupKind kWidget{"example.com", "Widget"};

Json widget_crd() {
  return Json::parse(R"({
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "widgets.example.com"},
    "spec": {"group": "example.com", "scope": "Namespaced",
      "names": {"kind": "Widget", "plural": "widgets"},
      "versions": [
        {"name": "v1", "served": true, "storage": true,
         "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.replicas",
           "statusReplicasPath": ".status.replicas", "labelSelectorPath": ".status.selector"}},
         "schema": {"openAPIV3Schema": {"type": "object", "properties": {
           "spec": {"type": "object", "properties": {
             "color": {"type": "string", "default": "red"},
             "replicas": {"type": "integer", "minimum": 0}}},
           "status": {"type": "object", "properties": {
             "replicas": {"type": "integer"}, "selector": {"type": "string"}}}}}}},
        {"name": "v1alpha1", "served": true, "storage": false,
         "subresources": {"status": {}},
         "schema": {"openAPIV3Schema": {"type": "object",
           "x-kubernetes-preserve-unknown-fields": true}}}]}})");
}

class ResourceServiceTest : public ::testing::Test {
 protected:
  ResourceServiceTest() {
    cache_ = *make_watch_cache(*store_);
    service_ = make_resource_service({*store_, *cache_, kinds_, clock_, random_, {}, {}, {}});
    const std::vector<Json> builtin = *builtin_kind_documents();
    const std::vector<Json> bundled = {widget_crd()};
    BootOptions boot;
    boot.builtin_kinds = builtin;
    boot.bundled_crds = bundled;
    const auto booted = boot_resources(*service_, boot);
    EXPECT_TRUE(booted.ok()) << booted.error().message;
  }

  ResourceRef ref(const GroupKind& kind, const std::string& name, const std::string& ns = "default",
                  const std::string& version = "") {
    return {kinds_.find(kind), version, ns, name};
  }
  ResourceRef widget(const std::string& name, const std::string& version = "") {
    return ref(kWidget, name, "default", version);
  }
  ObjectPtr create(const std::string& name, Json object = Json::object()) {
    object["metadata"]["name"] = name;
    auto created = service_->create(widget(name), std::move(object), options_);
    EXPECT_TRUE(created.ok()) << created.error().message;
    return created.ok() ? *created : nullptr;
  }
  ObjectPtr patch(const std::string& name, const Json& patch, const std::string& subresource = "") {
    WriteOptions options = options_;
    options.subresource = subresource;
    auto patched = service_->patch(widget(name), PatchType::kMerge, patch, options);
    EXPECT_TRUE(patched.ok()) << patched.error().message;
    return patched.ok() ? *patched : nullptr;
  }

  ManualClock clock_;
  SeededRandom random_{1};
  std::unique_ptr<Store> store_ = make_memory_store();
  std::unique_ptr<WatchCache> cache_;
  KindRegistry kinds_;
  std::unique_ptr<ResourceService> service_;
  WriteOptions options_;
};

TEST_F(ResourceServiceTest, a_create_prunes_defaults_and_drops_the_status) {
  options_.field_validation = FieldValidation::kIgnore;
  const ObjectPtr made =
      create("w", {{"spec", {{"replicas", 2}, {"unknown", 1}}}, {"status", {{"replicas", 9}}}});
  EXPECT_EQ(made->tree()->at("spec"), Json({{"color", "red"}, {"replicas", 2}}));
  EXPECT_FALSE(made->tree()->contains("status"));
  EXPECT_EQ(made->meta().generation, 1);
  EXPECT_FALSE(made->meta().uid.empty());
  EXPECT_EQ(made->api_version(), "example.com/v1");
}

TEST_F(ResourceServiceTest, unknown_fields_are_refused_told_or_dropped) {
  const Json object = {{"metadata", {{"name", "w"}}}, {"spec", {{"size", 1}}}};
  const auto strict = service_->create(widget("w"), object, options_);
  EXPECT_EQ(strict.code(), Code::kInvalid);
  EXPECT_EQ(
      strict.error().message,
      "Widget in version \"v1\" cannot be handled as a Widget: strict decoding error: unknown "
      "field \"spec.size\"");
  std::vector<std::string> warnings;
  options_.field_validation = FieldValidation::kWarn;
  options_.warnings = &warnings;
  EXPECT_TRUE(service_->create(widget("w"), object, options_).ok());
  EXPECT_EQ(warnings, std::vector<std::string>{"unknown field \"spec.size\""});
}

TEST_F(ResourceServiceTest, generation_follows_the_desired_state_alone) {
  create("w", {{"spec", {{"replicas", 1}}}});
  EXPECT_EQ(patch("w", {{"metadata", {{"labels", {{"a", "b"}}}}}})->meta().generation, 1);
  EXPECT_EQ(patch("w", {{"status", {{"replicas", 1}}}}, "status")->meta().generation, 1);
  EXPECT_EQ(patch("w", {{"spec", {{"replicas", 2}}}})->meta().generation, 2);
}

TEST_F(ResourceServiceTest, status_and_the_rest_are_written_apart) {
  create("w", {{"spec", {{"replicas", 1}}}});
  const Json both = {{"spec", {{"replicas", 5}}}, {"status", {{"replicas", 5}}}};
  const ObjectPtr status = patch("w", both, "status");
  EXPECT_EQ(get_int(*status->tree(), {"spec", "replicas"}), 1);
  EXPECT_EQ(get_int(*status->tree(), {"status", "replicas"}), 5);
  const ObjectPtr main = patch("w", {{"spec", {{"replicas", 7}}}, {"status", {{"replicas", 7}}}});
  EXPECT_EQ(get_int(*main->tree(), {"spec", "replicas"}), 7);
  EXPECT_EQ(get_int(*main->tree(), {"status", "replicas"}), 5);
}

TEST_F(ResourceServiceTest, a_patch_and_its_status_are_one_write_with_the_effect_of_two) {
  create("two", {{"spec", {{"replicas", 1}}}});
  create("one", {{"spec", {{"replicas", 1}}}});
  const Json spec = {{"spec", {{"replicas", 2}}}, {"metadata", {{"labels", {{"a", "b"}}}}}};
  const Json status = {{"status", {{"replicas", 5}}}, {"spec", {{"replicas", 9}}}};
  patch("two", spec);
  const Json two = *patch("two", status, "status")->tree();
  const Revision before = cache_->revision();
  const auto both = service_->patch_with_status(widget("one"), spec, status, options_);
  ASSERT_TRUE(both.ok()) << both.error().message;
  EXPECT_EQ(cache_->revision(), before + 1);
  const Json one = *(*both)->tree();
  EXPECT_EQ(one["spec"], two["spec"]);
  EXPECT_EQ(one["status"], two["status"]);
  EXPECT_EQ(one["metadata"]["generation"], two["metadata"]["generation"]);
  EXPECT_EQ(managed_fields_of(one), managed_fields_of(two));
}

TEST_F(ResourceServiceTest, a_status_that_comes_with_a_new_spec_has_observed_it) {
  Json crd = widget_crd();
  crd["metadata"]["name"] = "gadgets.example.com";
  crd["spec"]["names"] = {{"kind", "Gadget"}, {"plural", "gadgets"}};
  for (Json& version : crd["spec"]["versions"]) {
    version["schema"]["openAPIV3Schema"] = {{"type", "object"},
                                            {"x-kubernetes-preserve-unknown-fields", true}};
  }
  const ResourceRef crds = ref({"apiextensions.k8s.io", "CustomResourceDefinition"}, "", "");
  ASSERT_TRUE(service_->create(crds, crd, options_).ok());
  const ResourceRef gadget = ref({"example.com", "Gadget"}, "g");
  ASSERT_TRUE(service_->create(gadget, {{"spec", {{"a", 1}}}}, options_).ok());
  const Json status = Json::parse(R"({"status": {"observedGeneration": 1,
    "conditions": [{"type": "Ready", "observedGeneration": 1}, {"type": "Old"}]}})");
  const auto both = service_->patch_with_status(gadget, {{"spec", {{"a", 2}}}}, status, options_);
  ASSERT_TRUE(both.ok()) << both.error().message;
  EXPECT_EQ((*both)->meta().generation, 2);
  const JsonPtr tree = (*both)->tree();
  EXPECT_EQ((*tree)["status"]["observedGeneration"], 2);
  EXPECT_EQ((*tree)["status"]["conditions"][0]["observedGeneration"], 2);
  EXPECT_FALSE((*tree)["status"]["conditions"][1].contains("observedGeneration"));
}

TEST_F(ResourceServiceTest, a_patch_whose_status_is_wrong_changes_nothing) {
  create("w");
  const Revision before = cache_->revision();
  const auto both = service_->patch_with_status(widget("w"), {{"spec", {{"replicas", 2}}}},
                                                {{"status", {{"replicas", "x"}}}}, options_);
  EXPECT_EQ(both.code(), Code::kInvalid);
  EXPECT_EQ(cache_->revision(), before);
}

TEST_F(ResourceServiceTest, an_object_that_goes_with_its_last_finalizer_gets_no_status) {
  create("w", {{"metadata", {{"finalizers", {"a/b"}}}}});
  ASSERT_TRUE(service_->remove(widget("w"), {}).ok());
  const auto both =
      service_->patch_with_status(widget("w"), {{"metadata", {{"finalizers", nullptr}}}},
                                  {{"status", {{"replicas", 1}}}}, options_);
  ASSERT_TRUE(both.ok()) << both.error().message;
  EXPECT_EQ(cache_->get({kWidget, "default", "w"}), nullptr);
}

TEST_F(ResourceServiceTest, managed_fields_can_be_patched_and_reset) {
  create("w", {{"spec", {{"replicas", 1}}}});
  const auto json_patch = [&](const Json& operations) {
    return service_->patch(widget("w"), PatchType::kJson, operations, options_);
  };
  EXPECT_TRUE(
      json_patch(
          Json::parse(
              R"([{"op": "test", "path": "/metadata/managedFields/0/operation", "value": "Update"}])"))
          .ok());
  const ObjectPtr renamed = *json_patch(Json::parse(
      R"([{"op": "replace", "path": "/metadata/managedFields/0/manager", "value": "other"}])"));
  EXPECT_EQ(managed_fields_of(*renamed->tree())[0]["manager"], "other");
  const Json reset = {{"metadata", {{"managedFields", {Json::object()}}}}};
  EXPECT_EQ(managed_fields_of(*patch("w", reset)->tree()), nullptr);
}

TEST_F(ResourceServiceTest, a_write_without_effect_makes_no_revision) {
  const ObjectPtr made = create("w", {{"spec", {{"replicas", 1}}}});
  clock_.advance(std::chrono::seconds(60));
  const Revision before = cache_->revision();
  const ObjectPtr same = patch("w", {{"spec", {{"replicas", 1}}}});
  EXPECT_EQ(same->meta().resource_version, made->meta().resource_version);
  EXPECT_EQ(same->text(), made->text());
  EXPECT_EQ(cache_->revision(), before);
}

TEST_F(ResourceServiceTest, an_update_needs_the_revision_it_is_based_on) {
  const ObjectPtr made = create("w");
  Json next = *made->tree();
  next["metadata"].erase("resourceVersion");
  EXPECT_EQ(service_->update(widget("w"), next, options_).code(), Code::kInvalid);
  patch("w", {{"spec", {{"replicas", 2}}}});
  const auto stale = service_->update(widget("w"), *made->tree(), options_);
  EXPECT_EQ(stale.code(), Code::kConflict);
  EXPECT_EQ(stale.error().message,
            "Operation cannot be fulfilled on widgets.example.com \"w\": the object has been "
            "modified; please apply your changes to the latest version and try again");
}

TEST_F(ResourceServiceTest, identity_cannot_be_written) {
  const ObjectPtr made = create("w");
  Json next = *made->tree();
  next["metadata"]["creationTimestamp"] = "2000-01-01T00:00:00Z";
  next["metadata"]["generation"] = 99;
  const auto updated = service_->update(widget("w"), next, options_);
  ASSERT_TRUE(updated.ok()) << updated.error().message;
  EXPECT_EQ((*updated)->text(), made->text());
  next["metadata"]["uid"] = "other";
  EXPECT_EQ(service_->update(widget("w"), next, options_).code(), Code::kConflict);
}

TEST_F(ResourceServiceTest, an_apply_creates_then_changes) {
  bool created = false;
  const Json applied = {{"spec", {{"replicas", 1}}}};
  options_.manager = "one";
  ASSERT_TRUE(service_->patch(widget("w"), PatchType::kApply, applied, options_, &created).ok());
  EXPECT_TRUE(created);
  options_.manager = "two";
  const auto conflict = service_->patch(widget("w"), PatchType::kApply,
                                        {{"spec", {{"replicas", 2}}}}, options_, &created);
  EXPECT_EQ(conflict.code(), Code::kConflict);
  EXPECT_FALSE(created);
  ASSERT_FALSE(conflict.error().fields.empty());
  EXPECT_EQ(conflict.error().fields[0].field, ".spec.replicas");
  options_.force = true;
  EXPECT_TRUE(
      service_
          ->patch(widget("w"), PatchType::kApply, {{"spec", {{"replicas", 2}}}}, options_, &created)
          .ok());
}

TEST_F(ResourceServiceTest, scale_reads_and_writes_the_paths_of_the_kind) {
  create("w", {{"spec", {{"replicas", 1}}}});
  patch("w", {{"status", {{"replicas", 1}, {"selector", "a=b"}}}}, "status");
  const ObjectPtr scaled = patch("w", {{"spec", {{"replicas", 4}}}}, "scale");
  EXPECT_EQ(scaled->kind(), "Scale");
  const auto scale = service_->get_scale(widget("w"));
  ASSERT_TRUE(scale.ok());
  EXPECT_EQ((*scale)->tree()->at("spec"), Json({{"replicas", 4}}));
  EXPECT_EQ((*scale)->tree()->at("status"), Json({{"replicas", 1}, {"selector", "a=b"}}));
  EXPECT_EQ(service_->get_scale(ref({"", "ConfigMap"}, "c")).code(), Code::kNotFound);
}

TEST_F(ResourceServiceTest, another_version_reads_and_writes_the_same_object) {
  const auto made =
      service_->create(widget("w", "v1alpha1"),
                       {{"metadata", {{"name", "w"}}}, {"spec", {{"replicas", 3}}}}, options_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ((*made)->api_version(), "example.com/v1alpha1");
  const auto stored = service_->get(widget("w"));
  EXPECT_EQ((*stored)->api_version(), "example.com/v1");
  EXPECT_EQ((*stored)->tree()->at("spec"), Json({{"color", "red"}, {"replicas", 3}}));
  EXPECT_EQ(service_->get(widget("w", "v9")).code(), Code::kNotFound);
}

TEST_F(ResourceServiceTest, finalizers_hold_the_object_and_its_end_comes_with_the_last) {
  create("w", {{"metadata", {{"finalizers", {"a.b/c"}}}}});
  bool removed = true;
  const auto held = service_->remove(widget("w"), {}, &removed);
  ASSERT_TRUE(held.ok());
  EXPECT_FALSE(removed);
  EXPECT_TRUE((*held)->meta().deleting());
  EXPECT_EQ((*held)->meta().generation, 2);
  patch("w", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(service_->get(widget("w")).code(), Code::kNotFound);
}

TEST_F(ResourceServiceTest, propagation_is_said_by_a_finalizer) {
  create("w");
  DeleteOptions options;
  options.propagation = Propagation::kForeground;
  EXPECT_TRUE(
      (*service_->remove(widget("w"), options))->meta().has_finalizer("foregroundDeletion"));
  // A second delete that says nothing leaves the deletion that has begun.
  EXPECT_TRUE((*service_->remove(widget("w"), {}))->meta().has_finalizer("foregroundDeletion"));
  options.propagation = Propagation::kBackground;
  EXPECT_TRUE(service_->remove(widget("w"), options).ok());
  EXPECT_EQ(service_->get(widget("w")).code(), Code::kNotFound);
}

TEST_F(ResourceServiceTest, a_dry_run_stores_nothing) {
  options_.dry_run = true;
  create("w");
  EXPECT_EQ(service_->get(widget("w")).code(), Code::kNotFound);
}

TEST_F(ResourceServiceTest, an_object_cannot_grow_beyond_what_a_body_may_have) {
  create("w");
  const std::string megabyte(1024 * 1024, 'x');
  create("free", {{"spec", {{"color", megabyte}}}});
  const auto large = service_->create(
      widget("large"),
      {{"metadata", {{"name", "large"}}}, {"spec", {{"color", megabyte + megabyte + megabyte}}}},
      options_);
  ASSERT_EQ(large.code(), Code::kInvalid);
  ASSERT_EQ(large.error().fields.size(), 1u);
  EXPECT_EQ(large.error().fields[0].reason, "FieldValueTooLong");
  const auto grown =
      service_->patch(widget("w"), PatchType::kMerge,
                      {{"spec", {{"color", megabyte + megabyte + megabyte}}}}, options_);
  EXPECT_EQ(grown.code(), Code::kInvalid);
}

TEST_F(ResourceServiceTest, an_object_needs_its_namespace) {
  const auto made =
      service_->create(ref(kWidget, "w", "nowhere"), {{"metadata", {{"name", "w"}}}}, options_);
  EXPECT_EQ(made.code(), Code::kNotFound);
  EXPECT_EQ(made.error().message, "namespaces \"nowhere\" not found");
}

TEST_F(ResourceServiceTest, a_namespace_waits_for_what_is_held_in_it) {
  const GroupKind kNamespace{"", "Namespace"};
  ASSERT_TRUE(
      service_->create(ref(kNamespace, "n", ""), {{"metadata", {{"name", "n"}}}}, options_).ok());
  for (const char* name : {"free", "held"}) {
    ASSERT_TRUE(
        service_->create(ref(kWidget, name, "n"), {{"metadata", {{"name", name}}}}, options_).ok());
  }
  ASSERT_TRUE(service_
                  ->patch(ref(kWidget, "held", "n"), PatchType::kMerge,
                          {{"metadata", {{"finalizers", {"a.b/c"}}}}}, options_)
                  .ok());
  const auto begun = service_->remove(ref(kNamespace, "n", ""), {});
  ASSERT_TRUE(begun.ok());
  EXPECT_EQ(get_string(*(*begun)->tree(), {"status", "phase"}), "Terminating");
  EXPECT_EQ(service_->get(ref(kWidget, "free", "n")).code(), Code::kNotFound);
  EXPECT_EQ(service_->create(ref(kWidget, "new", "n"), {{"metadata", {{"name", "new"}}}}, options_)
                .code(),
            Code::kPermissionDenied);
  ASSERT_TRUE(service_
                  ->patch(ref(kWidget, "held", "n"), PatchType::kMerge,
                          {{"metadata", {{"finalizers", nullptr}}}}, options_)
                  .ok());
  EXPECT_EQ(service_->get(ref(kNamespace, "n", "")).code(), Code::kNotFound);
}

// Does something while a write is under way.
class MeanwhileAdmission final : public Admission {
 public:
  Result<void> admit(const Kind&, Json&, const Json*) override {
    if (meanwhile != nullptr) std::exchange(meanwhile, nullptr)();
    return {};
  }
  std::function<void()> meanwhile;
};

TEST_F(ResourceServiceTest, a_namespace_that_goes_while_an_object_is_made_for_it_stays_without_it) {
  const GroupKind kNamespace{"", "Namespace"};
  const auto admission = std::make_shared<MeanwhileAdmission>();
  service_ =
      make_resource_service({*store_, *cache_, kinds_, clock_, random_, {admission}, {}, {}});
  ASSERT_TRUE(
      service_->create(ref(kNamespace, "n", ""), {{"metadata", {{"name", "n"}}}}, options_).ok());
  ASSERT_TRUE(service_
                  ->create(ref(kWidget, "held", "n"),
                           {{"metadata", {{"name", "held"}, {"finalizers", {"a.b/c"}}}}}, options_)
                  .ok());
  admission->meanwhile = [&] { ASSERT_TRUE(service_->remove(ref(kNamespace, "n", ""), {}).ok()); };
  const auto late =
      service_->create(ref(kWidget, "w", "n"), {{"metadata", {{"name", "w"}}}}, options_);
  ASSERT_EQ(late.code(), Code::kPermissionDenied);
  EXPECT_EQ(late.error().message,
            "widgets.example.com \"w\" is forbidden: unable to create new content in namespace n "
            "because it is being terminated");
  EXPECT_EQ(cache_->get({kWidget, "n", "w"}), nullptr);
}

TEST_F(ResourceServiceTest, a_crd_that_goes_while_an_object_is_made_of_it_stays_without_it) {
  const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};
  const auto admission = std::make_shared<MeanwhileAdmission>();
  service_ =
      make_resource_service({*store_, *cache_, kinds_, clock_, random_, {admission}, {}, {}});
  create("held", {{"metadata", {{"finalizers", {"a.b/c"}}}}});
  admission->meanwhile = [&] {
    ASSERT_TRUE(service_->remove(ref(kCrd, "widgets.example.com", ""), {}).ok());
  };
  const auto late = service_->create(widget("w"), {{"metadata", {{"name", "w"}}}}, options_);
  EXPECT_EQ(late.code(), Code::kPermissionDenied);
  EXPECT_EQ(cache_->get({kWidget, "default", "w"}), nullptr);
  patch("held", {{"metadata", {{"finalizers", nullptr}}}});
  EXPECT_EQ(cache_->get({kCrd, "", "widgets.example.com"}), nullptr);
}

// Refuses to delete one object for the first time.
class StubbornStore final : public Store {
 public:
  StubbornStore(Store& store, std::string name) : store_(store), name_(std::move(name)) {}
  Result<std::vector<ObjectPtr>> commit(std::vector<Write> writes) override {
    if (writes[0].op == Write::Op::kDelete && writes[0].key.name == name_) {
      name_.clear();
      return Error::unavailable("the disk is busy");
    }
    return store_.commit(std::move(writes));
  }
  Result<Revision> load(const std::function<void(ObjectPtr)>& each, StoreListener seen) override {
    return store_.load(each, std::move(seen));
  }
  Result<std::vector<StoreEvent>> events_after(Revision after) override {
    return store_.events_after(after);
  }
  Revision oldest_resumable() override { return store_.oldest_resumable(); }
  Revision revision() const override { return store_.revision(); }

 private:
  Store& store_;
  std::string name_;
};

TEST_F(ResourceServiceTest, what_could_not_be_deleted_with_its_namespace_is_tried_again) {
  const GroupKind kNamespace{"", "Namespace"};
  StubbornStore stubborn(*store_, "left");
  service_ = make_resource_service({stubborn, *cache_, kinds_, clock_, random_, {}, {}, {}});
  ASSERT_TRUE(
      service_->create(ref(kNamespace, "n", ""), {{"metadata", {{"name", "n"}}}}, options_).ok());
  for (const char* name : {"held", "left"}) {
    ASSERT_TRUE(
        service_->create(ref(kWidget, name, "n"), {{"metadata", {{"name", name}}}}, options_).ok());
  }
  const auto hold = [&](const Json& finalizers) {
    return service_->patch(ref(kWidget, "held", "n"), PatchType::kMerge,
                           {{"metadata", {{"finalizers", finalizers}}}}, options_);
  };
  ASSERT_TRUE(hold({"a.b/c"}).ok());
  ASSERT_TRUE(service_->remove(ref(kNamespace, "n", ""), {}).ok());
  ASSERT_NE(cache_->get({kWidget, "n", "left"}), nullptr);
  ASSERT_TRUE(hold(nullptr).ok());
  EXPECT_EQ(cache_->get({kWidget, "n", "left"}), nullptr);
  EXPECT_EQ(cache_->get({kNamespace, "", "n"}), nullptr);
  service_.reset();
}

TEST_F(ResourceServiceTest, a_crd_is_served_while_it_exists) {
  const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};
  const auto crd = service_->get(ref(kCrd, "widgets.example.com", ""));
  ASSERT_TRUE(crd.ok());
  EXPECT_TRUE(is_condition_true(*(*crd)->tree(), "Established"));
  EXPECT_EQ((*crd)->tree()->at("status").at("storedVersions"), Json::array({"v1"}));
  create("w");
  ASSERT_TRUE(service_->remove(ref(kCrd, "widgets.example.com", ""), {}).ok());
  EXPECT_EQ(kinds_.find(kWidget), nullptr);
  EXPECT_EQ(cache_->count(kWidget), 0u);
  EXPECT_EQ(cache_->get({kCrd, "", "widgets.example.com"}), nullptr);
}

TEST_F(ResourceServiceTest, a_bad_crd_is_refused_with_its_fields) {
  Json crd = widget_crd();
  crd["metadata"]["name"] = "things.example.com";
  crd["spec"]["versions"][0]["storage"] = false;
  const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};
  const auto made = service_->create(ref(kCrd, "things.example.com", ""), crd, options_);
  ASSERT_EQ(made.code(), Code::kInvalid);
  std::vector<std::string> fields;
  for (const FieldError& field : made.error().fields) fields.push_back(field.field);
  EXPECT_EQ(fields, (std::vector<std::string>{"metadata.name", "spec.versions"}));
}

TEST_F(ResourceServiceTest, a_secret_takes_text_and_keeps_its_type) {
  const GroupKind kSecret{"", "Secret"};
  const auto made = service_->create(
      ref(kSecret, "s"), {{"metadata", {{"name", "s"}}}, {"stringData", {{"a", "b"}}}}, options_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ((*made)->tree()->at("data"), Json({{"a", "Yg=="}}));
  EXPECT_FALSE((*made)->tree()->contains("stringData"));
  EXPECT_EQ(
      service_->patch(ref(kSecret, "s"), PatchType::kMerge, {{"type", "other"}}, options_).code(),
      Code::kInvalid);
}

TEST_F(ResourceServiceTest, both_faces_of_an_event_are_one_object) {
  const GroupKind kGroupEvent{"events.k8s.io", "Event"};
  const auto made = service_->create(ref(kGroupEvent, "e"),
                                     {{"metadata", {{"name", "e"}}},
                                      {"eventTime", "2026-01-02T03:04:05.000000Z"},
                                      {"reportingController", "c"},
                                      {"note", "text"},
                                      {"regarding", {{"kind", "Widget"}, {"name", "w"}}}},
                                     options_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(get_string(*(*made)->tree(), {"note"}), "text");
  const auto core = service_->get(ref({"", "Event"}, "e"));
  ASSERT_TRUE(core.ok());
  EXPECT_EQ((*core)->api_version(), "v1");
  EXPECT_EQ(get_string(*(*core)->tree(), {"message"}), "text");
  EXPECT_EQ(get_string(*(*core)->tree(), {"involvedObject", "name"}), "w");
}

TEST_F(ResourceServiceTest, embedded_kinds_are_written_only_where_they_changed) {
  const auto document = [](int number, const std::string& about) {
    const std::string letter(1, static_cast<char>('a' + number));
    return Json::parse(R"({"apiVersion": "apiextensions.k8s.io/v1",
      "kind": "CustomResourceDefinition", "metadata": {"name": "gear)" +
                       letter + R"(s.test.example"},
      "spec": {"group": "test.example", "scope": "Namespaced",
        "names": {"kind": "Gear)" +
                       letter + R"(", "plural": "gear)" + letter + R"(s"},
        "versions": [{"name": "v1", "served": true, "storage": true,
          "schema": {"openAPIV3Schema": {"type": "object", "description": ")" +
                       about + R"("}}}]}})");
  };
  Json documents = Json::array();
  for (int i = 0; i < 20; ++i) documents.push_back(document(i, "first"));
  BootOptions boot;
  boot.writers = 4;
  std::string text = dump_json(documents);
  boot.embedded_crds = text;
  ASSERT_TRUE(boot_resources(*service_, boot).ok());
  const Revision written = cache_->revision();
  for (int i = 0; i < 20; ++i) {
    const KindPtr kind = kinds_.find({"test.example", "Gear" + std::string(1, 'a' + i)});
    ASSERT_NE(kind, nullptr);
    EXPECT_EQ(*kind->versions[0].schema, R"({"description":"first","type":"object"})");
  }
  ASSERT_TRUE(boot_resources(*service_, boot).ok());
  EXPECT_EQ(cache_->revision(), written);

  documents[7] = document(7, "second");
  text = dump_json(documents);
  boot.embedded_crds = text;
  ASSERT_TRUE(boot_resources(*service_, boot).ok());
  EXPECT_EQ(cache_->revision(), written + 1);
  EXPECT_EQ(*kinds_.find({"test.example", "Gearh"})->versions[0].schema,
            R"({"description":"second","type":"object"})");
}

TEST_F(ResourceServiceTest, what_a_new_version_of_a_bundled_kind_drops_goes) {
  const GroupKind kCrd{"apiextensions.k8s.io", "CustomResourceDefinition"};
  const ResourceRef crd = ref(kCrd, "widgets.example.com", "");
  ASSERT_TRUE(service_
                  ->patch(crd, PatchType::kMerge,
                          {{"metadata", {{"annotations", {{"a.b/mine", "kept"}}}}}}, options_)
                  .ok());
  Json newer = widget_crd();
  newer["spec"]["versions"].erase(1);
  newer["spec"]["names"]["shortNames"] = {"w"};
  const auto boot = [&] {
    const std::vector<Json> bundled = {newer};
    BootOptions again;
    again.bundled_crds = bundled;
    return boot_resources(*service_, again);
  };
  ASSERT_TRUE(boot().ok());
  newer["spec"]["names"].erase("shortNames");
  ASSERT_TRUE(boot().ok());
  const ObjectPtr stored = *service_->get(crd);
  EXPECT_FALSE(stored->tree()->at("spec").at("names").contains("shortNames"));
  EXPECT_EQ(stored->meta().annotation("a.b/mine"), "kept");
}

TEST_F(ResourceServiceTest, booting_again_writes_nothing) {
  const Revision before = cache_->revision();
  KindRegistry kinds;
  const auto service =
      make_resource_service({*store_, *cache_, kinds, clock_, random_, {}, {}, {}});
  const std::vector<Json> builtin = *builtin_kind_documents();
  const std::vector<Json> bundled = {widget_crd()};
  BootOptions boot;
  boot.builtin_kinds = builtin;
  boot.bundled_crds = bundled;
  ASSERT_TRUE(boot_resources(*service, boot).ok());
  EXPECT_EQ(cache_->revision(), before);
  EXPECT_NE(kinds.find(kWidget), nullptr);
}

}  // namespace
}  // namespace capstan
