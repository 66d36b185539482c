// Printing: one row an object, its conditions under it, its children below.
#include <algorithm>
#include <array>

#include "runtime/base/text.h"
#include "runtime/cli/cluster_tree.h"
#include "runtime/cli/table.h"

namespace capstan::cli {
namespace {

constexpr size_t kMessageWidth = 100;

std::string pluralize(const std::string& kind) {
  if (kind.ends_with('s')) return kind + "es";
  return kind + "s";
}

std::string age_of(const Json& condition, Instant now) {
  const Result<Instant> since = parse_time(get_string(condition, {"lastTransitionTime"}));
  return since.ok() ? format_age(now - *since) : "";
}

bool is_negative(const std::string& type) {
  constexpr std::array kNegative = {"Paused",      "Deleting", "RollingOut", "ScalingUp",
                                    "ScalingDown", "Updating", "Remediating"};
  return std::find(kNegative.begin(), kNegative.end(), type) != kNegative.end();
}

bool is_amiss(const Json& condition) {
  const std::string type = get_string(condition, {"type"});
  const std::string healthy = is_negative(type) ? "False" : "True";
  return type == "Available" || type == "Ready" || get_string(condition, {"status"}) != healthy ||
         !get_string(condition, {"message"}).empty();
}

Color color_of(const Json& condition, bool v1beta1) {
  const std::string status = get_string(condition, {"status"});
  if (v1beta1) {
    if (status == "True") return Color::kGreen;
    const std::string severity = get_string(condition, {"severity"});
    if (severity == "Error") return Color::kRed;
    return severity == "Warning" ? Color::kYellow : Color::kNone;
  }
  if (status == "Unknown") return Color::kYellow;
  const bool healthy = (status == "True") != is_negative(get_string(condition, {"type"}));
  return healthy ? Color::kGreen : Color::kRed;
}

// Words packed into lines of the message column; line breaks and list indents stay.
std::vector<std::string> wrap(const std::string& message) {
  std::vector<std::string> lines;
  for (const std::string& paragraph : split(message, '\n')) {
    const size_t blanks = std::min(paragraph.find_first_not_of(' '), paragraph.size());
    std::string indent(blanks, ' ');
    std::string line = indent;
    if (trim(paragraph).starts_with("* ")) indent += "  ";
    for (const std::string& word : split(paragraph, ' ')) {
      if (word.empty()) continue;
      if (line.size() + word.size() >= kMessageWidth) {
        lines.push_back(line);
        line = indent + word;
        continue;
      }
      if (!trim(line).empty()) line += ' ';
      line += word;
    }
    lines.push_back(line);
  }
  return lines;
}

std::string replace_all(std::string text, std::string_view from, std::string_view to) {
  size_t at = 0;
  while ((at = text.find(from, at)) != std::string::npos) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

std::string child_prefix(const std::string& prefix, bool last) {
  std::string next = replace_all(prefix, "├─", "│ ");
  next = replace_all(next, "└─", "  ");
  return next + (last ? "└─" : "├─");
}

// Under a row's first line: its continuation lines.
std::string continued(const std::string& prefix) {
  return replace_all(replace_all(prefix, "├─", "│ "), "└─", "  ");
}

struct Counters {
  std::string replicas, available, ready, up_to_date;
};

std::string text_of(const Json* number) {
  return number != nullptr && number->is_number() ? number->dump() : "";
}

Counters replica_counters(const Json& object) {
  Counters counters;
  const Json* desired = find(object, {"spec", "replicas"});
  if (desired != nullptr) {
    counters.replicas =
        std::to_string(get_int(object, {"status", "replicas"})) + "/" + desired->dump();
  }
  counters.available = text_of(find(object, {"status", "availableReplicas"}));
  counters.ready = text_of(find(object, {"status", "readyReplicas"}));
  counters.up_to_date = text_of(find(object, {"status", "upToDateReplicas"}));
  return counters;
}

// Control plane and workers together; empty while neither is known.
std::string cluster_sum(const Json& object, const char* field) {
  const Json* control_plane = find(object, {"status", "controlPlane", field});
  const Json* workers = find(object, {"status", "workers", field});
  if (control_plane == nullptr && workers == nullptr) return "";
  return std::to_string(get_int(object, {"status", "controlPlane", field}) +
                        get_int(object, {"status", "workers", field}));
}

Counters cluster_counters(const Json& object) {
  Counters counters;
  const std::string current = cluster_sum(object, "replicas");
  const std::string desired = cluster_sum(object, "desiredReplicas");
  if (!current.empty() || !desired.empty()) {
    counters.replicas = (current.empty() ? "0" : current) + "/" + (desired.empty() ? "0" : desired);
  }
  counters.available = cluster_sum(object, "availableReplicas");
  counters.ready = cluster_sum(object, "readyReplicas");
  counters.up_to_date = cluster_sum(object, "upToDateReplicas");
  return counters;
}

Counters machine_counters(const Json& object) {
  const auto one = [&](const char* type) -> std::string {
    const Json* condition = tree_condition(object, type, false);
    return condition != nullptr && get_string(*condition, {"status"}) == "True" ? "1" : "0";
  };
  return {"1", one("Available"), one("Ready"), one("UpToDate")};
}

Counters counters_of(const TreeNode& node) {
  if (!node.group_items.empty()) {
    return {"", std::to_string(node.group_available), std::to_string(node.group_ready),
            std::to_string(node.group_up_to_date)};
  }
  const std::string kind = node.kind();
  if (kind == "Cluster") return cluster_counters(node.object);
  if (kind == "Machine") return machine_counters(node.object);
  if (node.is_control_plane || kind == "MachineDeployment" || kind == "MachineSet") {
    return replica_counters(node.object);
  }
  return {};
}

// The condition that stands for the object in its own row.
const Json* main_condition(const TreeNode& node, bool v1beta1) {
  if (v1beta1) return tree_condition(node.object, "Ready", true);
  const std::string kind = node.kind();
  if (kind == "MachineSet") return nullptr;
  if (kind == "Cluster" || kind == "MachineDeployment" || node.is_control_plane) {
    if (const Json* available = tree_condition(node.object, "Available", false)) return available;
  }
  return tree_condition(node.object, "Ready", false);
}

std::string version_of(const TreeNode& node) {
  const std::string kind = node.kind();
  if (kind == "Cluster") return get_string(node.object, {"spec", "topology", "version"});
  if (kind == "MachineDeployment" || kind == "MachineSet") {
    return get_string(node.object, {"spec", "template", "spec", "version"});
  }
  if (kind == "Machine" || node.is_control_plane)
    return get_string(node.object, {"spec", "version"});
  return "";
}

std::string row_name(const TreeNode& node, bool colors) {
  if (!node.group_items.empty()) {
    const std::string kind = node.kind();
    return paint(std::to_string(node.group_items.size()) + " " +
                     pluralize(kind.substr(0, kind.size() - std::string("Group").size())) + "...",
                 Color::kBold, colors);
  }
  if (node.is_virtual) return node.meta_name.empty() ? node.name() : node.meta_name;
  const std::string ns = get_string(node.object, {"metadata", "namespace"});
  std::string name = node.kind() + " " +
                     paint(ns.empty() ? node.name() : ns + "/" + node.name(), Color::kBold, colors);
  const std::string version = version_of(node);
  if (!version.empty()) name += ", " + version;
  if (find(node.object, {"metadata", "deletionTimestamp"}) != nullptr) {
    name = paint("!! DELETED !!", Color::kRed, colors) + " " + name;
  }
  return name;
}

class Renderer {
 public:
  Renderer(const TreeOptions& options, Instant now, bool colors)
      : options_(options), now_(now), colors_(colors), table_(header(options.v1beta1)) {}

  std::string render(const TreeNode& root) {
    add(root, "");
    return table_.text();
  }

 private:
  static std::vector<std::string> header(bool v1beta1) {
    if (v1beta1) return {"NAME", "READY", "SEVERITY", "REASON", "SINCE", "MESSAGE"};
    return {"NAME",   "REPLICAS", "AVAILABLE", "READY",  "UP TO DATE",
            "STATUS", "REASON",   "SINCE",     "MESSAGE"};
  }

  void add(const TreeNode& node, const std::string& prefix);
  void add_row(const TreeNode& node, const std::string& prefix);
  void add_conditions(const TreeNode& node, const std::string& prefix);
  void add_line(const std::string& prefix, const std::string& name, const Counters& counters,
                const Json* condition, const std::vector<std::string>& message,
                const std::string& next_prefix);
  std::vector<std::string> message_of(const TreeNode& node, const Json* condition) const;

  const TreeOptions& options_;
  Instant now_;
  bool colors_;
  Table table_;
};

std::vector<std::string> Renderer::message_of(const TreeNode& node, const Json* condition) const {
  if (!node.group_items.empty()) {
    const std::vector<std::string>& items = node.group_items;
    const std::vector<std::string> first(items.begin(),
                                         items.begin() + std::min<size_t>(2, items.size()));
    return {"See " + join(first, ", ") + (items.size() > 2 ? ", ..." : "")};
  }
  if (condition == nullptr) return {""};
  const std::string message = get_string(*condition, {"message"});
  if (!options_.v1beta1) return wrap(message);
  return {message.size() > kMessageWidth ? message.substr(0, kMessageWidth) + " ..." : message};
}

void Renderer::add_line(const std::string& prefix, const std::string& name,
                        const Counters& counters, const Json* condition,
                        const std::vector<std::string>& message, const std::string& next_prefix) {
  const Color color = condition == nullptr ? Color::kNone : color_of(*condition, options_.v1beta1);
  const auto field = [&](const char* key) {
    return condition == nullptr ? std::string() : get_string(*condition, {key});
  };
  const std::string age = condition == nullptr ? "" : age_of(*condition, now_);
  const std::string title = paint(prefix, Color::kGray, colors_) + name;
  const std::string status = paint(field("status"), color, colors_);
  if (options_.v1beta1) {
    table_.add({title, status, paint(field("severity"), color, colors_),
                paint(field("reason"), color, colors_), age, message.front()});
    return;
  }
  table_.add({title, counters.replicas, counters.available, counters.ready, counters.up_to_date,
              status, field("reason"), age, message.front()});
  for (size_t i = 1; i < message.size(); ++i) {
    table_.add({paint(next_prefix, Color::kGray, colors_), "", "", "", "", "", "", "", message[i]});
  }
}

void Renderer::add_row(const TreeNode& node, const std::string& prefix) {
  const Json* condition = main_condition(node, options_.v1beta1);
  std::vector<std::string> message = message_of(node, condition);
  // Its conditions follow as rows of their own.
  if (node.show != ShowConditions::kNone && !options_.v1beta1) {
    condition = nullptr;
    message = {""};
  }
  const std::string next = continued(prefix) + (node.children.empty() ? "" : "│ ");
  add_line(prefix, row_name(node, colors_), counters_of(node), condition, message, next);
}

void Renderer::add_conditions(const TreeNode& node, const std::string& prefix) {
  const Json* conditions = tree_conditions(node.object, options_.v1beta1);
  if (node.show == ShowConditions::kNone || conditions == nullptr || !conditions->is_array())
    return;
  std::vector<const Json*> rows;
  for (const Json& condition : *conditions) {
    if (node.show == ShowConditions::kAmiss && !is_amiss(condition)) continue;
    if (options_.v1beta1 && get_string(condition, {"type"}) == "Ready") continue;
    rows.push_back(&condition);
  }
  if (options_.v1beta1) {
    std::stable_sort(rows.begin(), rows.end(), [](const Json* a, const Json* b) {
      return get_string(*a, {"type"}) < get_string(*b, {"type"});
    });
  }
  const std::string base = prefix + (node.children.empty() ? "  " : "│ ") + std::string(10, ' ');
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string row_prefix = child_prefix(base, i + 1 == rows.size());
    TreeNode plain;
    add_line(row_prefix, paint(get_string(*rows[i], {"type"}), Color::kCyan, colors_), {}, rows[i],
             message_of(plain, rows[i]), continued(row_prefix));
  }
}

void Renderer::add(const TreeNode& node, const std::string& prefix) {
  add_row(node, prefix);
  add_conditions(node, prefix);
  std::vector<const TreeNode*> children;
  for (const auto& child : node.children) children.push_back(child.get());
  std::sort(children.begin(), children.end(), [](const TreeNode* a, const TreeNode* b) {
    if (a->z_order != b->z_order) return a->z_order > b->z_order;
    return row_name(*a, false) < row_name(*b, false);
  });
  for (size_t i = 0; i < children.size(); ++i) {
    add(*children[i], child_prefix(prefix, i + 1 == children.size()));
  }
}

}  // namespace

std::string render_tree(const TreeNode& root, const TreeOptions& options, Instant now,
                        bool colors) {
  return Renderer(options, now, colors).render(root);
}

}  // namespace capstan::cli
