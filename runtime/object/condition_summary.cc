#include "runtime/object/condition_summary.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "runtime/base/text.h"

namespace capstan {
namespace {

constexpr size_t kMaxMessages = 3;
constexpr size_t kMaxNames = 3;

bool contains(const std::vector<std::string>& list, const std::string& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

Condition not_reported(std::string_view type, std::string message) {
  return {.type = std::string(type),
          .status = std::string(kUnknown),
          .reason = "NotYetReported",
          .message = std::move(message)};
}

std::string not_reported_message(std::string_view type) {
  return "Condition " + std::string(type) + " not yet reported";
}

// Status and reason of the target, by the worst of the priorities.
Condition merged(std::string_view target, ConditionPriority worst, const ConditionReasons& reasons,
                 bool negative) {
  Condition out{.type = std::string(target)};
  switch (worst) {
    case ConditionPriority::kIssue:
      out.status = negative ? kTrue : kFalse;
      out.reason = reasons.issue;
      break;
    case ConditionPriority::kUnknown:
      out.status = kUnknown;
      out.reason = reasons.unknown;
      break;
    case ConditionPriority::kInfo:
      out.status = negative ? kFalse : kTrue;
      out.reason = reasons.info;
      break;
  }
  return out;
}

// Whether a line has a "* " bullet somewhere, as Cluster API looks for it.
bool has_bullet(std::string_view line) {
  for (size_t at = line.find('*'); at != std::string_view::npos; at = line.find('*', at + 1)) {
    if (at + 1 < line.size() && (line[at + 1] == ' ' || line[at + 1] == '\t')) return true;
  }
  return false;
}

// A message of several lines or with bullets goes below its heading, indented and all in bullets.
std::string after_heading(const std::string& message) {
  if (message.find('\n') == std::string::npos && !has_bullet(message)) return " " + message;
  std::vector<std::string> lines = split(message, '\n');
  const bool mixed = !std::all_of(lines.begin(), lines.end(), has_bullet);
  std::string out;
  for (const std::string& line : lines) {
    out += "\n  ";
    if (mixed) out += has_bullet(line) ? "  " : "* ";
    out += line;
  }
  return out;
}

std::string summary_message(const std::vector<Condition>& conditions,
                            const std::vector<ConditionPriority>& priorities,
                            const Condition& target, const SummaryOptions& options) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < conditions.size(); ++i) {
    const Condition& condition = conditions[i];
    const bool info = priorities[i] == ConditionPriority::kInfo;
    if (info && (target.status != kTrue || condition.message.empty())) continue;
    lines.push_back(
        "* " + condition.type + ":" +
        (condition.message.empty() ? " " + condition.reason : after_heading(condition.message)));
  }
  if (options.transform) lines = options.transform(std::move(lines));
  return join(lines, "\n");
}

// What several objects of one kind say in the same words.
struct Group {
  std::string message;
  std::vector<std::string> names;
  ConditionPriority priority = ConditionPriority::kInfo;
  bool control_plane = false;
};

bool before(const Group& a, const Group& b) {
  if (a.control_plane != b.control_plane) return a.control_plane;
  if (a.priority != b.priority) return a.priority < b.priority;
  if (a.names.size() != b.names.size()) return a.names.size() > b.names.size();
  return a.names < b.names;
}

std::string plural(const std::string& kind) {
  const auto ends_in = [&](std::string_view end) { return kind.ends_with(end); };
  if (ends_in("s") || ends_in("x") || ends_in("ch") || ends_in("sh")) return kind + "es";
  const bool consonant_y =
      kind.size() > 1 && ends_in("y") &&
      std::string_view("aeiou").find(kind[kind.size() - 2]) == std::string_view::npos;
  return consonant_y ? kind.substr(0, kind.size() - 1) + "ies" : kind + "s";
}

class Aggregator {
 public:
  void add(const Json& object, const Condition& condition, ConditionPriority priority) {
    const std::string kind = get_string(object, {"kind"});
    const std::string name = get_string(object, {"metadata", "name"});
    const bool control_plane =
        kind == "Machine" &&
        find(object, {"metadata", "labels", "cluster.x-k8s.io/control-plane"}) != nullptr;
    Group& group = groups_[kind][condition.message];
    group.message = condition.message;
    group.names.push_back(name);
    group.priority = std::min(group.priority, priority);
    group.control_plane = group.control_plane || control_plane;
    if (control_plane) control_plane_names_.insert(name);
  }

  std::string message(const std::array<std::string_view, 3>& others) {
    std::vector<std::string> lines;
    size_t left = kMaxMessages;
    for (auto& [kind, by_message] : groups_) kind_lines(kind, by_message, others, left, lines);
    return join(lines, "\n");
  }

 private:
  void kind_lines(const std::string& kind, std::map<std::string, Group>& by_message,
                  const std::array<std::string_view, 3>& others, size_t& left,
                  std::vector<std::string>& lines) {
    std::vector<Group> groups;
    for (auto& [message, group] : by_message) {
      sort_names(group.names);
      groups.push_back(std::move(group));
    }
    std::sort(groups.begin(), groups.end(), before);
    std::array<size_t, 3> unnamed{};
    for (const Group& group : groups) {
      if (left == 0) {
        unnamed.at(static_cast<size_t>(group.priority)) += group.names.size();
        continue;
      }
      --left;
      lines.push_back(heading(kind, group) + after_heading(group.message));
    }
    for (size_t i = 0; i < unnamed.size(); ++i) {
      if (unnamed[i] == 0) continue;
      lines.push_back("And " + std::to_string(unnamed[i]) + " " +
                      (unnamed[i] == 1 ? kind : plural(kind)) + " " + std::string(others[i]));
    }
  }

  void sort_names(std::vector<std::string>& names) const {
    std::sort(names.begin(), names.end(), [&](const std::string& a, const std::string& b) {
      const bool a_first = control_plane_names_.count(a) > 0;
      const bool b_first = control_plane_names_.count(b) > 0;
      return a_first != b_first ? a_first : a < b;
    });
  }

  static std::string heading(const std::string& kind, const Group& group) {
    std::string line = "* " + (group.names.size() == 1 ? kind : plural(kind)) + " ";
    const size_t shown = std::min(group.names.size(), kMaxNames);
    line +=
        join({group.names.begin(), group.names.begin() + static_cast<std::ptrdiff_t>(shown)}, ", ");
    if (group.names.size() > shown) {
      line += ", ... (" + std::to_string(group.names.size() - shown) + " more)";
    }
    return line + ":";
  }

  std::map<std::string, std::map<std::string, Group>> groups_;
  std::set<std::string> control_plane_names_;
};

}  // namespace

ConditionPriority condition_priority(const Condition& condition, bool negative) {
  if (condition.status == (negative ? kTrue : kFalse)) return ConditionPriority::kIssue;
  if (condition.status == (negative ? kFalse : kTrue)) return ConditionPriority::kInfo;
  return ConditionPriority::kUnknown;
}

Condition summarize_conditions(const Json& object, std::string_view target,
                               const SummaryOptions& options) {
  std::vector<Condition> conditions;
  std::vector<ConditionPriority> priorities;
  ConditionPriority worst = ConditionPriority::kInfo;
  for (const std::string& type : options.types) {
    std::optional<Condition> condition = get_condition(object, type);
    for (const Condition& override : options.overrides) {
      if (condition && override.type == type) condition = override;
    }
    if (!condition && contains(options.ignore_if_missing, type)) continue;
    if (!condition) condition = not_reported(type, "Condition not yet reported");
    const ConditionPriority priority =
        options.priority ? options.priority(*condition)
                         : condition_priority(*condition, contains(options.negative, type));
    worst = std::min(worst, priority);
    conditions.push_back(*std::move(condition));
    priorities.push_back(priority);
  }
  Condition out = merged(target, worst, options.reasons, false);
  out.message = summary_message(conditions, priorities, out, options);
  return out;
}

Condition aggregate_conditions(const std::vector<const Json*>& objects, std::string_view source,
                               std::string_view target, const AggregateOptions& options) {
  std::vector<Condition> conditions;
  std::vector<ConditionPriority> priorities;
  ConditionPriority worst = ConditionPriority::kInfo;
  for (const Json* object : objects) {
    conditions.push_back(get_condition(*object, source)
                             .value_or(not_reported(source, not_reported_message(source))));
    const Condition& condition = conditions.back();
    priorities.push_back(options.priority ? options.priority(condition)
                                          : condition_priority(condition, options.negative));
    worst = std::min(worst, priorities.back());
  }
  Condition out =
      merged(target, worst, options.reasons, options.target_negative.value_or(options.negative));
  Aggregator aggregator;
  const bool only_info = worst == ConditionPriority::kInfo;
  for (size_t i = 0; i < objects.size(); ++i) {
    const bool info = priorities[i] == ConditionPriority::kInfo;
    if (info != only_info || (only_info && conditions[i].message.empty())) continue;
    aggregator.add(*objects[i], conditions[i], priorities[i]);
  }
  out.message =
      aggregator.message({"with other issues", "with status unknown", "with additional info"});
  return out;
}

Condition mirror_condition(const Json* object, std::string_view source, std::string_view target,
                           const Condition& fallback) {
  std::optional<Condition> found;
  if (object != nullptr) found = get_condition(*object, source);
  Condition out;
  if (found) {
    out = *found;
    out.observed_generation = 0;  // of the other object; it would confuse in this one
  } else if (!fallback.status.empty()) {
    out = fallback;
  } else {
    out = not_reported(source, not_reported_message(source));
  }
  out.type = target;
  return out;
}

}  // namespace capstan
