#include "runtime/store/object_table.h"

namespace capstan {
namespace {

Result<void> check_object(const Write& write) {
  if (write.object == nullptr) {
    return Error::invalid(write.key.text() + ": the write has no object");
  }
  if (ByKey::view(write.object) != ByKey::view(write.key)) {
    return Error::invalid(write.key.text() + ": the write's object is another one, " +
                          write.object->key().text());
  }
  return {};
}

Result<void> check_current(const Write& write, const ObjectPtr& current) {
  if (current == nullptr) return Error::not_found(write.key.text() + " was not found");
  const Revision revision = current->meta().resource_version;
  if (write.expected == 0 || write.expected == revision) return {};
  return Error::conflict(write.key.text() + " was changed meanwhile: it is at resourceVersion " +
                         std::to_string(revision) + ", not " + std::to_string(write.expected) +
                         "; read it again and retry");
}

bool stays(const ObjectPtr& current, const Object& expected) {
  return current != nullptr && current->meta().uid == expected.meta().uid &&
         !current->meta().deleting();
}

}  // namespace

Result<std::vector<StoreEvent>> ObjectTable::apply(const std::vector<Write>& writes,
                                                   Revision last) {
  std::vector<StoreEvent> events;
  events.reserve(writes.size());
  for (const Write& write : writes) {
    Result<StoreEvent> event = apply(write, ++last);
    if (!event.ok()) {
      undo(events);
      return std::move(event).error();
    }
    events.push_back(*std::move(event));
  }
  return events;
}

Result<StoreEvent> ObjectTable::apply(const Write& write, Revision revision) {
  const ObjectPtr current = find(write.key);
  if (write.op == Write::Op::kDelete) {
    TRY(check_current(write, current));
    objects_.erase(current);
    return StoreEvent{revision, EventType::kDeleted, current->at_revision(revision), current};
  }
  TRY(check_object(write));
  if (write.op == Write::Op::kCreate && current != nullptr) {
    return Error::already_exists(write.key.text() + " already exists");
  }
  if (write.op == Write::Op::kCreate) TRY(check_within(write));
  if (write.op == Write::Op::kUpdate) TRY(check_current(write, current));
  ObjectPtr object = write.object->at_revision(revision);
  replace(current, object);
  const EventType type = current == nullptr ? EventType::kAdded : EventType::kModified;
  return StoreEvent{revision, type, std::move(object), current};
}

Result<void> ObjectTable::check_within(const Write& write) const {
  for (const ObjectPtr& outer : write.within) {
    if (outer == nullptr) continue;
    const auto found = objects_.find(outer);
    if (stays(found == objects_.end() ? nullptr : *found, *outer)) continue;
    return Error::failed_precondition(write.key.text() + ": " + outer->key().text() +
                                      " is gone or being deleted");
  }
  return {};
}

void ObjectTable::undo(const std::vector<StoreEvent>& events) {
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    replace(event->type == EventType::kDeleted ? nullptr : event->object, event->previous);
  }
}

void ObjectTable::redo(const std::vector<StoreEvent>& events) {
  for (const StoreEvent& event : events) {
    replace(event.previous, event.type == EventType::kDeleted ? nullptr : event.object);
  }
}

ObjectPtr ObjectTable::find(const ObjectKey& key) const {
  const auto found = objects_.find(key);
  return found == objects_.end() ? nullptr : *found;
}

void ObjectTable::replace(const ObjectPtr& before, const ObjectPtr& after) {
  if (before == nullptr) {
    objects_.insert(after);
    return;
  }
  if (after == nullptr) {
    objects_.erase(before);
    return;
  }
  auto node = objects_.extract(before);
  node.value() = after;
  objects_.insert(std::move(node));
}

std::vector<ObjectPtr> written_objects(const std::vector<StoreEvent>& events) {
  std::vector<ObjectPtr> objects;
  objects.reserve(events.size());
  for (const StoreEvent& event : events) objects.push_back(event.object);
  return objects;
}

}  // namespace capstan
