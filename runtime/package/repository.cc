#include "runtime/package/repository.h"

#include <algorithm>
#include <filesystem>

#include "runtime/base/text.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/system/file.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

std::string without_v(const std::string& version) {
  return version.starts_with('v') ? version.substr(1) : version;
}

bool is_pre_release(const std::string& version) {
  return version.substr(0, version.find('+')).find('-') != std::string::npos;
}

bool is_shown_beside(const std::string& name) {
  return name == "metadata.yaml" ||
         (name.starts_with("cluster-template") && name.ends_with(".yaml")) ||
         (name.starts_with("clusterclass-") && name.ends_with(".yaml"));
}

Result<void> fits(const Package& package) {
  const Manifest& manifest = package.manifest();
  TRY(negotiate_abi(manifest.abi_major, manifest.abi_min_minor, manifest.abi_max_minor));
  return {};
}

}  // namespace

Result<std::vector<Repository::Candidate>> Repository::candidates(const std::string& name) const {
  if (!is_package_path(name) || name.find('/') != std::string::npos) {
    return Error::invalid("\"" + name + "\" is no plugin's name");
  }
  std::error_code error;
  if (!fs::is_directory(folder_, error)) {
    return Error::not_found("there is no repository folder " + folder_);
  }
  std::vector<Candidate> found;
  for (const auto& version : fs::directory_iterator(folder_ + "/" + name, error)) {
    const std::string number = without_v(version.path().filename().string());
    if (!is_semantic_version(number)) continue;
    for (const auto& file : fs::directory_iterator(version.path(), error)) {
      if (file.path().extension() == kPackageSuffix)
        found.push_back({number, file.path().string()});
    }
  }
  std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
    if (is_pre_release(a.version) != is_pre_release(b.version)) return is_pre_release(b.version);
    const int order = compare_semantic_versions(a.version, b.version);
    return order != 0 ? order > 0 : a.package < b.package;
  });
  return found;
}

Result<std::string> Repository::find(const std::string& name, const std::string& version) const {
  const std::vector<Candidate> all = TRY(candidates(name));
  const std::string wanted = without_v(version);
  std::vector<std::string> reasons;
  for (const Candidate& candidate : all) {
    if (!wanted.empty() && candidate.version != wanted) continue;
    const auto package = Package::open(candidate.package);
    if (!package.ok() && !wanted.empty()) return package.error();
    const Result<void> fit = package.ok() ? fits(*package) : Result<void>(package.error());
    if (fit.ok()) return candidate.package;
    if (!wanted.empty()) return Error(fit.error()).with_context(candidate.package);
    reasons.push_back(candidate.version + " " + fit.error().message);
  }
  std::vector<std::string> versions;
  for (const Candidate& candidate : all) versions.push_back(candidate.version);
  std::string message = "repository " + folder_ + " has no " + name +
                        (wanted.empty() ? "" : " " + wanted) +
                        (reasons.empty() ? "" : " that fits: " + join(reasons, "; "));
  if (reasons.empty()) {
    message += versions.empty() ? "" : "; it has " + join(versions, ", ");
  }
  return Error::not_found(message);
}

Result<std::string> Repository::add(const PackedFile& packed) const {
  const std::string folder = folder_ + "/" + packed.manifest.name + "/v" + packed.manifest.version;
  const std::string path = folder + "/" + packed.file_name;
  if (file_exists(path)) {
    if (TRY(read_file(path)) == packed.bytes) return path;
    return Error::already_exists(path +
                                 " exists with other content, and a published version does "
                                 "not change; raise the plugin's version");
  }
  TRY(make_folder(folder));
  for (const ArchiveMember& member : packed.members) {
    if (is_shown_beside(member.path)) TRY(write_file(folder + "/" + member.path, member.content));
  }
  TRY(write_file(path, packed.bytes));
  return path;
}

}  // namespace capstan
