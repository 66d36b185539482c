#include "runtime/object/patch/json_patch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kMaxOperations = 10000;
// `copy` can double an object with every operation; this is the most that a patch may copy.
constexpr size_t kMaxCopiedValues = 100000;
constexpr size_t kMaxCopiedBytes = 3 * 1024 * 1024;  // of their texts and names

using Pointer = std::vector<std::string>;

Error failed(const std::string& message) {
  return Error::invalid(message);
}

// RFC 6901: "" is the whole document, "~1" is "/", "~0" is "~".
Result<Pointer> parse_pointer(const std::string& text) {
  Pointer pointer;
  if (text.empty()) return pointer;
  if (text.front() != '/') return failed("the path must be empty or begin with \"/\"");
  for (const std::string& part : split(std::string_view(text).substr(1), '/')) {
    std::string name;
    for (size_t i = 0; i < part.size(); ++i) {
      if (part[i] != '~') {
        name += part[i];
      } else if (i + 1 < part.size() && (part[i + 1] == '0' || part[i + 1] == '1')) {
        name += part[++i] == '0' ? '~' : '/';
      } else {
        return failed("\"~\" must be followed by 0 or 1");
      }
    }
    pointer.push_back(std::move(name));
  }
  return pointer;
}

std::string pointer_text(const Pointer& pointer, size_t steps) {
  std::string text;
  for (size_t i = 0; i < steps; ++i) text += "/" + pointer[i];
  return text;
}

// An index in [0, limit): decimal digits without leading zeros.
std::optional<size_t> parse_index(const std::string& text, size_t limit) {
  if (text.empty() || text.size() > 9 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  if (text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const size_t index = std::stoul(text);
  return index < limit ? std::optional(index) : std::nullopt;
}

Result<Json*> resolve(Json& target, const Pointer& pointer, size_t steps) {
  Json* at = &target;
  for (size_t i = 0; i < steps; ++i) {
    Json* next = nullptr;
    if (at->is_object()) {
      const auto member = at->find(pointer[i]);
      if (member != at->end()) next = &*member;
    } else if (at->is_array()) {
      const auto index = parse_index(pointer[i], at->size());
      if (index) next = &(*at)[*index];
    }
    if (next == nullptr) {
      return failed("\"" + pointer_text(pointer, i + 1) + "\" does not exist in the object");
    }
    at = next;
  }
  return at;
}

Result<void> add(Json& target, const Pointer& pointer, Json value) {
  if (pointer.empty()) {
    target = std::move(value);
    return {};
  }
  Json& parent = *TRY(resolve(target, pointer, pointer.size() - 1));
  const std::string& last = pointer.back();
  if (parent.is_object()) {
    parent[last] = std::move(value);
    return {};
  }
  const std::string where = "\"" + pointer_text(pointer, pointer.size() - 1) + "\"";
  if (!parent.is_array()) return failed(where + " is neither an object nor a list");
  if (last == "-") {
    parent.push_back(std::move(value));
    return {};
  }
  const auto index = parse_index(last, parent.size() + 1);
  if (!index) {
    return failed("\"" + last + "\" is no index of the list " + where + " of " +
                  std::to_string(parent.size()) + " items");
  }
  parent.insert(parent.begin() + static_cast<std::ptrdiff_t>(*index), std::move(value));
  return {};
}

// Takes the value out and gives it.
Result<Json> take(Json& target, const Pointer& pointer) {
  Json* at = TRY(resolve(target, pointer, pointer.size()));
  Json value = std::move(*at);
  if (pointer.empty()) {
    target = nullptr;
    return value;
  }
  Json& parent = *TRY(resolve(target, pointer, pointer.size() - 1));
  if (parent.is_object()) {
    parent.erase(pointer.back());
  } else {
    parent.erase(*parse_index(pointer.back(), parent.size()));
  }
  return value;
}

struct Copied {
  size_t values = 0;
  size_t bytes = 0;

  void add(const Json& value) {
    ++values;
    if (value.is_string()) bytes += value.get_ref<const std::string&>().size();
    if (!value.is_structured()) return;
    for (const auto& [name, item] : value.items()) {
      if (value.is_object()) bytes += name.size();
      add(item);
    }
  }
};

class Patcher {
 public:
  explicit Patcher(Json& target) : target_(target) {}

  Result<void> apply(const Json& operation) {
    const std::string op = get_string(operation, {"op"});
    if (op == "add") return add(target_, TRY(pointer(operation, "path")), TRY(value(operation)));
    if (op == "replace") return replace(operation);
    if (op == "remove") {
      TRY(take(target_, TRY(pointer(operation, "path"))));
      return {};
    }
    if (op == "test") return test(operation);
    if (op == "move") return move(operation);
    if (op == "copy") return copy(operation);
    return failed("op must be one of add, remove, replace, move, copy, test");
  }

 private:
  static Result<Pointer> pointer(const Json& operation, const char* name) {
    const Json* given = find(operation, {name});
    if (given == nullptr || !given->is_string()) {
      return failed(std::string(name) + " must be a string");
    }
    return parse_pointer(given->get<std::string>());
  }

  static Result<Json> value(const Json& operation) {
    const Json* given = find(operation, {"value"});
    if (given == nullptr) return failed("value is missing");
    return *given;
  }

  Result<void> replace(const Json& operation) {
    const Pointer path = TRY(pointer(operation, "path"));
    *TRY(resolve(target_, path, path.size())) = TRY(value(operation));
    return {};
  }

  Result<void> test(const Json& operation) {
    const Pointer path = TRY(pointer(operation, "path"));
    const Json expected = TRY(value(operation));
    const Json& found = *TRY(resolve(target_, path, path.size()));
    if (found == expected) return {};
    return failed("the test failed: expected " + dump_json(expected) + ", found " +
                  dump_json(found));
  }

  Result<void> move(const Json& operation) {
    const Pointer from = TRY(pointer(operation, "from"));
    const Pointer path = TRY(pointer(operation, "path"));
    if (from.size() < path.size() && std::equal(from.begin(), from.end(), path.begin())) {
      return failed("a value cannot move into itself");
    }
    return add(target_, path, TRY(take(target_, from)));
  }

  Result<void> copy(const Json& operation) {
    const Pointer from = TRY(pointer(operation, "from"));
    const Json& value = *TRY(resolve(target_, from, from.size()));
    copied_.add(value);
    if (copied_.values > kMaxCopiedValues) {
      return failed("the patch copies more than " + std::to_string(kMaxCopiedValues) + " values");
    }
    if (copied_.bytes > kMaxCopiedBytes) {
      return failed("the patch copies more than " + std::to_string(kMaxCopiedBytes) + " bytes");
    }
    return add(target_, TRY(pointer(operation, "path")), value);
  }

  Json& target_;
  Copied copied_;
};

std::string describe(const Json& patch, size_t index) {
  std::string text = "JSON patch operation " + std::to_string(index);
  const std::string op = get_string(patch[index], {"op"});
  if (op.empty()) return text;
  return text + " (" + op + " \"" + get_string(patch[index], {"path"}) + "\")";
}

}  // namespace

Result<void> apply_json_patch(Json& target, const Json& patch) {
  if (!patch.is_array()) return failed("a JSON patch must be a list of operations");
  if (patch.size() > kMaxOperations) {
    return failed("the JSON patch has " + std::to_string(patch.size()) + " operations; at most " +
                  std::to_string(kMaxOperations) + " are taken");
  }
  Json next = target;
  Patcher patcher(next);
  for (size_t i = 0; i < patch.size(); ++i) {
    Result<void> done = patcher.apply(patch[i]);
    if (!done.ok()) return std::move(done).error().with_context(describe(patch, i));
  }
  target = std::move(next);
  return {};
}

}  // namespace capstan
