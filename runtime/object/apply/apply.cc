#include "runtime/object/apply/apply.h"

#include <algorithm>

#include "runtime/base/raw_json.h"
#include "runtime/object/apply/managed_fields.h"
#include "runtime/object/apply/merge.h"
#include "runtime/object/apply/ownership.h"

namespace capstan {
namespace {

// Owns what stood in an object before anybody applied to it.
constexpr const char* kBeforeFirstApply = "before-first-apply";
// Older updates than this many are merged under one name.
constexpr size_t kMaxUpdateEntries = 10;
constexpr const char* kAncientChanges = "ancient-changes";

using Times = std::map<ManagerId, std::string>;

Json without_managed_fields(const Json& object) {
  Json out = object.is_object() ? object : Json::object();
  const auto metadata = out.find("metadata");
  if (metadata != out.end() && metadata->is_object()) metadata->erase("managedFields");
  return out;
}

Owners owners_of(ManagedFields entries, Times& times) {
  Owners owners;
  for (ManagedEntry& entry : entries) {
    OwnedFields& owner = owners[entry.id];
    owner.api_version = std::move(entry.api_version);
    owner.fields.add(std::move(entry.fields));
    times[entry.id] = std::move(entry.time);
  }
  return owners;
}

ManagedFields entries_of(Owners owners, const Times& times) {
  ManagedFields entries;
  for (auto& [id, owner] : owners) {
    if (owner.fields.empty()) continue;
    const auto time = times.find(id);
    entries.push_back({id, std::move(owner.api_version), time == times.end() ? "" : time->second,
                       std::move(owner.fields)});
  }
  return entries;
}

void add_fields(Owners& owners, const ManagerId& id, const std::string& api_version,
                FieldSet fields) {
  OwnedFields& owner = owners[id];
  owner.api_version = api_version;
  owner.fields.add(std::move(fields));
}

// The newest entries keep their names; the older ones become one entry a version.
void cap_updates(Owners& owners, Times& times) {
  std::vector<ManagerId> updates;
  for (const auto& [id, owner] : owners) {
    if (!id.applied && id.subresource.empty()) updates.push_back(id);
  }
  if (updates.size() <= kMaxUpdateEntries) return;
  std::stable_sort(updates.begin(), updates.end(),
                   [&](const ManagerId& a, const ManagerId& b) { return times[a] < times[b]; });
  size_t left = updates.size();
  for (const ManagerId& id : updates) {
    if (left <= kMaxUpdateEntries) return;
    const ManagerId ancient{kAncientChanges, false, "", id.api_version};
    if (id == ancient) continue;
    const bool first = owners.count(ancient) == 0;
    add_fields(owners, ancient, id.api_version, owners[id].fields);
    times[ancient] = times[id];
    owners.erase(id);
    if (!first) --left;
  }
}

Result<void> adopt_existing(const Json& live, Ownership& ownership, const ApplyTypes& types,
                            const Writer& writer, Owners& owners, Times& times) {
  const ManagerId id{kBeforeFirstApply, false, "", writer.api_version};
  // As an update would own it that made the object.
  Comparison made = TRY(compare_fields(Json::object(), live, types.root));
  made.added.add(std::move(made.modified));
  FieldSet fields = ownership.owned(std::move(made.added));
  if (fields.empty()) return {};
  add_fields(owners, id, writer.api_version, std::move(fields));
  times[id] = format_time(writer.now);
  return {};
}

bool is_reset(const Json& object) {
  const Json* given = find(object, {"metadata", "managedFields"});
  if (given == nullptr) return false;
  if (is_raw_json(*given)) return raw_text(*given) == "[{}]";
  return given->is_array() && given->size() == 1 && given->front().empty();
}

// The entries that a write starts from: those it carries itself, where it carries any that can be
// read; else the stored ones, so that a client that knows nothing of them does not lose them.
ManagedFields starting_entries(const Json& live, const Json& updated, const Writer& writer) {
  if (writer.subresource.empty()) {
    Result<ManagedFields> given = read_managed_fields(updated);
    if (given.ok() && !given->empty()) return *std::move(given);
  }
  return read_managed_fields(live).value_or({});
}

void drop_managed_fields(Json& object) {
  const auto metadata = object.find("metadata");
  if (metadata != object.end() && metadata->is_object()) metadata->erase("managedFields");
}

void restore_managed_fields(const Json& live, Json& object) {
  const Json* stored = find(live, {"metadata", "managedFields"});
  if (stored == nullptr) return drop_managed_fields(object);
  Json& own = make(object, {"metadata", "managedFields"});
  if (own != *stored) own = *stored;
}

}  // namespace

Result<Json> server_side_apply(const Json& live, const Json& applied, const ApplyTypes& types,
                               const Writer& writer, bool force) {
  const Json* given = find(applied, {"metadata", "managedFields"});
  if (given != nullptr && !given->is_null() && !given->empty()) {
    Error error = Error::invalid("metadata.managedFields must be nil");
    error.fields.push_back({"metadata.managedFields", "FieldValueInvalid", "must be nil"});
    return error;
  }
  Ownership ownership(types, writer);
  Times times;
  const ManagedFields before = TRY(read_managed_fields(live));
  Owners owners = owners_of(before, times);
  const Json stored = without_managed_fields(live);
  const Json config = without_managed_fields(applied);
  if (owners.empty() && live.is_object()) {
    TRY(adopt_existing(stored, ownership, types, writer, owners, times));
  }

  const ManagerId self{writer.manager, true, writer.subresource, ""};
  const OwnedFields last = owners[self];
  owners[self] = {writer.api_version, ownership.owned(TRY(fields_of(config, types.root)))};
  const OwnedFields now = owners[self];
  Json next = TRY(merge_applied(stored, config, types.root));
  if (now == last && next == stored) return live;
  // Only what was applied before and is not applied now can have to go.
  const bool keeps_all =
      last.api_version == now.api_version && last.fields.without(now.fields).empty();
  if (!keeps_all) next = TRY(ownership.prune(next, owners, last));
  TRY(ownership.take(stored, next, owners, &self, force));

  if (next != stored || now != last) times[self] = format_time(writer.now);
  const ManagedFields after = entries_of(owners, times);
  if (next == stored && after == entries_of(owners_of(before, times), times)) return live;
  write_managed_fields(next, after);
  return next;
}

Result<void> update_managed_fields(const Json& live, Json& updated, const ApplyTypes& types,
                                   const Writer& writer) {
  const bool reset = writer.subresource.empty() && is_reset(updated);
  ManagedFields before = reset ? ManagedFields() : starting_entries(live, updated, writer);
  // Nothing is tracked for an object that was stored without, until somebody applies to it.
  if (before.empty() && live.is_object()) {
    drop_managed_fields(updated);
    return {};
  }
  // Members that are equal need no walk and are nobody's change, so both sides get the same list.
  restore_managed_fields(live, updated);

  Ownership ownership(types, writer);
  Times times;
  Owners owners = owners_of(std::move(before), times);
  static const Json kNothing = Json::object();
  const Json& stored = live.is_object() ? live : kNothing;
  Result<Comparison> change = ownership.take(stored, updated, owners, nullptr, true);
  // Such an object does not pass validation; its ownership stays as it was.
  if (!change.ok()) return {};
  FieldSet taken = std::move(change->added);
  taken.add(std::move(change->modified));
  if (!taken.empty()) {
    const ManagerId self{writer.manager, false, writer.subresource, writer.api_version};
    add_fields(owners, self, writer.api_version, std::move(taken));
    times[self] = format_time(writer.now);
    cap_updates(owners, times);
  }
  write_managed_fields(updated, entries_of(std::move(owners), times));
  return {};
}

}  // namespace capstan
