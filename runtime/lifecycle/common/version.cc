#include "runtime/lifecycle/common/version.h"

#include <charconv>
#include <vector>

namespace capstan::lifecycle {
namespace {

bool take_number(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return true;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

int sign(int a, int b) {
  return (a > b) - (a < b);
}

std::vector<std::string_view> dotted(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const size_t dot = text.find('.');
    parts.push_back(text.substr(0, dot));
    text = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  }
  return parts;
}

std::optional<int> whole_number(std::string_view text) {
  int number = 0;
  if (!take_number(text, number) || !text.empty()) return std::nullopt;
  return number;
}

// Semantic versioning's order of identifiers: numbers by value and before words.
int compare_identifiers(std::string_view a, std::string_view b) {
  const auto left = dotted(a);
  const auto right = dotted(b);
  for (size_t i = 0; i < left.size() && i < right.size(); ++i) {
    const auto x = whole_number(left[i]);
    const auto y = whole_number(right[i]);
    int order = 0;
    if (x && y) {
      order = sign(*x, *y);
    } else if (x || y) {
      order = x ? -1 : 1;
    } else {
      order = left[i].compare(right[i]);
    }
    if (order != 0) return order;
  }
  return sign(static_cast<int>(left.size()), static_cast<int>(right.size()));
}

}  // namespace

std::optional<Version> parse_version(std::string_view text) {
  Version version;
  take(text, 'v');
  if (!take_number(text, version.major) || !take(text, '.')) return std::nullopt;
  if (!take_number(text, version.minor) || !take(text, '.')) return std::nullopt;
  if (!take_number(text, version.patch)) return std::nullopt;
  if (take(text, '-')) {
    version.prerelease = text.substr(0, text.find('+'));
    text.remove_prefix(version.prerelease.size());
  }
  if (take(text, '+')) {
    version.build = text;
    text = "";
  }
  if (!text.empty()) return std::nullopt;
  return version;
}

int compare_versions(std::string_view a, std::string_view b) {
  const auto left = parse_version(a);
  const auto right = parse_version(b);
  if (!left || !right) return sign(left.has_value(), right.has_value());
  if (const int order = sign(left->major, right->major)) return order;
  if (const int order = sign(left->minor, right->minor)) return order;
  if (const int order = sign(left->patch, right->patch)) return order;
  if (left->prerelease.empty() != right->prerelease.empty()) {
    return left->prerelease.empty() ? 1 : -1;
  }
  if (const int order = compare_identifiers(left->prerelease, right->prerelease)) return order;
  return compare_identifiers(left->build, right->build);
}

}  // namespace capstan::lifecycle
