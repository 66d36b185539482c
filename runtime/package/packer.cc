#include "runtime/package/packer.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include "runtime/base/text.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/system/file.h"
#include "runtime/trust/digest.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMetadataFile = "metadata.yaml";

// What a folder of Python code has beside the code.
bool is_left_out(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with('.') || name == "__pycache__" || name.ends_with(".pyc") ||
         name.ends_with(kPackageSuffix);
}

class Packer {
 public:
  explicit Packer(const PackSource& source) : source_(source) {}

  Result<PackedFile> pack(const Signer* signer, Instant now) {
    TRY(fs::is_directory(source_.path) ? add_folder() : add_library());
    if (!is_semantic_version(manifest_.version)) {
      return Error::invalid(source_.path + ": version \"" + manifest_.version +
                            "\" of its manifest is none like 1.2.3");
    }
    TRY(add_derived());
    for (const std::string& file : source_.extra_files) {
      TRY(add(fs::path(file).filename().string(), TRY(read_file(file))));
    }
    PackedFile packed;
    packed.members = TRY(in_order(signer, now));
    packed.bytes = TRY(write_archive(packed.members));
    packed.file_name = manifest_.name + "-" + manifest_.version + kPackageSuffix;
    packed.manifest = std::move(manifest_);
    return packed;
  }

 private:
  Result<void> add(const std::string& path, std::string content) {
    if (!is_package_path(path)) {
      return Error::invalid("\"" + path +
                            "\" cannot be in a package: names are plain ASCII, at most 200 long");
    }
    if (path == kIndexFile || path == std::string(kIndexFile) + kSignatureSuffix) {
      return Error::invalid("\"" + path + "\" is a name that packages have for themselves");
    }
    if (!files_.emplace(path, std::move(content)).second) {
      return Error::invalid("\"" + path + "\" would be in the package twice");
    }
    return {};
  }

  Result<void> add_library() {
    PluginFile file = TRY(read_plugin_file(source_.path));
    manifest_ = std::move(file.manifest);
    library_ = manifest_.name + ".so";
    TRY(add(library_, TRY(read_file(source_.path))));
    return add(kManifestFile, std::move(file.manifest_text));
  }

  Result<void> add_folder() {
    PluginFile folder = TRY(read_plugin_file(source_.path));
    manifest_ = std::move(folder.manifest);
    std::error_code error, gone;
    fs::recursive_directory_iterator all(source_.path, error), end;
    for (; !error && all != end; all.increment(error)) {
      if (is_left_out(all->path())) {
        all.disable_recursion_pending();
      } else if (all->is_symlink(gone)) {
        return Error::invalid(all->path().string() + " is a link; a package has plain files only");
      } else if (all->is_regular_file(gone)) {
        const std::string name = all->path().lexically_relative(source_.path).generic_string();
        TRY(add(name, TRY(read_file(all->path().string()))));
      }
    }
    if (error) return Error::invalid("cannot read " + source_.path + ": " + error.message());
    files_[kManifestFile] = std::move(folder.manifest_text);
    return {};
  }

  // What other tools look for, where the author does not bring it.
  Result<void> add_derived() {
    if (!source_.metadata_file.empty()) {
      files_[kMetadataFile] = TRY(read_file(source_.metadata_file));
    } else if (!files_.contains(kMetadataFile)) {
      files_[kMetadataFile] = metadata_of(manifest_);
    }
    for (const auto& [name, text] : manifest_.templates) {
      if (!files_.contains(name)) TRY(add(name, text));
    }
    std::string crds;
    for (const Json& crd : manifest_.kinds) crds += "---\n" + dump_yaml(crd);
    if (!crds.empty() && !files_.contains("crds.yaml")) TRY(add("crds.yaml", std::move(crds)));
    return {};
  }

  Result<std::vector<ArchiveMember>> in_order(const Signer* signer, Instant now) {
    PackageIndex index{manifest_.name, manifest_.version, library_, {}};
    for (const auto& [path, content] : files_) {
      index.files[path] = {sha256_hex(content), content.size()};
    }
    std::vector<ArchiveMember> members = {{kIndexFile, index.text()}};
    if (signer != nullptr) {
      const Signature signature =
          TRY(Signature::make(signer->key, signer->publisher, sha256_hex(members[0].content), now));
      members.push_back({std::string(kIndexFile) + kSignatureSuffix, signature.text()});
    }
    auto manifest = files_.extract(kManifestFile);
    members.push_back({manifest.key(), std::move(manifest.mapped())});
    for (auto& [path, content] : files_) members.push_back({path, std::move(content)});
    return members;
  }

  const PackSource& source_;
  Manifest manifest_;
  std::string library_;
  std::map<std::string, std::string> files_;
};

// "v1beta2" of the highest label cluster.x-k8s.io/v1beta2 that a kind has.
std::string contract_of(const Manifest& manifest) {
  static constexpr std::string_view kPrefix = "cluster.x-k8s.io/";
  std::string highest;
  for (const Json& crd : manifest.kinds) {
    const Json* labels = find(crd, {"metadata", "labels"});
    if (labels == nullptr || !labels->is_object()) continue;
    for (const auto& [label, versions] : labels->items()) {
      if (!label.starts_with(std::string(kPrefix) + "v")) continue;
      highest = std::max(highest, label.substr(kPrefix.size()));
    }
  }
  return highest.empty() ? "v1beta2" : highest;
}

}  // namespace

std::string metadata_of(const Manifest& manifest) {
  const auto numbers = split(manifest.version, '.');
  const auto number = [&](size_t index) {
    int value = 0;
    if (index < numbers.size()) {
      std::from_chars(numbers[index].data(), numbers[index].data() + numbers[index].size(), value);
    }
    return value;
  };
  return dump_yaml(
      {{"apiVersion", "clusterctl.cluster.x-k8s.io/v1alpha3"},
       {"kind", "Metadata"},
       {"releaseSeries",
        {{{"major", number(0)}, {"minor", number(1)}, {"contract", contract_of(manifest)}}}}});
}

Result<PackedFile> pack_plugin(const PackSource& source, const Signer* signer, Instant now) {
  if (!file_exists(source.path)) return Error::not_found("there is no file " + source.path);
  return Packer(source).pack(signer, now);
}

Result<std::string> sign_package(const Package& package, const Signer& signer, Instant now) {
  const Signature signature =
      TRY(Signature::make(signer.key, signer.publisher, sha256_hex(package.index_text()), now));
  const std::string name = std::string(kIndexFile) + kSignatureSuffix;
  std::vector<ArchiveMember> members = TRY(package.members());
  std::erase_if(members, [&](const ArchiveMember& member) { return member.path == name; });
  members.insert(members.begin() + 1, {name, signature.text()});
  return write_archive(members);
}

}  // namespace capstan
