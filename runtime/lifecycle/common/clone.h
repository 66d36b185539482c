// Makes objects of templates: an InfraMachine of an InfraMachineTemplate, and so on.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/object/object.h"

namespace capstan::lifecycle {

struct CloneOptions {
  std::string name;
  std::string cluster_name;
  std::vector<OwnerReference> owners = {};
  // Added to those of spec.template.metadata, and stronger.
  Json labels = Json::object();
  Json annotations = Json::object();
};

// The template's spec.template as an object of the kind without "Template", in the template's
// namespace and version, annotated with where it came from.
// Errors: kInvalid where the kind does not end in Template or spec.template is missing.
Result<Json> clone_template(const Object& template_object, const CloneOptions& options);

// "DockerMachineTemplate" -> "DockerMachine".
std::string cloned_kind(const std::string& template_kind);

}  // namespace capstan::lifecycle
