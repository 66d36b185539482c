// The ResourceService. Its members are spread over create.cc, update.cc, patch.cc, scale.cc,
// remove.cc and deletion.cc. Private to the component.
#pragma once

#include <array>
#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "runtime/resource/object_shape.h"
#include "runtime/resource/resource_service.h"
#include "runtime/resource/version_converter.h"

namespace capstan {

class ResourceServiceImpl final : public ResourceService {
 public:
  explicit ResourceServiceImpl(ResourceServiceOptions options);

  Result<ObjectPtr> create(const ResourceRef& ref, Json object,
                           const WriteOptions& options) override;
  Result<ObjectPtr> update(const ResourceRef& ref, Json object,
                           const WriteOptions& options) override;
  Result<ObjectPtr> patch(const ResourceRef& ref, PatchType type, const Json& patch,
                          const WriteOptions& options, bool* created) override;
  Result<ObjectPtr> patch_with_status(const ResourceRef& ref, const Json& patch, const Json& status,
                                      const WriteOptions& options) override;
  Result<ObjectPtr> remove(const ResourceRef& ref, const DeleteOptions& options,
                           bool* removed) override;
  Result<ObjectPtr> get(const ResourceRef& ref) const override;
  Result<ObjectPtr> get_scale(const ResourceRef& ref) const override;
  Result<ObjectPtr> convert(const ObjectPtr& object, const Kind& kind,
                            const std::string& version) const override;
  Result<void> resume_deletions() override;

  KindRegistry& kinds() override { return options_.kinds; }
  WatchCache& cache() override { return options_.cache; }
  Clock& clock() override { return options_.clock; }
  SchemaCache& schemas() override { return *options_.schemas; }

 private:
  // A reference whose kind and version were looked up.
  struct Target {
    KindPtr kind;
    const KindVersion* version = nullptr;  // of *kind
    ObjectKey key;
    std::string api_version;  // that the caller speaks

    bool is_storage() const { return version->storage && kind->stored_as.empty(); }
  };
  Result<Target> resolve(const ResourceRef& ref) const;
  Result<ObjectPtr> live_object(const Target& target) const;
  Result<ObjectPtr> to_caller(const Target& target, const ObjectPtr& stored) const;

  // create.cc
  Result<ObjectPtr> create_named(Target& target, Json object, const WriteOptions& options,
                                 bool applied);
  // What a new object is in: its namespace and its CRD; null where there is none.
  using Surroundings = std::array<ObjectPtr, 2>;
  Result<Surroundings> surroundings(const Target& target) const;
  Result<Json> finish_new(const Target& target, Json object, const WriteOptions& options,
                          bool applied);

  // update.cc
  // Replaces `live` by `next` (in the caller's version) as far as the subresource allows.
  Result<ObjectPtr> replace(const Target& target, const ObjectPtr& live, Json next,
                            const WriteOptions& options, bool applied);
  // The same without the commit: what is to be stored. `live_tree` is the state to build on, which
  // may be ahead of `live`.
  Result<Json> successor(const Target& target, const Object& live, const Json& live_tree, Json next,
                         const WriteOptions& options, bool applied);
  Result<Json> finish_successor(const Target& target, const Json& live, Json next,
                                const WriteOptions& options, bool applied);
  Result<ObjectPtr> commit_successor(const Target& target, const ObjectPtr& live, Json next,
                                     bool dry_run);
  Result<void> run_rules(const Target& target, Json& object, const Json* old);
  Result<void> set_managed_fields(const Target& target, const Json* live, Json& object,
                                  const WriteOptions& options);
  Writer writer_of(const Target& target, const WriteOptions& options) const;
  void after_write(const Kind& kind, const ObjectPtr& stored);

  // patch.cc
  Result<ObjectPtr> patch_once(const Target& target, PatchType type, const Json& patch,
                               const WriteOptions& options, bool* created);
  Result<ObjectPtr> patch_with_status_once(const Target& target, const Json& patch,
                                           const Json& status, const WriteOptions& options);
  Result<ObjectPtr> apply_once(Target& target, const Json& applied, const WriteOptions& options,
                               bool* created);

  // scale.cc
  Result<ObjectPtr> scale_of(const Target& target, const ObjectPtr& stored) const;
  Result<ObjectPtr> replace_scale(const Target& target, const ObjectPtr& live, const Json& scale,
                                  const WriteOptions& options);

  // remove.cc
  Result<ObjectPtr> remove_once(const Target& target, const DeleteOptions& options, bool* removed);
  Result<ObjectPtr> erase(const Kind& kind, const ObjectPtr& live);

  // deletion.cc: namespaces and CRDs that go with what is in them
  Result<ObjectPtr> begin_namespace_deletion(const Target& target, const ObjectPtr& live);
  Result<ObjectPtr> begin_crd_deletion(const Target& target, const ObjectPtr& live);
  void empty(const KindPtr& kind, const ListOptions& where);
  bool begin_emptying(const std::string& what);
  void end_emptying(const std::string& what);
  void empty_namespace(const std::string& ns);
  void empty_kind(const ObjectPtr& crd);
  void finish_namespace(const std::string& ns);
  void finish_crd(const ObjectPtr& crd);
  bool namespace_is_empty(const std::string& ns) const;
  void after_erase(const Kind& kind, const ObjectPtr& last);

  ResourceServiceOptions options_;
  VersionConverter converter_;
  ObjectShape shape_;
  // How many namespaces and CRDs wait for their objects to go.
  std::atomic<int> deletions_{0};
  std::mutex emptying_mutex_;
  std::set<std::string> emptying_;  // namespaces and CRDs whose objects are being deleted just now
};

}  // namespace capstan
