#include "runtime/object/apply/merge.h"

#include <map>
#include <optional>
#include <set>

#include "runtime/object/apply/field_set.h"
#include "runtime/object/apply/topology.h"

namespace capstan {
namespace {

using Form = Topology::Form;
using Merged = std::optional<Json>;

struct NamedItems {
  std::vector<PathElement> names;
  // By name; null for a name that several items have, which are not merged.
  std::map<PathElement, const Json*> items;
};

class Merger {
 public:
  // Nothing where both sides lack a value.
  Result<Merged> merge(const Json* live, const Json* applied, const SchemaNode* node) {
    const Topology before = live == nullptr ? Topology{} : topology_of(node, *live);
    const Topology after = applied == nullptr ? Topology{} : topology_of(node, *applied);
    if (applied == nullptr) return in_form(before, live, applied, node);
    if (live == nullptr || before == after) return in_form(after, live, applied, node);
    // Of another form: the applied value replaces, whatever the two have in common.
    return in_form(after, live, applied, node);
  }

 private:
  Result<Merged> in_form(const Topology& topology, const Json* live, const Json* applied,
                         const SchemaNode* node) {
    const auto one_piece = [&] { return Merged(applied != nullptr ? *applied : *live); };
    if (topology.form == Form::kScalar || topology.atomic) return one_piece();
    const auto usable = [&](const Json* value) {
      if (value == nullptr) return false;
      return topology.form == Form::kList ? value->is_array() : value->is_object();
    };
    const Json* old = usable(live) && !live->empty() ? live : nullptr;
    const Json* next = usable(applied) && !applied->empty() ? applied : nullptr;
    if (old == nullptr && next == nullptr) return one_piece();
    if (topology.form == Form::kList) return items(old, next, *node);
    return members(old, next, node);
  }

  Result<Merged> members(const Json* live, const Json* applied, const SchemaNode* node) {
    Json out = live == nullptr ? Json::object() : *live;
    if (applied == nullptr) return Merged(std::move(out));
    for (const auto& [name, value] : applied->items()) {
      const Json* old = nullptr;
      if (live != nullptr) {
        const auto found = live->find(name);
        if (found != live->end()) old = &*found;
      }
      path_.push_back(PathElement::field(name));
      Merged merged = TRY(merge(old, &value, topology_member(node, name).node));
      path_.pop_back();
      if (merged) out[name] = *std::move(merged);
    }
    return Merged(std::move(out));
  }

  Result<NamedItems> named(const Json* list, const SchemaNode& node, bool duplicates) {
    NamedItems out;
    if (list == nullptr) return out;
    for (const Json& item : *list) {
      Result<PathElement> name = item_element(node, item);
      if (!name.ok()) {
        return Error::invalid(readable_path(path_) + ": " + name.error().message);
      }
      const bool added = out.items.emplace(*name, &item).second;
      if (!added && !duplicates) {
        return Error::invalid(readable_path(path_) + ": duplicate entries for key " +
                              name->readable());
      }
      if (!added) out.items[*name] = nullptr;
      out.names.push_back(*std::move(name));
    }
    return out;
  }

  Result<Merged> items(const Json* live, const Json* applied, const SchemaNode& node) {
    const NamedItems next = TRY(named(applied, node, false));
    const NamedItems old = TRY(named(live, node, true));
    std::vector<PathElement> shared;  // in the applied order
    for (const PathElement& name : next.names) {
      if (old.items.count(name) > 0) shared.push_back(name);
    }

    Json out = Json::array();
    std::set<PathElement> done;
    size_t wanted = 0;  // the shared item that comes next
    size_t l = 0;
    size_t r = 0;
    const auto take_applied = [&](const PathElement& name) -> Result<void> {
      done.insert(name);
      const auto found = old.items.find(name);
      TRY(append(out, name, found == old.items.end() ? nullptr : found->second, next.items.at(name),
                 node));
      ++r;
      if (wanted < shared.size() && shared[wanted] == name) ++wanted;
      return {};
    };
    while (l < old.names.size() || r < next.names.size()) {
      if (l < old.names.size()) {
        const PathElement& name = old.names[l];
        if (r < next.names.size() && name == next.names[r]) {
          TRY(take_applied(name));
          ++l;
          continue;
        }
        const bool is_shared = next.items.count(name) > 0;
        if (!is_shared) {
          TRY(append(out, name, &(*live)[l], nullptr, node));
          ++l;
          continue;
        }
        // It comes where the applied order has it.
        if (r < next.names.size() && wanted < shared.size() && shared[wanted] != name) {
          ++l;
          continue;
        }
        if (done.count(name) > 0) ++l;
      }
      if (r < next.names.size()) TRY(take_applied(next.names[r]));
    }
    return Merged(std::move(out));
  }

  Result<void> append(Json& out, const PathElement& name, const Json* live, const Json* applied,
                      const SchemaNode& node) {
    path_.push_back(name);
    Merged merged = TRY(merge(live, applied, node.items.get()));
    path_.pop_back();
    if (merged) out.push_back(*std::move(merged));
    return {};
  }

  FieldPath path_;
};

}  // namespace

Result<Json> merge_applied(const Json& live, const Json& applied, const SchemaNode* node) {
  return TRY(Merger().merge(&live, &applied, node)).value_or(Json::object());
}

}  // namespace capstan
