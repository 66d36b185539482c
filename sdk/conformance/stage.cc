#include "sdk/conformance/stage.h"

#include <utility>

#include "cluster_api_kinds.h"

namespace capstan::conformance {
namespace {

std::unique_ptr<Stage>& left() {
  static std::unique_ptr<Stage> stage;
  return stage;
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::take(const Manifest& manifest) {
  if (left() != nullptr) return std::move(left());
  return make(manifest);
}

void Stage::give_back(std::unique_ptr<Stage> stage) {
  if (stage->clear().ok()) left() = std::move(stage);
}

Result<std::unique_ptr<Stage>> Stage::make(const Manifest& manifest) {
  auto stage = std::make_unique<Stage>();
  stage->store = make_memory_store();
  stage->cache = TRY(make_watch_cache(*stage->store));
  stage->resources = make_resource_service(
      {*stage->store, *stage->cache, stage->kinds, stage->clock, stage->random, {}, {}});
  const std::vector<Json> builtin = TRY(builtin_kind_documents());
  BootOptions boot;
  boot.builtin_kinds = builtin;
  boot.embedded_crds = cluster_api_kinds_json();
  boot.bundled_crds = manifest.kinds;
  TRY(boot_resources(*stage->resources, boot));
  stage->committer = std::make_unique<Committer>(*stage->resources);
  for (const ObjectPtr& object : stage->objects()) stage->first_.insert(object->key());
  return stage;
}

std::vector<ObjectPtr> Stage::objects() const {
  std::vector<ObjectPtr> out;
  for (const KindPtr& kind : kinds.all()) {
    if (!kind->stored_as.empty()) continue;
    for (const ObjectPtr& object : cache->list(kind->id).items) {
      if (!first_.contains(object->key())) out.push_back(object);
    }
  }
  return out;
}

Json Stage::dump() const {
  Json out = Json::array();
  for (const ObjectPtr& object : objects()) out.push_back(*object->tree());
  return out;
}

Result<void> Stage::restore(const Json& objects) {
  std::vector<Write> writes;
  for (const Json& object : objects) {
    const ObjectPtr parsed = TRY(Object::from_json(object));
    writes.push_back({Write::Op::kCreate, parsed->key(), parsed, 0});
  }
  TRY(store->commit(std::move(writes)));
  return {};
}

Result<void> Stage::clear() {
  std::vector<Write> writes;
  for (const ObjectPtr& object : objects()) {
    writes.push_back({Write::Op::kDelete, object->key(), nullptr, 0});
  }
  if (!writes.empty()) TRY(store->commit(std::move(writes)));
  return {};
}

}  // namespace capstan::conformance
