#include "runtime/api/media_type.h"

#include <vector>

#include "runtime/base/text.h"

namespace capstan {
namespace {

struct Accepted {
  std::string type;
  std::string as;
  std::string group;
  std::string version;
};

Accepted parse_one(const std::string& text) {
  Accepted accepted;
  const std::vector<std::string> parts = split(text, ';');
  accepted.type = to_lower(trim(parts[0]));
  for (size_t i = 1; i < parts.size(); ++i) {
    const std::string_view part = trim(parts[i]);
    const size_t equals = part.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view name = part.substr(0, equals);
    const std::string value(part.substr(equals + 1));
    if (name == "as") accepted.as = value;
    if (name == "g") accepted.group = value;
    if (name == "v") accepted.version = value;
  }
  return accepted;
}

bool is_json(const std::string& type) {
  return type == "application/json" || type == "*/*" || type == "application/*";
}

bool is_yaml(const std::string& type) {
  return type == "application/yaml" || type == "application/x-yaml";
}

}  // namespace

Result<AcceptedForm> negotiate_object(std::string_view accept) {
  if (trim(accept).empty()) return AcceptedForm{};
  for (const std::string& item : split(accept, ',')) {
    const Accepted accepted = parse_one(item);
    AcceptedForm form;
    form.yaml = is_yaml(accepted.type);
    if (!form.yaml && !is_json(accepted.type)) continue;
    if (accepted.as.empty()) return form;
    if (accepted.group != "meta.k8s.io" ||
        (accepted.version != "v1" && accepted.version != "v1beta1")) {
      continue;
    }
    form.version = accepted.version;
    if (accepted.as == "Table") {
      form.form = AnswerForm::kTable;
    } else if (accepted.as == "PartialObjectMetadata") {
      form.form = AnswerForm::kPartial;
    } else if (accepted.as == "PartialObjectMetadataList") {
      form.form = AnswerForm::kPartialList;
    } else {
      continue;
    }
    return form;
  }
  return Error{Code::kUnimplemented,
               "only the following media types are accepted: application/json, application/yaml",
               {},
               {}};
}

DiscoveryForm negotiate_discovery(std::string_view accept) {
  for (const std::string& item : split(accept, ',')) {
    const Accepted accepted = parse_one(item);
    if (!is_json(accepted.type)) continue;
    if (accepted.as != "APIGroupDiscoveryList" || accepted.group != "apidiscovery.k8s.io") {
      if (accepted.as.empty()) return DiscoveryForm::kLegacy;
      continue;
    }
    if (accepted.version == "v2") return DiscoveryForm::kAggregatedV2;
    if (accepted.version == "v2beta1") return DiscoveryForm::kAggregatedV2Beta1;
  }
  return DiscoveryForm::kLegacy;
}

std::string media_type(std::string_view content_type) {
  return to_lower(trim(content_type.substr(0, content_type.find(';'))));
}

}  // namespace capstan
