#include "sdk/conformance/report.h"

#include <cstdio>
#include <map>
#include <sstream>

#include "runtime/base/text.h"

namespace capstan::conformance {
namespace {

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

const char* color_of(Verdict verdict) {
  return verdict == Verdict::kPassed   ? "\x1b[32m"
         : verdict == Verdict::kFailed ? "\x1b[31m"
                                       : "\x1b[33m";
}

std::string seconds(std::chrono::milliseconds took) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.3f", static_cast<double>(took.count()) / 1000);
  return text;
}

std::string group_of(const CaseResult& result) {
  return result.id.substr(0, result.id.find('-'));
}

// XML 1.0 has no place for control characters, and none of ours need one.
std::string xml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' ? '?' : c;
    }
  }
  // Whatever a plugin wrote: bytes that are no UTF-8 become U+FFFD.
  const Json valid = Json::parse(dump_json(Json(out)));
  return valid.get<std::string>();
}

// JUnit knows one word for it.
bool is_left_out(const CaseResult& result) {
  return result.finding.verdict == Verdict::kSkipped ||
         result.finding.verdict == Verdict::kNotApplicable;
}

void write_case(std::ostream& out, const CaseResult& result) {
  const std::string name = result.id + (result.mode.empty() ? "" : " [" + result.mode + "]");
  out << "    <testcase classname=\"capstan.conformance." << xml(group_of(result)) << "\" name=\""
      << xml(name) << "\" time=\"" << seconds(result.took) << "\"";
  if (result.finding.verdict == Verdict::kPassed) {
    out << "/>\n";
    return;
  }
  out << ">\n";
  if (result.finding.verdict != Verdict::kFailed) {
    out << "      <skipped message=\"" << xml(result.finding.message) << "\"/>\n";
  } else {
    out << "      <failure message=\"" << xml(result.finding.message) << "\">"
        << xml("It " + result.sentence + " (" + result.rule + ").") << "</failure>\n";
    if (!result.output.empty()) {
      out << "      <system-out>" << xml(result.output) << "</system-out>\n";
    }
  }
  out << "    </testcase>\n";
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPassed:
      return "passed";
    case Verdict::kFailed:
      return "failed";
    case Verdict::kSkipped:
      return "skipped";
    case Verdict::kNotApplicable:
      return "not-applicable";
  }
  return "";
}

void print_result(std::ostream& out, const CaseResult& result, bool colors) {
  const Verdict verdict = result.finding.verdict;
  const std::string name(verdict == Verdict::kNotApplicable ? "n/a" : verdict_name(verdict));
  out << (colors ? color_of(verdict) : "") << padded(name, 8) << (colors ? "\x1b[0m" : "")
      << padded(std::to_string(result.level), 3)
      << padded(result.mode.empty() ? "-" : result.mode, 12) << result.id << "\n";
  if (verdict == Verdict::kPassed) return;
  out << "           " << result.finding.message << "\n";
  if (verdict != Verdict::kFailed) return;
  out << "           expected: it " << result.sentence << " (" << result.rule << ")\n";
  for (const std::string& line : split(trim(result.output), '\n')) {
    if (!line.empty()) out << "           | " << line << "\n";
  }
}

std::string summary(const RunReport& report) {
  std::ostringstream out;
  out << report.plugin << ": " << report.count(Verdict::kPassed) << " passed, "
      << report.count(Verdict::kFailed) << " failed, " << report.count(Verdict::kSkipped)
      << " skipped";
  const size_t other = report.count(Verdict::kNotApplicable);
  if (other > 0) out << ", " << other << " not applicable";
  out << " at level " << report.level << " (seed " << report.seed << ")";
  return out.str();
}

Json to_json(const CaseResult& result) {
  Json out = {{"id", result.id},
              {"level", result.level},
              {"sentence", result.sentence},
              {"rule", result.rule},
              {"verdict", verdict_name(result.finding.verdict)},
              {"ms", result.took.count()}};
  if (!result.mode.empty()) out["mode"] = result.mode;
  if (!result.finding.message.empty()) out["message"] = result.finding.message;
  if (result.finding.verdict == Verdict::kFailed) out["output"] = result.output;
  return out;
}

Json to_json(const RunReport& report) {
  Json out = {{"plugin", report.plugin},
              {"file", report.file},
              {"level", report.level},
              {"seed", report.seed},
              {"passed", report.count(Verdict::kPassed)},
              {"failed", report.count(Verdict::kFailed)},
              {"skipped", report.count(Verdict::kSkipped)},
              {"notApplicable", report.count(Verdict::kNotApplicable)},
              {"cases", Json::array()}};
  for (const CaseResult& result : report.results) out["cases"].push_back(to_json(result));
  return out;
}

std::string to_junit(const RunReport& report) {
  std::map<std::string, std::vector<const CaseResult*>> groups;
  for (const CaseResult& result : report.results) groups[group_of(result)].push_back(&result);
  std::ostringstream out;
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" << xml(report.plugin)
      << "\" tests=\"" << report.results.size() << "\" failures=\""
      << report.count(Verdict::kFailed) << "\" skipped=\""
      << report.count(Verdict::kSkipped) + report.count(Verdict::kNotApplicable) << "\">\n";
  for (const auto& [group, results] : groups) {
    size_t failures = 0, skips = 0;
    for (const CaseResult* result : results) {
      failures += result->finding.verdict == Verdict::kFailed ? 1 : 0;
      skips += is_left_out(*result) ? 1 : 0;
    }
    out << "  <testsuite name=\"" << xml(group) << "\" tests=\"" << results.size()
        << "\" failures=\"" << failures << "\" skipped=\"" << skips << "\">\n";
    for (const CaseResult* result : results) write_case(out, *result);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
  return out.str();
}

}  // namespace capstan::conformance
