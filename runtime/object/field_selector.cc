#include <algorithm>

#include "runtime/base/text.h"
#include "runtime/object/selector.h"

namespace capstan {
namespace {

struct RawTerm {
  std::string field;
  std::string value;
  bool equal = true;
};

Error malformed(std::string_view text, const std::string& message) {
  return Error::invalid("invalid field selector \"" + std::string(text) + "\": " + message);
}

// One term, from `at` to the next unescaped comma; `at` is left behind that.
Result<RawTerm> read_term(std::string_view text, size_t& at) {
  RawTerm term;
  bool has_operator = false;
  for (; at < text.size() && text[at] != ','; ++at) {
    std::string& into = has_operator ? term.value : term.field;
    if (text[at] == '\\') {
      if (++at == text.size() ||
          std::string_view("\\,=").find(text[at]) == std::string_view::npos) {
        return malformed(text, "only \\, ,, and = can be escaped with \\");
      }
      into += text[at];
    } else if (!has_operator && text[at] == '!' && at + 1 < text.size() && text[at + 1] == '=') {
      term.equal = false;
      has_operator = true;
      ++at;
    } else if (!has_operator && text[at] == '=') {
      has_operator = true;
      if (at + 1 < text.size() && text[at + 1] == '=') ++at;
    } else if (text[at] == '=') {
      return malformed(text, "a value with \"=\" must escape it as \"\\=\"");
    } else {
      into += text[at];
    }
  }
  ++at;
  if (!has_operator) return malformed(text, "expected <field>=<value> or <field>!=<value>");
  return term;
}

std::string value_text(const Json* value) {
  if (value == nullptr || value->is_null()) return "";
  return value->is_string() ? value->get<std::string>() : dump_json(*value);
}

const Json* lookup(const Json& object, const std::vector<std::string>& path) {
  const Json* at = &object;
  for (const std::string& name : path) {
    if (!at->is_object()) return nullptr;
    const auto member = at->find(name);
    if (member == at->end()) return nullptr;
    at = &*member;
  }
  return at;
}

std::string escaped(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == ',' || c == '=') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

Result<FieldSelector> FieldSelector::parse(std::string_view text,
                                           const std::vector<std::string>& supported) {
  FieldSelector selector;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == ',' || text[at] == ' ') {
      ++at;
      continue;
    }
    RawTerm raw = TRY(read_term(text, at));
    const std::string field(trim(raw.field));
    const bool known = field == "metadata.name" || field == "metadata.namespace" ||
                       std::find(supported.begin(), supported.end(), field) != supported.end();
    if (!known) {
      std::vector<std::string> all = {"metadata.name", "metadata.namespace"};
      all.insert(all.end(), supported.begin(), supported.end());
      return Error::invalid("field label not supported: " + field + "; supported are " +
                            join(all, ", "));
    }
    selector.terms_.push_back({field, split(field, '.'), std::move(raw.value), raw.equal});
  }
  return selector;
}

bool FieldSelector::matches(const Object& object) const {
  JsonPtr tree;
  for (const Term& term : terms_) {
    std::string found;
    if (term.field == "metadata.name") {
      found = object.meta().name;
    } else if (term.field == "metadata.namespace") {
      found = object.meta().ns;
    } else {
      if (tree == nullptr) tree = object.tree();
      found = value_text(lookup(*tree, term.path));
    }
    if ((found == term.value) != term.equal) return false;
  }
  return true;
}

bool FieldSelector::matches(const Json& object) const {
  return std::all_of(terms_.begin(), terms_.end(), [&](const Term& term) {
    return (value_text(lookup(object, term.path)) == term.value) == term.equal;
  });
}

std::string FieldSelector::text() const {
  std::vector<std::string> parts;
  parts.reserve(terms_.size());
  for (const Term& term : terms_) {
    parts.push_back(term.field + (term.equal ? "=" : "!=") + escaped(term.value));
  }
  return join(parts, ",");
}

std::optional<std::string> FieldSelector::exact(std::string_view field) const {
  for (const Term& term : terms_) {
    if (term.field == field && term.equal) return term.value;
  }
  return std::nullopt;
}

}  // namespace capstan
