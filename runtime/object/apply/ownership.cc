#include "runtime/object/apply/ownership.h"

#include "runtime/base/text.h"

namespace capstan {
namespace {

// Set by the server or the same for every writer, so nobody owns them.
const FieldSet& unowned() {
  static const FieldSet kSet = [] {
    FieldSet set;
    for (const char* name : {"apiVersion", "kind", "metadata"}) {
      set.insert({PathElement::field(name)});
    }
    for (const char* name : {"name", "namespace", "creationTimestamp", "selfLink", "uid",
                             "clusterName", "generation", "managedFields", "resourceVersion"}) {
      set.insert({PathElement::field("metadata"), PathElement::field(name)});
    }
    return set;
  }();
  return kSet;
}

Error conflict_error(const std::map<ManagerId, FieldSet>& conflicts) {
  Error error = Error::conflict("");
  std::vector<std::string> lines;
  for (const auto& [id, fields] : conflicts) {
    lines.push_back("conflicts with " + id.readable() + ":");
    for (const FieldPath& path : fields.paths()) {
      const std::string field = readable_path(path);
      lines.push_back("- " + field);
      error.fields.push_back({field, "FieldManagerConflict", "conflict with " + id.readable()});
    }
  }
  const size_t count = error.fields.size();
  error.message =
      "Apply failed with " + std::to_string(count) +
      (count == 1 ? " conflict: " + error.fields[0].message + ": " + error.fields[0].field
                  : " conflicts: " + join(lines, "\n"));
  return error;
}

}  // namespace

FieldSet Ownership::owned(FieldSet fields) const {
  const PathElement status = PathElement::field("status");
  if (writer_.subresource == "status") {
    FieldSet only;
    if (fields.find_child(status) != nullptr) only.child(status) = std::move(fields.child(status));
    return only;
  }
  fields.subtract(unowned());
  if (writer_.has_status_subresource) fields.erase_child(status);
  return fields;
}

Json Ownership::in_version(const Json& object, const std::string& from,
                           const std::string& to) const {
  if (from == to || !types_.convert) return object;
  Result<Json> converted = types_.convert(object, to);
  return converted.ok() ? *std::move(converted) : object;
}

const SchemaNode* Ownership::node_of(const std::string& api_version) const {
  if (api_version == writer_.api_version || !types_.schema_of) return types_.root;
  return types_.schema_of(api_version);
}

Result<const Comparison*> Ownership::difference(const Json& live, const Json& next,
                                                const std::string& api_version) {
  const auto found = differences_.find(api_version);
  if (found != differences_.end()) return static_cast<const Comparison*>(&found->second);
  Comparison difference =
      api_version == writer_.api_version
          ? TRY(compare_fields(live, next, node_of(api_version)))
          : TRY(compare_fields(in_version(live, writer_.api_version, api_version),
                               in_version(next, writer_.api_version, api_version),
                               node_of(api_version)));
  difference.added = owned(std::move(difference.added));
  difference.removed = owned(std::move(difference.removed));
  difference.modified = owned(std::move(difference.modified));
  return static_cast<const Comparison*>(
      &differences_.emplace(api_version, std::move(difference)).first->second);
}

Result<Comparison> Ownership::take(const Json& live, const Json& next, Owners& owners,
                                   const ManagerId* self, bool force) {
  differences_.clear();
  TRY(difference(live, next, writer_.api_version));
  std::map<ManagerId, FieldSet> conflicts;
  for (auto& [id, owner] : owners) {
    if (self != nullptr && id == *self) continue;
    const Comparison& change = *TRY(difference(live, next, owner.api_version));
    FieldSet lost = owner.fields.intersected(change.modified.united(change.added));
    if (!lost.empty()) conflicts.emplace(id, std::move(lost));
  }
  if (!force && !conflicts.empty()) return conflict_error(conflicts);
  for (auto& [id, owner] : owners) {
    if (self != nullptr && id == *self) continue;
    const auto lost = conflicts.find(id);
    if (lost != conflicts.end()) owner.fields.subtract(lost->second);
    const Comparison& change = *TRY(difference(live, next, owner.api_version));
    owner.fields.subtract(change.removed);
  }
  std::erase_if(owners, [](const auto& owner) { return owner.second.fields.empty(); });
  return std::move(differences_.at(writer_.api_version));
}

Result<Json> Ownership::prune(const Json& merged, const Owners& owners, const OwnedFields& last) {
  if (last.fields.empty()) return merged;
  const SchemaNode* node = node_of(last.api_version);
  const Json whole = in_version(merged, writer_.api_version, last.api_version);
  Json pruned = without_fields(whole, with_declared_parents(last.fields, node), node);

  // What others own comes back, version by version, first in the version that was pruned.
  std::map<std::string, FieldSet> by_version;
  for (const auto& [id, owner] : owners) {
    FieldSet& fields = by_version[owner.api_version];
    fields.add(owner.fields);
  }
  std::vector<std::string> versions = {last.api_version};
  for (const auto& [version, fields] : by_version) {
    if (version != last.api_version) versions.push_back(version);
  }
  std::string at = last.api_version;
  for (const std::string& version : versions) {
    if (by_version.count(version) == 0) continue;
    const SchemaNode* there = node_of(version);
    const Json all = in_version(whole, last.api_version, version);
    const Json kept = in_version(pruned, at, version);
    const FieldSet all_fields = with_declared_parents(TRY(fields_of(all, there)), there);
    const FieldSet kept_fields = with_declared_parents(TRY(fields_of(kept, there)), there);
    const FieldSet owned_fields = with_declared_parents(by_version[version], there);
    pruned = without_fields(all, all_fields.without(kept_fields.united(owned_fields)), there);
    at = version;
  }

  // And what nobody ever owned, which went with a list item or map that was pruned.
  const Json kept = in_version(pruned, at, last.api_version);
  const FieldSet kept_fields = with_declared_parents(TRY(fields_of(kept, node)), node);
  const FieldSet all_fields = with_declared_parents(TRY(fields_of(whole, node)), node);
  const FieldSet last_fields = with_declared_parents(last.fields, node);
  const FieldSet gone = all_fields.without(kept_fields).intersected(last_fields);
  return in_version(without_fields(whole, gone, node), last.api_version, writer_.api_version);
}

}  // namespace capstan
