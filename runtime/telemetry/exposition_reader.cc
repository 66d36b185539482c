#include "runtime/telemetry/exposition_reader.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace capstan {
namespace {

std::optional<double> read_number(std::string_view text) {
  if (text == "+Inf") return std::numeric_limits<double>::infinity();
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end == text.data()) return {};
  return value;
}

// name="text",...} -> the labels; `line` is what follows. False where it is cut off.
bool read_labels(std::string_view& line, ExpositionReader::Labels& labels) {
  while (!line.starts_with('}')) {
    const size_t equals = line.find("=\"");
    if (equals == std::string_view::npos) return false;
    std::string& value = labels[std::string(line.substr(0, equals))];
    line.remove_prefix(equals + 2);
    while (!line.empty() && line.front() != '"') {
      const bool escaped = line.front() == '\\' && line.size() > 1;
      if (escaped) line.remove_prefix(1);
      value += escaped && line.front() == 'n' ? '\n' : line.front();
      line.remove_prefix(1);
    }
    if (line.empty()) return false;
    line.remove_prefix(1);
    if (line.starts_with(',')) line.remove_prefix(1);
  }
  line.remove_prefix(1);
  return true;
}

bool has(const ExpositionReader::Labels& all, const ExpositionReader::Labels& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& label) {
    const auto found = all.find(label.first);
    return found != all.end() && found->second == label.second;
  });
}

}  // namespace

ExpositionReader::ExpositionReader(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    read_line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void ExpositionReader::read_line(std::string_view line) {
  const size_t end = line.find_first_of("{ ");
  if (line.starts_with('#') || end == std::string_view::npos) return;
  const std::string name(line.substr(0, end));
  const bool labelled = line[end] == '{';
  line.remove_prefix(end + 1);
  Sample sample;
  if (labelled && !read_labels(line, sample.labels)) return;
  if (line.starts_with(' ')) line.remove_prefix(1);
  const auto value = read_number(line.substr(0, line.find(' ')));
  if (!value) return;
  sample.value = *value;
  samples_[name].push_back(std::move(sample));
}

std::optional<double> ExpositionReader::value(const std::string& name, const Labels& labels) const {
  const auto family = samples_.find(name);
  if (family == samples_.end()) return {};
  for (const Sample& sample : family->second) {
    if (has(sample.labels, labels)) return sample.value;
  }
  return {};
}

std::map<std::string, double> ExpositionReader::by_label(const std::string& name,
                                                         const Labels& labels,
                                                         const std::string& label) const {
  std::map<std::string, double> out;
  const auto family = samples_.find(name);
  if (family == samples_.end()) return out;
  for (const Sample& sample : family->second) {
    const auto found = sample.labels.find(label);
    if (found != sample.labels.end() && has(sample.labels, labels)) {
      out[found->second] = sample.value;
    }
  }
  return out;
}

std::optional<double> ExpositionReader::quantile(const std::string& name, const Labels& labels,
                                                 double q) const {
  std::map<double, double> below;  // upper bound -> how many are not above it
  for (const auto& [text, count] : by_label(name + "_bucket", labels, "le")) {
    if (const auto bound = read_number(text)) below[*bound] = count;
  }
  if (below.empty() || below.rbegin()->second == 0) return {};
  const double wanted = q * below.rbegin()->second;
  for (const auto& [bound, count] : below) {
    if (count >= wanted) return bound;
  }
  return below.rbegin()->first;
}

}  // namespace capstan
