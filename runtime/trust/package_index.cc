#include "runtime/trust/package_index.h"

#include <algorithm>

#include "runtime/base/json.h"
#include "runtime/base/text.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

constexpr const char* kFormat = "capstan.package/1";
constexpr size_t kMaxFiles = 5000;
constexpr size_t kMaxPath = 200;
constexpr size_t kMaxSteps = 12;

bool is_digits(std::string_view text) {
  return !text.empty() && text.size() < 10 &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_identifiers(std::string_view text) {
  const auto parts = split(text, '.');
  return std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
    return !part.empty() && part.find_first_not_of(
                                "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ-") == std::string::npos;
  });
}

struct VersionParts {
  std::string_view core, pre, build;
  bool has_pre = false, has_build = false;

  explicit VersionParts(std::string_view version) {
    const size_t plus = version.find('+');
    has_build = plus != std::string_view::npos;
    if (has_build) build = version.substr(plus + 1);
    version = version.substr(0, plus);
    const size_t minus = version.find('-');
    has_pre = minus != std::string_view::npos;
    if (has_pre) pre = version.substr(minus + 1);
    core = version.substr(0, minus);
  }
};

// Numbers before words, numbers by value, words by their letters.
int compare_identifiers(const std::string& a, const std::string& b) {
  const bool a_number = is_digits(a), b_number = is_digits(b);
  if (a_number != b_number) return a_number ? -1 : 1;
  if (a_number) return std::stoi(a) - std::stoi(b);
  return a.compare(b);
}

int compare_lists(std::string_view a, std::string_view b) {
  const auto left = split(a, '.'), right = split(b, '.');
  for (size_t i = 0; i < std::min(left.size(), right.size()); ++i) {
    if (const int order = compare_identifiers(left[i], right[i]); order != 0) return order;
  }
  return static_cast<int>(left.size()) - static_cast<int>(right.size());
}

Result<void> read_files(const Json& json, PackageIndex& index) {
  const Json* files = find(json, {"files"});
  if (files == nullptr || !files->is_object()) return Error::invalid("files: must be a map");
  if (files->size() > kMaxFiles) return Error::invalid("files: are too many");
  for (const auto& [path, entry] : files->items()) {
    if (!is_package_path(path)) {
      return Error::invalid("files: \"" + path + "\" is no path inside a package");
    }
    const int64_t size = get_int(entry, {"size"}, -1);
    PackageIndex::File file{get_string(entry, {"sha256"}), static_cast<uint64_t>(size)};
    if (!is_sha256(file.sha256) || size < 0) {
      return Error::invalid("files: \"" + path + "\" has no sha256 or no size");
    }
    index.files[path] = std::move(file);
  }
  return {};
}

}  // namespace

bool is_package_path(std::string_view path) {
  if (path.empty() || path.size() > kMaxPath) return false;
  const auto steps = split(path, '/');
  if (steps.size() > kMaxSteps) return false;
  return std::all_of(steps.begin(), steps.end(), [](const std::string& step) {
    return !step.empty() && step.front() != '.' &&
           std::all_of(step.begin(), step.end(), [](unsigned char c) {
             return c >= 0x20 && c < 0x7f && c != '\\' && c != ':';
           });
  });
}

bool is_semantic_version(std::string_view version) {
  const VersionParts parts(version);
  const auto core = split(parts.core, '.');
  return version.size() <= 100 && core.size() == 3 &&
         std::all_of(core.begin(), core.end(), [](auto& part) { return is_digits(part); }) &&
         (!parts.has_pre || is_identifiers(parts.pre)) &&
         (!parts.has_build || is_identifiers(parts.build));
}

int compare_semantic_versions(std::string_view a, std::string_view b) {
  const VersionParts left(a), right(b);
  if (const int order = compare_lists(left.core, right.core); order != 0) return order;
  if (left.has_pre != right.has_pre) return left.has_pre ? -1 : 1;
  return left.has_pre ? compare_lists(left.pre, right.pre) : 0;
}

Result<PackageIndex> PackageIndex::parse(std::string_view text) {
  const auto named = [](Error error) { return std::move(error).with_context(kIndexFile); };
  const auto json = parse_json(text);
  if (!json.ok()) return named(Error(json.error()));
  if (get_string(*json, {"format"}) != kFormat) {
    return named(Error::invalid(std::string("format: must be ") + kFormat));
  }
  PackageIndex index;
  index.name = get_string(*json, {"name"});
  index.version = get_string(*json, {"version"});
  index.library = get_string(*json, {"library"});
  // Both become names of folders.
  if (!is_package_path(index.name) || index.name.find('/') != std::string::npos) {
    return named(Error::invalid("name: must be a plugin's name"));
  }
  if (!is_semantic_version(index.version)) {
    return named(Error::invalid("version: must be a version like 1.2.3"));
  }
  if (auto files = read_files(*json, index); !files.ok()) return named(std::move(files).error());
  if (!index.library.empty() && !index.files.contains(index.library)) {
    return named(Error::invalid("library: \"" + index.library + "\" is none of the files"));
  }
  return index;
}

std::string PackageIndex::text() const {
  Json json = {{"format", kFormat},
               {"name", name},
               {"version", version},
               {"library", library},
               {"files", Json::object()}};
  for (const auto& [path, file] : files) {
    json["files"][path] = {{"sha256", file.sha256}, {"size", file.size}};
  }
  return json.dump(1) + "\n";
}

}  // namespace capstan
