// Pruning and defaulting: what a write does to an object before it is validated.
#include "runtime/object/schema/metadata_rules.h"
#include "runtime/object/schema/schema.h"
#include "runtime/object/schema/schema_node.h"
#include "runtime/object/schema/value_path.h"

namespace capstan {
namespace {

class Pruner {
 public:
  void value(Json& value, const SchemaNode& node, const ValuePath& path) {
    if (value.is_object()) {
      object(value, node, path);
    } else if (value.is_array() && node.items != nullptr) {
      for (size_t i = 0; i < value.size(); ++i) this->value(value[i], *node.items, {path, i});
    }
  }

  std::vector<std::string> take_removed() { return std::move(removed_); }

 private:
  void object(Json& object, const SchemaNode& node, const ValuePath& path) {
    const bool resource = node.root || node.embedded_resource;
    for (auto member = object.begin(); member != object.end();) {
      const std::string& name = member.key();
      const ValuePath at(path, name);
      const SchemaNode* known = node.member(name);
      if (resource && name == "metadata") {
        if (member->is_object()) prune_metadata(*member, at.text(), removed_);
      } else if (known != nullptr) {
        value(*member, *known, at);
      } else if (!node.preserve_unknown && !node.any_additional &&
                 !(resource && (name == "apiVersion" || name == "kind"))) {
        removed_.push_back(at.text());
        member = object.erase(member);
        continue;
      }
      ++member;
    }
  }

  std::vector<std::string> removed_;
};

bool forbidden_null(const Json& value, const SchemaNode& node) {
  return value.is_null() && !node.nullable;
}

void set_defaults(Json& value, const SchemaNode& node);

void set_object_defaults(Json& object, const SchemaNode& node) {
  for (const SchemaProperty& property : node.properties) {
    if (!property.node->default_value) continue;
    const auto member = object.find(property.name);
    if (member == object.end()) {
      object[property.name] = *property.node->default_value;
    } else if (forbidden_null(*member, *property.node)) {
      *member = *property.node->default_value;
    }
  }
  for (auto member = object.begin(); member != object.end();) {
    const SchemaNode* known = node.member(member.key());
    if (known == nullptr) {
      ++member;
    } else if (!forbidden_null(*member, *known)) {
      set_defaults(*member, *known);
      ++member;
    } else if (known->default_value) {
      *member = *known->default_value;
    } else {
      member = object.erase(member);
    }
  }
}

void set_defaults(Json& value, const SchemaNode& node) {
  if (value.is_object()) {
    set_object_defaults(value, node);
  } else if (value.is_array() && node.items != nullptr) {
    for (Json& item : value) {
      if (forbidden_null(item, *node.items) && node.items->default_value) {
        item = *node.items->default_value;
      }
      set_defaults(item, *node.items);
    }
  }
}

}  // namespace

std::vector<std::string> Schema::prune(Json& object) const {
  Pruner pruner;
  pruner.value(object, *root_, ValuePath());
  return pruner.take_removed();
}

void Schema::apply_defaults(Json& object) const {
  set_defaults(object, *root_);
}

}  // namespace capstan
