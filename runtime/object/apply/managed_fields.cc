#include "runtime/object/apply/managed_fields.h"

#include <algorithm>
#include <tuple>

namespace capstan {
namespace {

Error malformed(size_t index, const std::string& message) {
  std::string field = "metadata.managedFields[" + std::to_string(index) + "]";
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({std::move(field), "FieldValueInvalid", message});
  return error;
}

Result<ManagedEntry> read_entry(const Json& from, size_t index) {
  ManagedEntry entry;
  const std::string operation = get_string(from, {"operation"});
  if (operation != "Apply" && operation != "Update") {
    return malformed(index, "operation must be Apply or Update");
  }
  if (get_string(from, {"fieldsType"}, "FieldsV1") != "FieldsV1") {
    return malformed(index, "fieldsType must be FieldsV1");
  }
  entry.api_version = get_string(from, {"apiVersion"});
  entry.time = get_string(from, {"time"});
  entry.id.manager = get_string(from, {"manager"});
  entry.id.applied = operation == "Apply";
  entry.id.subresource = get_string(from, {"subresource"});
  if (!entry.id.applied) entry.id.api_version = entry.api_version;
  const Json* fields = find(from, {"fieldsV1"});
  if (fields == nullptr || fields->is_null()) return entry;
  Result<FieldSet> set = FieldSet::from_json(*fields);
  if (!set.ok()) return malformed(index, set.error().message);
  entry.fields = *std::move(set);
  return entry;
}

Json entry_json(const ManagedEntry& entry) {
  Json out = {{"manager", entry.id.manager},
              {"operation", entry.id.applied ? "Apply" : "Update"},
              {"apiVersion", entry.api_version},
              {"fieldsType", "FieldsV1"},
              {"fieldsV1", entry.fields.to_json()}};
  if (!entry.time.empty()) out["time"] = entry.time;
  if (!entry.id.subresource.empty()) out["subresource"] = entry.id.subresource;
  return out;
}

}  // namespace

std::string ManagerId::readable() const {
  std::string text = dump_json(manager);
  if (!subresource.empty()) text += " with subresource " + dump_json(subresource);
  if (!applied) text += " using " + api_version;
  return text;
}

Result<ManagedFields> read_managed_fields(const Json& object) {
  ManagedFields entries;
  const Json* list = find(object, {"metadata", "managedFields"});
  if (list == nullptr || list->is_null()) return entries;
  if (!list->is_array()) return malformed(0, "managedFields must be a list");
  for (size_t i = 0; i < list->size(); ++i) entries.push_back(TRY(read_entry((*list)[i], i)));
  return entries;
}

void write_managed_fields(Json& object, const ManagedFields& entries) {
  std::vector<const ManagedEntry*> sorted;
  sorted.reserve(entries.size());
  for (const ManagedEntry& entry : entries) sorted.push_back(&entry);
  // Times are RFC 3339 in UTC with whole seconds, so their texts sort as they do.
  const auto order = [](const ManagedEntry* entry) {
    return std::tie(entry->time, entry->id.manager, entry->api_version, entry->id.subresource);
  };
  std::stable_sort(sorted.begin(), sorted.end(), [&](const ManagedEntry* a, const ManagedEntry* b) {
    if (a->id.applied != b->id.applied) return a->id.applied;
    return order(a) < order(b);
  });
  Json list = Json::array();
  for (const ManagedEntry* entry : sorted) list.push_back(entry_json(*entry));
  if (!list.empty()) {
    make(object, {"metadata"})["managedFields"] = std::move(list);
  } else if (const auto metadata = object.find("metadata"); metadata != object.end()) {
    if (metadata->is_object()) metadata->erase("managedFields");
  }
}

}  // namespace capstan
