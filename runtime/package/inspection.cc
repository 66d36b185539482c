#include "runtime/package/inspection.h"

#include <algorithm>
#include <filesystem>

#include "runtime/package/package.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/system/file.h"
#include "runtime/trust/digest.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGzip = "\x1f\x8b";

class Inspector {
 public:
  Inspector(const TrustPolicy& policy, Instant now) : policy_(policy), now_(now) {}

  Result<Inspection> inspect(const std::string& path) {
    const SealedFile file = TRY(SealedFile::read(path));
    out_.path = path;
    out_.size = file.bytes().size();
    out_.sha256 = file.sha256();
    if (file.bytes().starts_with(kGzip)) {
      TRY(inspect_package(file));
    } else {
      out_.type = "library";
      TRY(inspect_library(file.bytes()));
      judge_file(file);
    }
    return std::move(out_);
  }

 private:
  Result<void> inspect_library(std::string_view bytes) {
    auto elf = read_elf(bytes);
    if (!elf.ok()) return Error::invalid(out_.path + ": " + elf.error().message);
    out_.findings = lint_elf(*elf);
    if (!out_.manifest) read_manifest(elf->manifest);
    out_.elf = *std::move(elf);
    return {};
  }

  void read_manifest(const std::string& text) {
    if (text.empty()) {
      out_.manifest_problem = "has no manifest; build it with capstan_add_plugin";
      return;
    }
    auto manifest = parse_manifest(text);
    if (!manifest.ok()) {
      out_.manifest_problem = manifest.error().message;
      return;
    }
    const auto abi =
        negotiate_abi(manifest->abi_major, manifest->abi_min_minor, manifest->abi_max_minor);
    if (!abi.ok()) out_.manifest_problem = abi.error().message;
    out_.manifest = *std::move(manifest);
  }

  Result<void> inspect_package(const SealedFile& file) {
    out_.type = "package";
    auto package = Package::from_bytes(file.bytes());
    if (!package.ok()) return Error::invalid(out_.path + ": " + package.error().message);
    read_manifest(package->manifest_text());
    const std::string& library = package->index().library;
    const auto read = package->extract([&](const ArchiveMember& member) -> Result<void> {
      out_.files.push_back(member.path);
      return member.path == library ? inspect_library(member.content) : Result<void>();
    });
    if (!read.ok()) return Error::invalid(out_.path + ": " + read.error().message);
    judge_package(*package);
    return {};
  }

  void judge_package(const Package& package) {
    if (!package.signature().empty()) {
      auto signature = Signature::parse(package.signature());
      if (signature.ok()) out_.signature = *std::move(signature);
    }
    const std::string digest = sha256_hex(package.index_text());
    take(policy_.verify_index(out_.path, digest, package.signature(), now_));
    // Said even where nothing is required: a signature that does not hold is worth knowing.
    if (out_.signature && out_.trust_problem.empty() && out_.verified.publisher.empty()) {
      const auto said = policy_.verify_signature(out_.path, digest, *out_.signature, now_);
      if (!said.ok()) out_.verified.warnings.push_back(said.error().message);
    }
  }

  void judge_file(const SealedFile& file) {
    if (const auto text = read_file(out_.path + kSignatureSuffix); text.ok()) {
      auto signature = Signature::parse(*text);
      if (signature.ok()) out_.signature = *std::move(signature);
    }
    take(policy_.verify(file, now_));
  }

  void take(Result<Verified> verified) {
    if (verified.ok()) {
      out_.verified = *std::move(verified);
    } else {
      out_.trust_problem = verified.error().message;
    }
  }

  const TrustPolicy& policy_;
  Instant now_;
  Inspection out_;
};

Json manifest_json(const Manifest& manifest) {
  Json kinds = Json::array(), reconciles = Json::array(), providers = Json::array();
  Json objects = Json::array(), templates = Json::array();
  for (const Json& crd : manifest.kinds) {
    Json versions = Json::array();
    if (const Json* list = find(crd, {"spec", "versions"}); list != nullptr && list->is_array()) {
      for (const Json& version : *list) versions.push_back(get_string(version, {"name"}));
    }
    kinds.push_back({{"group", get_string(crd, {"spec", "group"})},
                     {"kind", get_string(crd, {"spec", "names", "kind"})},
                     {"versions", std::move(versions)}});
  }
  for (const ReconcileEntry& entry : manifest.reconciles) {
    reconciles.push_back({{"group", entry.kind.group}, {"kind", entry.kind.kind}});
  }
  for (const ProviderEntry& entry : manifest.providers) {
    providers.push_back({{"type", entry.type}, {"name", entry.name}});
  }
  for (const ObjectAccess& access : manifest.needs.objects) {
    objects.push_back({{"group", access.kind.group},
                       {"kind", access.kind.kind},
                       {"access", access.write ? "write" : "read"}});
  }
  for (const auto& [name, text] : manifest.templates) templates.push_back(name);
  return {{"id", manifest.id},
          {"name", manifest.name},
          {"version", manifest.version},
          {"status", manifest.status},
          {"securityPosture", manifest.security_posture},
          {"abi",
           {{"major", manifest.abi_major},
            {"minMinor", manifest.abi_min_minor},
            {"maxMinor", manifest.abi_max_minor}}},
          {"providers", std::move(providers)},
          {"kinds", std::move(kinds)},
          {"reconciles", std::move(reconciles)},
          {"templates", std::move(templates)},
          {"needs",
           {{"objects", std::move(objects)},
            {"secrets", manifest.needs.secrets},
            {"hosts", manifest.needs.hosts},
            {"paths", manifest.needs.paths},
            {"listen", manifest.needs.listen ? "loopback" : ""},
            {"workload", manifest.needs.workload}}}};
}

}  // namespace

bool Inspection::loads() const {
  return manifest && manifest_problem.empty() && trust_problem.empty() &&
         std::none_of(findings.begin(), findings.end(), [](const LintFinding& finding) {
           return finding.severity == LintSeverity::kError;
         });
}

Json Inspection::to_json() const {
  Json out = {
      {"path", path}, {"type", type}, {"size", size}, {"sha256", sha256}, {"loads", loads()}};
  if (manifest) out["manifest"] = manifest_json(*manifest);
  if (!manifest_problem.empty()) out["problem"] = manifest_problem;
  if (!files.empty()) out["files"] = files;
  if (elf) {
    out["library"] = {{"needs", elf->needed},
                      {"glibc", needed_glibc(*elf)},
                      {"initialisers", elf->initialisers},
                      {"runPath", elf->run_path}};
  }
  out["lint"] = Json::array();
  for (const LintFinding& finding : findings) {
    out["lint"].push_back(
        {{"rule", finding.rule},
         {"severity", finding.severity == LintSeverity::kError ? "error" : "warning"},
         {"message", finding.message}});
  }
  Json trust = {{"level", trust_level_name(verified.level)}, {"warnings", verified.warnings}};
  if (!trust_problem.empty()) trust["problem"] = trust_problem;
  if (signature) {
    trust["signature"] = {{"publisher", signature->publisher},
                          {"keyId", signature->key_id},
                          {"signedAt", format_time(signature->signed_at)},
                          {"trusted", verified.level == TrustLevel::kSigned}};
  }
  out["trust"] = std::move(trust);
  return out;
}

Result<Inspection> inspect_plugin(const std::string& path, const TrustPolicy& policy, Instant now) {
  if (fs::is_directory(path)) {
    return Error::invalid(path + " is a folder; inspect its package or its library");
  }
  return Inspector(policy, now).inspect(path);
}

}  // namespace capstan
