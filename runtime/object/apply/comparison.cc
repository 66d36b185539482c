#include "runtime/object/apply/comparison.h"

#include <map>

#include "runtime/object/apply/topology.h"

namespace capstan {
namespace {

using Form = Topology::Form;

Error at_path(const Error& error, const FieldPath& path) {
  Error out = error;
  out.message = readable_path(path) + ": " + error.message;
  return out;
}

// A missing side is null; so are lists and maps of another type.
const Json* as_list(const Json* value) {
  return value != nullptr && value->is_array() ? value : nullptr;
}

const Json* as_map(const Json* value) {
  return value != nullptr && value->is_object() ? value : nullptr;
}

bool is_empty(const Json* value) {
  return value == nullptr || value->empty();
}

class Comparer {
 public:
  Result<void> compare(const Json* from, const Json* to, const SchemaNode* node) {
    const Topology before = from == nullptr ? Topology{} : topology_of(node, *from);
    const Topology after = to == nullptr ? Topology{} : topology_of(node, *to);
    bool leaf = false;
    if (to == nullptr) {
      leaf = TRY(in_form(before, from, to, node));
    } else if (from == nullptr || before == after) {
      leaf = TRY(in_form(after, from, to, node));
    } else {
      TRY(in_form(before, from, to, node));
      leaf = TRY(in_form(after, from, to, node));
    }
    if (leaf) return {};
    if (from == nullptr) out.added.insert(path_);
    if (to == nullptr) out.removed.insert(path_);
    return {};
  }

  Comparison out;

 private:
  // Gives whether the value was compared as one piece.
  Result<bool> in_form(const Topology& topology, const Json* from, const Json* to,
                       const SchemaNode* node) {
    if (topology.form == Form::kScalar || topology.atomic) return one_piece(from, to);
    if (topology.form == Form::kList) {
      if (is_empty(as_list(from)) && is_empty(as_list(to))) return one_piece(from, to);
      TRY(items(as_list(from), as_list(to), *node));
    } else {
      if (is_empty(as_map(from)) && is_empty(as_map(to))) return one_piece(from, to);
      TRY(members(as_map(from), as_map(to), node));
    }
    return false;
  }

  bool one_piece(const Json* from, const Json* to) {
    if (from == nullptr) {
      out.added.insert(path_);
    } else if (to == nullptr) {
      out.removed.insert(path_);
    } else if (*from != *to) {
      out.modified.insert(path_);
    }
    return true;
  }

  Result<void> members(const Json* from, const Json* to, const SchemaNode* node) {
    static const Json kEmpty = Json::object();
    if (from == nullptr) from = &kEmpty;
    if (to == nullptr) to = &kEmpty;
    for (auto member = from->begin(); member != from->end(); ++member) {
      const auto other = to->find(member.key());
      const Json* next = other == to->end() ? nullptr : &*other;
      // Most members are equal; those need no walk.
      if (next != nullptr && *next == *member) continue;
      TRY(below(PathElement::field(member.key()), &*member, next,
                topology_member(node, member.key()).node));
    }
    for (auto member = to->begin(); member != to->end(); ++member) {
      if (from->contains(member.key())) continue;
      TRY(below(PathElement::field(member.key()), nullptr, &*member,
                topology_member(node, member.key()).node));
    }
    return {};
  }

  Result<void> below(PathElement element, const Json* from, const Json* to,
                     const SchemaNode* node) {
    path_.push_back(std::move(element));
    TRY(compare(from, to, node));
    path_.pop_back();
    return {};
  }

  struct Pair {
    std::vector<const Json*> from, to;
  };

  Result<void> collect(const Json* list, const SchemaNode& node, bool new_side,
                       std::map<PathElement, Pair>& pairs) {
    if (list == nullptr) return {};
    for (const Json& item : *list) {
      const Result<PathElement> element = item_element(node, item);
      if (!element.ok()) return at_path(element.error(), path_);
      Pair& pair = pairs[*element];
      (new_side ? pair.to : pair.from).push_back(&item);
    }
    return {};
  }

  Result<void> items(const Json* from, const Json* to, const SchemaNode& node) {
    std::map<PathElement, Pair> pairs;
    TRY(collect(from, node, false, pairs));
    TRY(collect(to, node, true, pairs));
    for (const auto& [element, pair] : pairs) TRY(item(element, pair, node));
    return {};
  }

  // Items with one name are compared as one piece; a marker at their name stands for all.
  Result<void> item(const PathElement& element, const Pair& pair, const SchemaNode& node) {
    const Json* from = pair.from.empty() ? nullptr : pair.from.front();
    const Json* to = pair.to.empty() ? nullptr : pair.to.front();
    const bool many_before = pair.from.size() > 1;
    const bool many_after = pair.to.size() > 1;
    if (!many_before && !many_after) return below(element, from, to, node.items.get());
    FieldPath path = path_;
    path.push_back(element);
    if (many_before && many_after) {
      bool equal = pair.from.size() == pair.to.size();
      for (size_t i = 0; equal && i < pair.from.size(); ++i) equal = *pair.from[i] == *pair.to[i];
      if (!equal) out.modified.insert(path);
      return {};
    }
    if (many_before) {
      if (to != nullptr) TRY(below(element, nullptr, to, node.items.get()));
      out.removed.insert(path);
    } else {
      if (from != nullptr) TRY(below(element, from, nullptr, node.items.get()));
      out.added.insert(path);
    }
    return {};
  }

  FieldPath path_;
};

Result<void> collect_fields(const Json& value, const SchemaNode* node, FieldSet& out);

Result<void> collect_items(const Json& list, const SchemaNode& node, FieldSet& out) {
  std::map<PathElement, std::vector<const Json*>> items;
  for (const Json& item : list) items[TRY(item_element(node, item))].push_back(&item);
  for (const auto& [element, values] : items) {
    FieldSet& below = out.child(element);
    below.set_member(true);
    if (values.size() == 1) TRY(collect_fields(*values.front(), node.items.get(), below));
  }
  return {};
}

Result<void> collect_fields(const Json& value, const SchemaNode* node, FieldSet& out) {
  const Topology topology = topology_of(node, value);
  if (topology.form == Form::kScalar || topology.atomic) {
    out.set_member(true);
    return {};
  }
  if (value.is_null()) return {};
  if (topology.form == Form::kList) return collect_items(value, *node, out);
  for (const auto& [name, member] : value.items()) {
    const TopologyMember known = topology_member(node, name);
    FieldSet below;
    Result<void> done = collect_fields(member, known.node, below);
    if (!done.ok()) return at_path(done.error(), {PathElement::field(name)});
    const bool empty = member.is_null() || (member.is_object() && member.empty());
    if (empty || !known.declared) below.set_member(true);
    if (!below.empty()) out.child(PathElement::field(name)) = std::move(below);
  }
  return {};
}

const SchemaNode* node_below(const SchemaNode* node, const PathElement& element) {
  if (node == nullptr) return nullptr;
  if (element.kind == PathElement::Kind::kField) return topology_member(node, element.text).node;
  return element.kind == PathElement::Kind::kKey ? node->items.get() : nullptr;
}

Json without_items(const Json& list, const FieldSet& fields, const SchemaNode& node) {
  Json out = Json::array();
  for (const Json& item : list) {
    const Result<PathElement> element = item_element(node, item);
    const FieldSet* below = element.ok() ? fields.find_child(*element) : nullptr;
    if (below == nullptr) {
      out.push_back(item);
    } else if (!below->is_member()) {
      out.push_back(without_fields(item, *below, node.items.get()));
    }
  }
  return out;
}

Json without_members(const Json& map, const FieldSet& fields, const SchemaNode* node) {
  Json out = Json::object();
  for (const auto& [name, member] : map.items()) {
    const FieldSet* below = fields.find_child(PathElement::field(name));
    if (below == nullptr) {
      out[name] = member;
    } else if (!below->is_member()) {
      out[name] = without_fields(member, *below, topology_member(node, name).node);
    }
  }
  return out;
}

}  // namespace

Result<Comparison> compare_fields(const Json& from, const Json& to, const SchemaNode* node) {
  Comparer comparer;
  TRY(comparer.compare(&from, &to, node));
  return std::move(comparer.out);
}

Result<FieldSet> fields_of(const Json& object, const SchemaNode* node) {
  FieldSet out;
  TRY(collect_fields(object, node, out));
  return out;
}

FieldSet with_declared_parents(const FieldSet& set, const SchemaNode* node) {
  FieldSet out;
  out.set_member(set.is_member());
  for (const auto& [element, child] : set.children()) {
    FieldSet below = with_declared_parents(child, node_below(node, element));
    const bool field = element.kind == PathElement::Kind::kField;
    if (field && topology_member(node, element.text).declared) below.set_member(true);
    out.child(element) = std::move(below);
  }
  return out;
}

Json without_fields(const Json& object, const FieldSet& fields, const SchemaNode* node) {
  const Topology topology = topology_of(node, object);
  if (topology.form == Form::kScalar) return object;
  if (topology.atomic || object.empty()) return nullptr;
  Json out = topology.form == Form::kList ? without_items(object, fields, *node)
                                          : without_members(object, fields, node);
  if (out.empty()) return nullptr;
  return out;
}

}  // namespace capstan
