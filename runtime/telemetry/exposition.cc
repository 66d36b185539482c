#include "runtime/telemetry/exposition.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace capstan {
namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A help text has no quotes around it, so quotes in it stay as they are.
void append_escaped(std::string& out, std::string_view text, bool quoted) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quoted) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
}

void append_sample(std::string& out, const std::string& name, const char* suffix,
                   const MetricLabels& labels, std::string_view bound, double value) {
  out.append(name).append(suffix);
  char separator = '{';
  for (const auto& [label, text] : labels) {
    out += std::exchange(separator, ',');
    out.append(label).append("=\"");
    append_escaped(out, text, true);
    out += '"';
  }
  if (!bound.empty()) {
    out += std::exchange(separator, ',');
    out.append("le=\"").append(bound).append("\"");
  }
  out.append(separator == '{' ? " " : "} ");
  append_number(out, value);
  out += '\n';
}

}  // namespace

bool is_metric_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c) || c == ':'; };
  return !name.empty() && !is_digit(name.front()) && std::all_of(name.begin(), name.end(), allowed);
}

bool is_label_name(std::string_view name) {
  const auto allowed = [](char c) { return is_letter(c) || is_digit(c); };
  return !name.empty() && !is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), allowed) && !name.starts_with("__") &&
         name != "le" && name != "quantile";
}

std::string& Exposition::samples(const std::string& name, std::string_view help, const char* type) {
  const auto [found, added] = families_.try_emplace(name);
  if (added) {
    std::string& head = found->second.head;
    head.append("# HELP ").append(name).append(" ");
    append_escaped(head, help, false);
    head.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
  }
  return found->second.samples;
}

void Exposition::counter(const std::string& name, std::string_view help, const MetricLabels& labels,
                         double value) {
  append_sample(samples(name, help, "counter"), name, "", labels, "", value);
}

void Exposition::gauge(const std::string& name, std::string_view help, const MetricLabels& labels,
                       double value) {
  append_sample(samples(name, help, "gauge"), name, "", labels, "", value);
}

void Exposition::histogram(const std::string& name, std::string_view help,
                           const MetricLabels& labels, const HistogramSnapshot& value) {
  std::string& out = samples(name, help, "histogram");
  uint64_t below = 0;
  for (size_t i = 0; i < value.counts.size(); ++i) {
    below += value.counts[i];
    std::string bound;
    append_number(bound, i < value.bounds.size() ? value.bounds[i] : INFINITY);
    append_sample(out, name, "_bucket", labels, bound, static_cast<double>(below));
  }
  append_sample(out, name, "_sum", labels, "", value.sum);
  append_sample(out, name, "_count", labels, "", static_cast<double>(below));
}

std::string Exposition::text() const {
  std::string out;
  for (const auto& [name, family] : families_) out.append(family.head).append(family.samples);
  return out;
}

}  // namespace capstan
