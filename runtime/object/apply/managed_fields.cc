#include "runtime/object/apply/managed_fields.h"

#include <algorithm>
#include <tuple>

#include "runtime/base/plain_json.h"
#include "runtime/base/raw_json.h"
#include "runtime/base/simdjson_parser.h"
#include "runtime/object/apply/field_set_reader.h"

namespace capstan {
namespace {

namespace dom = simdjson::dom;

Error malformed(size_t index, const std::string& message) {
  std::string field = "metadata.managedFields[" + std::to_string(index) + "]";
  Error error = Error::invalid(field + ": " + message);
  error.fields.push_back({std::move(field), "FieldValueInvalid", message});
  return error;
}

// "" where it is missing or no string.
std::string text_of(const dom::object& from, std::string_view name) {
  std::string_view text;
  return from[name].get(text) == simdjson::SUCCESS ? std::string(text) : "";
}

Result<ManagedEntry> read_entry(const dom::object& from, size_t index) {
  ManagedEntry entry;
  const std::string operation = text_of(from, "operation");
  if (operation != "Apply" && operation != "Update") {
    return malformed(index, "operation must be Apply or Update");
  }
  const std::string type = text_of(from, "fieldsType");
  if (!type.empty() && type != "FieldsV1") return malformed(index, "fieldsType must be FieldsV1");
  entry.api_version = text_of(from, "apiVersion");
  entry.time = text_of(from, "time");
  entry.id.manager = text_of(from, "manager");
  entry.id.applied = operation == "Apply";
  entry.id.subresource = text_of(from, "subresource");
  if (!entry.id.applied) entry.id.api_version = entry.api_version;
  dom::element fields;
  if (from["fieldsV1"].get(fields) != simdjson::SUCCESS || fields.is_null()) return entry;
  Result<FieldSet> set = read_field_set(fields);
  if (!set.ok()) return malformed(index, set.error().message);
  entry.fields = *std::move(set);
  return entry;
}

Result<ManagedFields> read_entries(std::string_view text) {
  ManagedFields entries;
  SimdjsonParser parser(text.size());
  dom::array list;
  if (parser.get() == nullptr ||
      parser.get()->parse(text.data(), text.size()).get(list) != simdjson::SUCCESS) {
    return malformed(0, "managedFields must be a list");
  }
  for (const dom::element item : list) {
    dom::object entry;
    const bool is_object = item.get(entry) == simdjson::SUCCESS;
    if (!is_object) return malformed(entries.size(), "operation must be Apply or Update");
    entries.push_back(TRY(read_entry(entry, entries.size())));
  }
  return entries;
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  out.append(",\"").append(name).append("\":");
  append_json_string(out, text);
}

// As a tree would be written: with its members in order.
void append_entry(std::string& out, const ManagedEntry& entry) {
  out += "{\"apiVersion\":";
  append_json_string(out, entry.api_version);
  out += ",\"fieldsType\":\"FieldsV1\",\"fieldsV1\":";
  entry.fields.append_text(out);
  append_member(out, "manager", entry.id.manager);
  append_member(out, "operation", entry.id.applied ? "Apply" : "Update");
  if (!entry.id.subresource.empty()) append_member(out, "subresource", entry.id.subresource);
  if (!entry.time.empty()) append_member(out, "time", entry.time);
  out += '}';
}

}  // namespace

std::string ManagerId::readable() const {
  std::string text = dump_json(manager);
  if (!subresource.empty()) text += " with subresource " + dump_json(subresource);
  if (!applied) text += " using " + api_version;
  return text;
}

Result<ManagedFields> read_managed_fields(const Json& object) {
  const Json* list = find(object, {"metadata", "managedFields"});
  if (list == nullptr || list->is_null()) return ManagedFields();
  if (is_raw_json(*list)) return read_entries(raw_text(*list));
  return read_entries(dump_json(*list));
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
  if (!sorted.empty()) {
    std::string list;
    for (const ManagedEntry* entry : sorted) {
      list += list.empty() ? '[' : ',';
      append_entry(list, *entry);
    }
    make(object, {"metadata"})["managedFields"] = raw_json(list += ']');
  } else if (const auto metadata = object.find("metadata"); metadata != object.end()) {
    if (metadata->is_object()) metadata->erase("managedFields");
  }
}

}  // namespace capstan
