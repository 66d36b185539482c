// Label and field selectors, as they stand in query strings and in objects.
//
// Thread safety: immutable values.
//
// Example:
//   const LabelSelector selector = TRY(LabelSelector::parse("app=web,tier in (a, b),!old"));
//   if (selector.matches(object->meta().labels)) ...
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"
#include "runtime/object/object.h"

namespace capstan {

using Labels = std::map<std::string, std::string, std::less<>>;

class LabelSelector {
 public:
  enum class Operator { kIn, kNotIn, kExists, kDoesNotExist, kGreaterThan, kLessThan };
  struct Requirement {
    std::string key;
    Operator op;
    std::vector<std::string> values;  // sorted
    bool operator==(const Requirement&) const = default;
  };

  LabelSelector() = default;  // matches everything

  // `a=b,c!=d,e in (f,g),h notin (i),j,!k`. The empty text matches everything.
  // Errors: kInvalid with what was found and what was expected.
  static Result<LabelSelector> parse(std::string_view text);
  // metav1.LabelSelector: matchLabels and matchExpressions. The empty object matches everything,
  // null matches nothing. Errors: kInvalid with the field.
  static Result<LabelSelector> from_json(const Json& selector);

  bool matches(const Labels& labels) const;
  bool matches_everything() const { return requirements_.empty() && !nothing_; }
  // The canonical text, as Scale.status.selector has it. Parses to an equal selector.
  std::string text() const;
  const std::vector<Requirement>& requirements() const { return requirements_; }
  // The value that `key` must have, where the selector demands exactly one: for looking up an
  // index.
  std::optional<std::string> exact(std::string_view key) const;

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

// `metadata.name=x,status.phase!=Running`. Values may escape `,`, `=` and `\` with `\`.
class FieldSelector {
 public:
  FieldSelector() = default;  // matches everything

  // `supported` are the paths the kind allows besides metadata.name and metadata.namespace, e.g.
  // "involvedObject.uid". Errors: kInvalid that names the field and the supported ones.
  static Result<FieldSelector> parse(std::string_view text,
                                     const std::vector<std::string>& supported = {});

  bool matches(const Object& object) const;
  bool matches(const Json& object) const;
  bool matches_everything() const { return terms_.empty(); }
  std::string text() const;
  // The value that `field` must equal, e.g. for a get by metadata.name.
  std::optional<std::string> exact(std::string_view field) const;

 private:
  struct Term {
    std::string field;
    std::vector<std::string> path;
    std::string value;
    bool equal = true;
  };
  std::vector<Term> terms_;
};

}  // namespace capstan
