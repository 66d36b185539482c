// What the watch cache finds objects by: kind and name, the cluster-name label, uid, owner,
// reference.
//
// Thread safety: none of its own; the watch cache's lock guards it.
#pragma once

#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "runtime/store/object_order.h"
#include "runtime/store/watch_cache.h"

namespace capstan {

class CacheIndex {
 public:
  explicit CacheIndex(ReferencesOf references = nullptr) : references_of_(references) {}

  // `before` null adds, `after` null removes.
  void replace(const ObjectPtr& before, const ObjectPtr& after);

  ObjectPtr get(const ObjectKey& key) const;
  ObjectPtr get_by_uid(std::string_view uid) const;
  std::vector<ObjectPtr> list(const GroupKind& kind, const ListOptions& options) const;
  std::vector<ObjectPtr> owned_by(const std::string& uid) const;  // by kind, then name
  std::vector<ObjectPtr> referring_to(const ObjectKey& key) const;
  size_t count(const GroupKind& kind) const;
  void append_all(std::vector<ObjectPtr>& to) const;

 private:
  struct KindObjects {
    ObjectsByName all;
    std::unordered_map<std::string, ObjectsByName> by_cluster;
  };
  struct UidHash {
    using is_transparent = void;
    size_t operator()(std::string_view uid) const { return std::hash<std::string_view>()(uid); }
    size_t operator()(const ObjectPtr& object) const { return (*this)(object->meta().uid); }
  };
  struct UidEqual {
    using is_transparent = void;
    static std::string_view uid(std::string_view uid) { return uid; }
    static std::string_view uid(const ObjectPtr& object) { return object->meta().uid; }
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return uid(a) == uid(b);
    }
  };

  void add(const ObjectPtr& object);
  void remove(const ObjectPtr& object);
  void replace_references(const ObjectPtr& before, const ObjectPtr& after);
  const ObjectsByName* candidates(const KindObjects& objects, const ListOptions& options) const;

  const ReferencesOf references_of_;
  std::unordered_map<GroupKind, KindObjects> kinds_;
  std::unordered_set<ObjectPtr, UidHash, UidEqual> by_uid_;
  std::unordered_map<std::string, ObjectsByKey> by_owner_;
  // Keys, not objects, so that most writes leave it alone: they change no spec.
  std::unordered_map<ObjectKey, std::set<ObjectKey>> by_reference_;
};

}  // namespace capstan
