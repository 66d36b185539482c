// Sets of field paths, as managedFields and server-side apply have them, and their FieldsV1 form:
// {"f:spec": {"f:replicas": {}, "f:ports": {"k:{\"name\":\"a\"}": {".": {}}}}}.
//
// Thread safety: values.
#pragma once

#include <compare>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// One step of a path: the name of a field (f:), an index (i:), the key of a list item (k:), or the
// value of an item of a set (v:).
struct PathElement {
  enum class Kind { kField, kIndex, kKey, kValue };  // in the order of their prefixes
  Kind kind = Kind::kField;
  std::string text;  // the name; for the others canonical JSON, so that equal elements are equal

  static PathElement field(std::string_view name) { return {Kind::kField, std::string(name)}; }
  static PathElement key(const Json& keys);
  static PathElement value(const Json& value);
  static PathElement index(size_t index);
  // From and to FieldsV1: "f:spec", "k:{\"name\":\"a\"}".
  static Result<PathElement> parse(std::string_view text);
  void append_serialized(std::string& out) const;
  // As it stands in messages: ".spec", "[name=\"a\"]", "[=\"x\"]", "[3]".
  std::string readable() const;

  auto operator<=>(const PathElement&) const = default;
};
using FieldPath = std::vector<PathElement>;
std::string readable_path(const FieldPath& path);

class FieldSet {
 public:
  FieldSet() = default;

  // FieldsV1 as compact JSON with its members in order. field_set_reader.h reads it.
  std::string text() const;
  void append_text(std::string& out) const;

  bool empty() const { return !member_ && children_.empty(); }
  bool contains(const FieldPath& path) const;
  void insert(const FieldPath& path);
  // All members, sorted.
  std::vector<FieldPath> paths() const;

  FieldSet united(const FieldSet& other) const;
  // The same in place.
  void add(FieldSet other);
  FieldSet intersected(const FieldSet& other) const;
  // Without the members of `other`; what lies below those stays.
  FieldSet without(const FieldSet& other) const;
  // The same in place.
  void subtract(const FieldSet& other);
  // Without the members of `other` and all that lies below them.
  FieldSet without_below(const FieldSet& other) const;

  // The tree itself: whether the path to here is a member, and what lies below.
  bool is_member() const { return member_; }
  void set_member(bool member) { member_ = member; }
  const std::map<PathElement, FieldSet>& children() const { return children_; }
  FieldSet& child(const PathElement& element) { return children_[element]; }
  const FieldSet* find_child(const PathElement& element) const;
  void erase_child(const PathElement& element) { children_.erase(element); }

  bool operator==(const FieldSet&) const = default;

 private:
  void append_members(std::string& out, bool dot) const;

  bool member_ = false;
  std::map<PathElement, FieldSet> children_;
};

}  // namespace capstan
