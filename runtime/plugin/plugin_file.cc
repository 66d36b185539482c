#include "runtime/plugin/plugin_file.h"

#include <algorithm>

#include "runtime/plugin/elf_lint.h"
#include "runtime/plugin/plugin_folder.h"
#include "runtime/trust/digest.h"
#include "sdk/include/capstan/abi.h"

namespace capstan {
namespace {

std::string abi_text(uint32_t major, uint32_t low, uint32_t high) {
  const std::string first = std::to_string(major) + "." + std::to_string(low);
  return low == high ? first : first + " to " + std::to_string(major) + "." + std::to_string(high);
}

// The first error ends it; warnings are kept.
Result<void> check_rules(const ElfFile& elf, std::vector<std::string>& warnings) {
  for (LintFinding& finding : lint_elf(elf)) {
    if (finding.severity == LintSeverity::kError) return Error::invalid(finding.text());
    warnings.push_back(finding.text());
  }
  return {};
}

// Members that are missing or no numbers are left to the manifest's own checks.
Result<uint32_t> check_abi(const Json& manifest) {
  for (const char* name : {"major", "minMinor", "maxMinor"}) {
    if (get_int(manifest, {"abi", name}, -1) < 0) return 0u;
  }
  const auto number = [&](const char* name) {
    return static_cast<uint32_t>(get_int(manifest, {"abi", name}, -1));
  };
  return negotiate_abi(number("major"), number("minMinor"), number("maxMinor"));
}

}  // namespace

Result<uint32_t> negotiate_abi(uint32_t major, uint32_t min_minor, uint32_t max_minor) {
  const std::string host = abi_text(CAPSTAN_ABI_MAJOR, 0, CAPSTAN_ABI_MINOR);
  const std::string plugin = abi_text(major, min_minor, max_minor);
  if (major != CAPSTAN_ABI_MAJOR) {
    return Error::failed_precondition("is made for ABI " + plugin + ", and this host has ABI " +
                                      host + "; build it with an SDK of major version " +
                                      std::to_string(CAPSTAN_ABI_MAJOR));
  }
  if (min_minor > max_minor) {
    return Error::invalid("says that it works with ABI " + plugin + ", which is no range");
  }
  if (min_minor > CAPSTAN_ABI_MINOR) {
    return Error::failed_precondition("needs ABI " + plugin + ", and this host has only ABI " +
                                      host + "; use a newer Capstan or an older plugin");
  }
  return std::min(max_minor, CAPSTAN_ABI_MINOR);
}

namespace {

Result<PluginFile> judge(ElfFile elf) {
  if (elf.manifest.empty()) {
    return Error::invalid("has no manifest (section " CAPSTAN_MANIFEST_SECTION
                          "); is it a Capstan plugin, built with capstan_add_plugin?");
  }
  PluginFile file;
  auto json = parse_json(elf.manifest);
  if (!json.ok()) return std::move(json).error().with_context("manifest");
  // Before the rest: a manifest of another ABI may have members that are not known here.
  TRY(check_abi(*json));
  file.manifest = TRY(manifest_from_json(*std::move(json)));
  TRY(check_rules(elf, file.warnings));
  file.manifest_text = std::move(elf.manifest);
  return file;
}

Result<PluginFile> with_path(Result<PluginFile> file, const std::string& path) {
  if (!file.ok()) return std::move(file).error().with_context(path);
  file->path = path;
  file->library = path;
  file->library_manifest_sha256 = sha256_hex(file->manifest_text);
  return file;
}

}  // namespace

Json PluginFile::to_brief_json() const {
  return {{"file", path},
          {"library", library},
          {"sha256", image == nullptr ? "" : image->sha256()},
          {"libraryManifestSha256", library_manifest_sha256},
          {"id", manifest.id},
          {"version", manifest.version},
          {"abiMajor", manifest.abi_major}};
}

Json PluginFile::to_json() const {
  Json json = to_brief_json();
  json["manifest"] = manifest_text;
  return json;
}

Result<PluginFile> PluginFile::from_json(const Json& json) {
  PluginFile file;
  file.path = get_string(json, {"file"});
  file.library = get_string(json, {"library"});
  file.library_manifest_sha256 = get_string(json, {"libraryManifestSha256"});
  file.manifest_text = get_string(json, {"manifest"});
  if (json.contains("manifest")) {
    file.manifest = TRY(parse_manifest(file.manifest_text));
  } else {
    file.manifest.id = get_string(json, {"id"});
    file.manifest.version = get_string(json, {"version"});
    file.manifest.abi_major = static_cast<uint32_t>(get_int(json, {"abiMajor"}));
  }
  const std::string verified = get_string(json, {"sha256"});
  if (verified.empty()) return file;
  file.image = std::make_shared<const SealedFile>(TRY(SealedFile::read(file.library)));
  if (file.image->sha256() == verified) return file;
  return Error::failed_precondition(file.library +
                                    ": is not loaded: it has changed since it was verified");
}

Result<PluginFile> read_plugin_file(const std::string& path) {
  if (is_plugin_folder(path)) return read_plugin_folder(path);
  return with_path(judge(TRY(read_elf_file(path))), path);
}

namespace {

using Image = std::shared_ptr<const SealedFile>;

Result<PluginFile> judge_image(const SealedFile& image, const std::string& path) {
  auto elf = read_elf(image.bytes());
  if (!elf.ok()) return std::move(elf).error().with_context(path);
  return with_path(judge(*std::move(elf)), path);
}

}  // namespace

Result<PluginFile> open_plugin_file(const std::string& path, const TrustPolicy& trust, Instant now,
                                    const PluginFile* before) {
  if (!trust.demands_evidence(path)) {
    Verified verified;
    verified.warnings = TRY(trust.check_owner(path));
    PluginFile file = before != nullptr ? *before : TRY(read_plugin_file(path));
    file.image = nullptr;
    file.verified = std::move(verified);
    return file;
  }
  if (is_plugin_folder(path)) {
    Verified verified = TRY(trust.verify_folder(path, now));
    PluginFile file = TRY(read_plugin_folder(path));
    file.verified = std::move(verified);
    return file;
  }
  const bool known = before != nullptr && before->image != nullptr;
  Image image =
      known ? before->image : std::make_shared<const SealedFile>(TRY(SealedFile::read(path)));
  Verified verified = TRY(trust.verify(*image, now));
  PluginFile file = known ? *before : TRY(judge_image(*image, path));
  file.verified = std::move(verified);
  file.image = std::move(image);
  return file;
}

}  // namespace capstan
