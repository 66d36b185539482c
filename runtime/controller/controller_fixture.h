// A store, cache and service with ConfigMaps and Events, for the tests of this component.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "runtime/controller/manager.h"
#include "runtime/resource/resource_service.h"

namespace capstan {

inline const GroupKind kConfigMap{"", "ConfigMap"};
inline const GroupKind kEvent{"", "Event"};

class ControllerFixture : public testing::Test {
 protected:
  ControllerFixture() : store(make_memory_store()), cache(make_watch_cache(*store).value()) {
    kinds.put(open_kind("ConfigMap", "configmaps", true));
    kinds.put(open_kind("Event", "events", true));
    kinds.put(open_kind("Namespace", "namespaces", false));
    resources = make_resource_service({*store, *cache, kinds, clock, random, {}, {}});
    const auto made = resources->create({kinds.find({"", "Namespace"}), "", "", "default"},
                                        {{"metadata", {{"name", "default"}}}}, {});
    EXPECT_TRUE(made.ok()) << made.error().message;
  }

  // A kind of the core group that takes any fields.
  static KindPtr open_kind(const std::string& name, const std::string& plural, bool namespaced) {
    const Json schema = {{"type", "object"}, {"x-kubernetes-preserve-unknown-fields", true}};
    const Json crd = {
        {"metadata", {{"name", plural}, {"annotations", {{"capstan.dev/builtin", "true"}}}}},
        {"spec",
         {{"group", ""},
          {"scope", namespaced ? "Namespaced" : "Cluster"},
          {"names", {{"kind", name}, {"plural", plural}}},
          {"versions",
           {{{"name", "v1"},
             {"served", true},
             {"storage", true},
             {"schema", {{"openAPIV3Schema", schema}}}}}}}}};
    return Kind::from_crd(crd).value();
  }

  ObjectPtr create(const std::string& name, Json extra = Json::object()) {
    Json body = {{"apiVersion", "v1"},
                 {"kind", "ConfigMap"},
                 {"metadata", {{"name", name}, {"namespace", "default"}}}};
    merge_patch(body, extra);
    auto created = resources->create({kinds.find(kConfigMap), "", "default", name}, body, {});
    EXPECT_TRUE(created.ok()) << created.error().message;
    return created.ok() ? *created : nullptr;
  }

  void patch(const std::string& name, const Json& body) {
    const auto patched = resources->patch({kinds.find(kConfigMap), "", "default", name},
                                          PatchType::kMerge, body, {});
    EXPECT_TRUE(patched.ok()) << patched.error().message;
  }

  void remove(const std::string& name, Propagation propagation = Propagation::kBackground) {
    DeleteOptions options;
    options.propagation = propagation;
    const auto removed = resources->remove({kinds.find(kConfigMap), "", "default", name}, options);
    EXPECT_TRUE(removed.ok()) << removed.error().message;
  }

  ObjectPtr get(const std::string& name) const { return cache->get(key(name)); }
  static ObjectKey key(const std::string& name) { return {kConfigMap, "default", name}; }

  ManualClock clock;
  SeededRandom random{1};
  KindRegistry kinds;
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchCache> cache;
  std::unique_ptr<ResourceService> resources;
};

// A reconciler that is a function.
class FunctionReconciler final : public Reconciler {
 public:
  using Function = std::function<Result<Outcome>(const ObjectKey&, const ReconcileContext&)>;
  explicit FunctionReconciler(Function function, std::string name = "test")
      : function_(std::move(function)), name_(std::move(name)) {}
  std::string name() const override { return name_; }
  Result<Outcome> reconcile(const ObjectKey& key, const ReconcileContext& context) override {
    return function_(key, context);
  }

 private:
  Function function_;
  std::string name_;
};

}  // namespace capstan
