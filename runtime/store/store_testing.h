// Objects and writes for the tests and benchmarks of the store.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "runtime/store/store.h"

namespace capstan::store_testing {

inline const GroupKind kMachines = {"cluster.x-k8s.io", "Machine"};
inline const GroupKind kSecrets = {"", "Secret"};

struct MachineSpec {
  std::string name;
  std::string ns = "default";
  std::string cluster = {};  // the cluster-name label
  std::string owner = {};    // an owner's uid
  int64_t value = 0;         // spec.value
};

inline ObjectPtr machine(const MachineSpec& spec) {
  Json tree = {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
               {"kind", "Machine"},
               {"metadata",
                {{"name", spec.name}, {"namespace", spec.ns}, {"uid", spec.ns + "-" + spec.name}}},
               {"spec", {{"value", spec.value}}}};
  if (!spec.cluster.empty()) {
    tree["metadata"]["labels"]["cluster.x-k8s.io/cluster-name"] = spec.cluster;
  }
  if (!spec.owner.empty()) {
    tree["metadata"]["ownerReferences"] = Json::array(
        {{{"apiVersion", "v1"}, {"kind", "Owner"}, {"name", "owner"}, {"uid", spec.owner}}});
  }
  return Object::from_json(std::move(tree)).value();
}

inline ObjectPtr secret(const std::string& name, size_t bytes = 10) {
  return Object::from_json({{"apiVersion", "v1"},
                            {"kind", "Secret"},
                            {"metadata", {{"name", name}, {"namespace", "default"}}},
                            {"data", {{"value", std::string(bytes, 'x')}}}})
      .value();
}

inline Write create(const ObjectPtr& object) {
  return {Write::Op::kCreate, object->key(), object, 0};
}
inline Write update(const ObjectPtr& object, Revision expected = 0) {
  return {Write::Op::kUpdate, object->key(), object, expected};
}
inline Write remove(const ObjectPtr& object, Revision expected = 0) {
  return {Write::Op::kDelete, object->key(), nullptr, expected};
}

// A folder of its own that goes with it; in memory where that is possible, as tests need no disk.
class TemporaryFolder {
 public:
  TemporaryFolder() : TemporaryFolder(access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp") {}
  explicit TemporaryFolder(const std::filesystem::path& parent) {
    std::string name = (parent / "capstan-store-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline int64_t value_of(const Object& object) {
  return get_int(*object.tree(), {"spec", "value"});
}

}  // namespace capstan::store_testing
