// The current state of every object as the adapters of the Store port keep it: checks what a batch
// asks for, applies it wholly or not at all, and can take it back.
//
// Thread safety: none; owned by a store's writer.
#pragma once

#include <vector>

#include "runtime/store/object_order.h"
#include "runtime/store/store.h"

namespace capstan {

class ObjectTable {
 public:
  // Applies the writes in order, with the revisions after `last`. On an error nothing is changed.
  // Errors: as Store::commit(), and kInvalid where a write's object is not the one its key names.
  Result<std::vector<StoreEvent>> apply(const std::vector<Write>& writes, Revision last);

  // Takes back events that apply() gave. The newest batch is to be undone first.
  void undo(const std::vector<StoreEvent>& events);
  // Applies events again that were undone.
  void redo(const std::vector<StoreEvent>& events);

  void insert(ObjectPtr object) { objects_.insert(std::move(object)); }
  ObjectPtr find(const ObjectKey& key) const;  // null where absent
  void clear() { objects_.clear(); }
  const ObjectsByKey& objects() const { return objects_; }

 private:
  Result<StoreEvent> apply(const Write& write, Revision revision);
  Result<void> check_within(const Write& write) const;
  void replace(const ObjectPtr& before, const ObjectPtr& after);

  ObjectsByKey objects_;
};

// What commit() answers for the events of its batch.
std::vector<ObjectPtr> written_objects(const std::vector<StoreEvent>& events);

}  // namespace capstan
