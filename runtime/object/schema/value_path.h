// Where a walk through an object stands, as a chain on the call stack: naming a step costs
// nothing until an error needs the text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace capstan {

class ValuePath {
 public:
  ValuePath() = default;
  ValuePath(const ValuePath& parent, std::string_view name) : parent_(&parent), name_(name) {}
  ValuePath(const ValuePath& parent, size_t index)
      : parent_(&parent), index_(index), is_index_(true) {}

  // "spec.foo[0].bar"; "" for the object itself.
  std::string text() const {
    if (parent_ == nullptr) return std::string(name_);
    std::string path = parent_->text();
    if (is_index_) return path.append("[").append(std::to_string(index_)).append("]");
    if (!path.empty()) path += '.';
    return path.append(name_);
  }

 private:
  const ValuePath* parent_ = nullptr;
  std::string_view name_;
  size_t index_ = 0;
  bool is_index_ = false;
};

}  // namespace capstan
