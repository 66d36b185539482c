// A folder with packages, in the layout of clusterctl's local repositories:
//
//   FOLDER/acme/v1.2.0/acme-1.2.0.capstan
//                      metadata.yaml
//                      cluster-template.yaml, cluster-template-ha.yaml, ...
//
// NAME is the plugin's name or clusterctl's label of its provider (infrastructure-acme).
//
// Thread safety: const members from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/package/packer.h"

namespace capstan {

class Repository {
 public:
  explicit Repository(std::string folder) : folder_(std::move(folder)) {}

  // The path of the package. Without a version: the highest whose ABI this program has, a
  // pre-release only where there is nothing else. Errors: kNotFound with what there is, and why it
  // does not fit; kInvalid for a damaged package that was asked for by version.
  Result<std::string> find(const std::string& name, const std::string& version = "") const;

  // Puts the package and what clusterctl reads beside it. Errors: kAlreadyExists where the version
  // is there with other bytes: a published version never changes.
  Result<std::string> add(const PackedFile& packed) const;

 private:
  struct Candidate {
    std::string version;
    std::string package;
  };
  Result<std::vector<Candidate>> candidates(const std::string& name) const;

  std::string folder_;
};

}  // namespace capstan
