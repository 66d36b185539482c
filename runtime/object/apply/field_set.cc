#include "runtime/object/apply/field_set.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/plain_json.h"

namespace capstan {
namespace {

// 1 and 1.0 name the same item.
Json canonical(const Json& value) {
  if (value.is_number_float()) {
    const double number = value.get<double>();
    if (std::floor(number) == number && std::abs(number) < 9007199254740992.0) {
      return static_cast<int64_t>(number);
    }
  }
  return value;
}

char prefix(PathElement::Kind kind) {
  switch (kind) {
    case PathElement::Kind::kField:
      return 'f';
    case PathElement::Kind::kKey:
      return 'k';
    case PathElement::Kind::kValue:
      return 'v';
    case PathElement::Kind::kIndex:
      return 'i';
  }
  return 'f';
}

Error malformed(std::string_view text, const std::string& message) {
  return Error::invalid("field path element \"" + std::string(text) + "\" " + message);
}

// {"name":"text"} without escapes is canonical as it stands; most keys are that.
bool is_plain_key(std::string_view text) {
  constexpr std::string_view kMiddle = "\":\"";
  if (!text.starts_with("{\"") || !text.ends_with("\"}") || text.size() < 8) return false;
  text = text.substr(2, text.size() - 4);
  const size_t middle = text.find(kMiddle);
  if (middle == std::string_view::npos) return false;
  const auto is_plain = [](std::string_view part) {
    return std::all_of(part.begin(), part.end(),
                       [](char c) { return c >= 0x20 && c != '"' && c != '\\'; });
  };
  return is_plain(text.substr(0, middle)) && is_plain(text.substr(middle + kMiddle.size()));
}

void add_paths(const FieldSet& set, FieldPath& path, std::vector<FieldPath>& out) {
  for (const auto& [element, child] : set.children()) {
    path.push_back(element);
    if (child.is_member()) out.push_back(path);
    add_paths(child, path, out);
    path.pop_back();
  }
}

}  // namespace

PathElement PathElement::key(const Json& keys) {
  Json out = Json::object();
  for (const auto& [name, value] : keys.items()) out[name] = canonical(value);
  return {Kind::kKey, dump_json(out)};
}

PathElement PathElement::value(const Json& value) {
  return {Kind::kValue, dump_json(canonical(value))};
}

PathElement PathElement::index(size_t index) {
  return {Kind::kIndex, std::to_string(index)};
}

Result<PathElement> PathElement::parse(std::string_view text) {
  if (text.size() < 2 || text[1] != ':') {
    return malformed(text, "must begin with f:, k:, v: or i:");
  }
  const std::string_view rest = text.substr(2);
  if (text[0] == 'f') return field(rest);
  if (text[0] == 'k' && is_plain_key(rest)) return PathElement{Kind::kKey, std::string(rest)};
  const Result<Json> json = parse_json(rest);
  if (!json.ok()) return malformed(text, "has no JSON after its prefix");
  if (text[0] == 'k') {
    if (!json->is_object()) return malformed(text, "must hold the keys of a list item");
    return key(*json);
  }
  if (text[0] == 'v') return value(*json);
  if (text[0] == 'i' && json->is_number_unsigned()) return index(json->get<size_t>());
  return malformed(text, "must begin with f:, k:, v: or i:");
}

void PathElement::append_serialized(std::string& out) const {
  out.append({prefix(kind), ':'}).append(text);
}

std::string PathElement::readable() const {
  switch (kind) {
    case Kind::kField:
      return "." + text;
    case Kind::kIndex:
      return "[" + text + "]";
    case Kind::kValue:
      return "[=" + text + "]";
    case Kind::kKey:
      break;
  }
  std::string out;
  const Result<Json> keys = parse_json(text);
  if (!keys.ok()) return "[" + text + "]";
  for (const auto& [name, value] : keys->items()) {
    out += (out.empty() ? "[" : ",") + name + "=" + dump_json(value);
  }
  return out + "]";
}

std::string readable_path(const FieldPath& path) {
  std::string text;
  for (const PathElement& element : path) text += element.readable();
  return text;
}

std::string FieldSet::text() const {
  std::string out;
  append_text(out);
  return out;
}

// "." sorts before all prefixes, and those as the children do.
void FieldSet::append_text(std::string& out) const {
  out += '{';
  append_members(out, false);
  out += '}';
}

void FieldSet::append_members(std::string& out, bool dot) const {
  std::string name;
  if (dot) out += "\".\":{}";
  for (const auto& [element, child] : children_) {
    if (std::exchange(dot, true)) out += ',';
    name.clear();
    element.append_serialized(name);
    append_json_string(out, name);
    out += ":{";
    child.append_members(out, child.member_ && !child.children_.empty());
    out += '}';
  }
}

bool FieldSet::contains(const FieldPath& path) const {
  const FieldSet* at = this;
  for (const PathElement& element : path) {
    at = at->find_child(element);
    if (at == nullptr) return false;
  }
  return at->member_;
}

void FieldSet::insert(const FieldPath& path) {
  FieldSet* at = this;
  for (const PathElement& element : path) at = &at->children_[element];
  at->member_ = true;
}

std::vector<FieldPath> FieldSet::paths() const {
  std::vector<FieldPath> out;
  FieldPath path;
  add_paths(*this, path, out);
  return out;
}

const FieldSet* FieldSet::find_child(const PathElement& element) const {
  const auto found = children_.find(element);
  return found == children_.end() ? nullptr : &found->second;
}

FieldSet FieldSet::united(const FieldSet& other) const {
  FieldSet out = *this;
  out.add(other);
  return out;
}

void FieldSet::add(FieldSet other) {
  member_ = member_ || other.member_;
  if (children_.empty()) {
    children_ = std::move(other.children_);
    return;
  }
  while (!other.children_.empty()) {
    auto added = children_.insert(other.children_.extract(other.children_.begin()));
    if (!added.inserted) added.position->second.add(std::move(added.node.mapped()));
  }
}

FieldSet FieldSet::intersected(const FieldSet& other) const {
  FieldSet out;
  out.member_ = member_ && other.member_;
  for (const auto& [element, child] : children_) {
    const FieldSet* theirs = other.find_child(element);
    if (theirs == nullptr) continue;
    FieldSet common = child.intersected(*theirs);
    if (!common.empty()) out.children_.emplace(element, std::move(common));
  }
  return out;
}

FieldSet FieldSet::without(const FieldSet& other) const {
  FieldSet out = *this;
  out.subtract(other);
  return out;
}

void FieldSet::subtract(const FieldSet& other) {
  if (other.member_) member_ = false;
  for (const auto& [element, theirs] : other.children_) {
    const auto child = children_.find(element);
    if (child == children_.end()) continue;
    child->second.subtract(theirs);
    if (child->second.empty()) children_.erase(child);
  }
}

FieldSet FieldSet::without_below(const FieldSet& other) const {
  FieldSet out;
  out.member_ = member_ && !other.member_;
  for (const auto& [element, child] : children_) {
    const FieldSet* theirs = other.find_child(element);
    if (theirs != nullptr && theirs->member_) continue;
    FieldSet left = theirs == nullptr ? child : child.without_below(*theirs);
    if (!left.empty()) out.children_.emplace(element, std::move(left));
  }
  return out;
}

}  // namespace capstan
