#include "sdk/conformance/agreement.h"

#include <algorithm>
#include <map>
#include <string>

#include "sdk/conformance/report.h"
#include "sdk/conformance/shape.h"

namespace capstan::conformance {
namespace {

std::string told(const CaseResult& result) {
  std::string text = result.mode + ": " + std::string(verdict_name(result.finding.verdict));
  if (!result.finding.message.empty()) text += ": " + result.finding.message;
  return text;
}

// "" where both say the same.
std::string difference_of(const CaseResult& first, const CaseResult& other) {
  if (first.finding.verdict != other.finding.verdict) return told(first) + "; " + told(other);
  const std::string difference = first_difference(first.finding.evidence, other.finding.evidence);
  if (difference.empty()) return "";
  return "its results differ between " + first.mode + " (expected) and " + other.mode +
         " (saw): " + difference;
}

Finding compared(const std::vector<const CaseResult*>& runs) {
  std::string text;
  for (const CaseResult* other : runs) {
    const std::string difference = difference_of(*runs.front(), *other);
    if (!difference.empty()) text += (text.empty() ? "" : "; ") + difference;
  }
  return no_complaint(text);
}

}  // namespace

std::vector<CaseResult> compare_modes(const std::vector<CaseResult>& results) {
  std::map<std::string, std::vector<const CaseResult*>> by_id;
  for (const CaseResult& result : results) {
    if (result.mode.empty() || result.finding.verdict == Verdict::kNotApplicable) continue;
    by_id[result.id].push_back(&result);
  }
  std::vector<CaseResult> out;
  for (const auto& [id, runs] : by_id) {
    const bool all_skipped = std::all_of(runs.begin(), runs.end(), [](const CaseResult* result) {
      return result->finding.verdict == Verdict::kSkipped;
    });
    if (runs.size() < 2 || all_skipped) continue;
    CaseResult result;
    result.id = "modes-agree/" + id;
    result.level = runs.front()->level;
    result.sentence = "gives the same in every mode";
    result.rule = "one plugin, one behaviour";
    result.finding = compared(runs);
    out.push_back(std::move(result));
  }
  return out;
}

}  // namespace capstan::conformance
