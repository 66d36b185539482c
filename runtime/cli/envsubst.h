// Variables in cluster templates, in the syntax that clusterctl's templates use (drone/envsubst):
// ${VAR}, ${VAR:-default}, ${VAR:=default}, ${VAR=default}, ${#VAR}, ${VAR^}, ${VAR^^}, ${VAR,},
// ${VAR,,}, ${VAR:offset:length}, ${VAR#glob}, ${VAR##glob}, ${VAR%glob}, ${VAR%%glob},
// ${VAR/find/replace}, ${VAR//find/replace}, ${VAR/#find/replace}, ${VAR/%find/replace}. A default
// applies to an unset or empty variable and may hold variables itself. `$${` writes a literal `${`.
// `$VAR` without braces is text.
//
// Thread safety: free functions.
//
// Example:
//   const Template parsed = TRY(Template::parse("name: ${CLUSTER_NAME}\n"));
//   const std::string text = TRY(parsed.render(lookup));
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace capstan::cli {

// The value of a variable, or nothing where it is not set.
using VariableLookup = std::function<std::optional<std::string>(const std::string&)>;

struct TemplateVariable {
  std::string name;
  std::optional<std::string> fallback;  // the default's text as written; nothing: required
};

class Template {
 public:
  // Errors: kInvalid with the line of an unclosed or malformed expression.
  static Result<Template> parse(std::string_view text);

  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  // Sorted by name, each once. A variable is required if any use has no default.
  std::vector<TemplateVariable> variables() const;

  // Errors: kInvalid naming every required variable that is not set, and where to set them.
  Result<std::string> render(const VariableLookup& lookup) const;

 private:
  struct Part;
  Template();
  static Result<std::vector<Part>> parse_parts(std::string_view text, size_t& at, bool nested);
  static Result<Part> parse_expression(std::string_view text, size_t& at);
  static std::string render_parts(const std::vector<Part>& parts, const VariableLookup& lookup);
  static std::string render_part(const Part& part, const VariableLookup& lookup);
  static void collect(const std::vector<Part>& parts,
                      std::map<std::string, TemplateVariable>& into);

  std::vector<Part> parts_;
};

}  // namespace capstan::cli
