// What the admissions of several kinds have in common.
//
// Thread safety: pure functions.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan::lifecycle {

// Collects what is wrong with an object.
class FieldErrors {
 public:
  void invalid(std::string field, std::string message);
  void forbidden(std::string field, std::string message);
  void required(std::string field, std::string message);
  // Success, or kInvalid with all of them.
  Result<void> result() &&;

 private:
  std::vector<FieldError> errors_;
};

// "1.33.2" becomes "v1.33.2". What is no version is an error.
void admit_version(Json& object, std::initializer_list<std::string_view> path, FieldErrors& errors);

// The field may not change once the object exists. `old` is null on create.
void keep(const Json& object, const Json* old, std::initializer_list<std::string_view> path,
          FieldErrors& errors);

// spec.replicas where it is missing: the autoscaler's bounds in the annotations decide, then what
// there was, then 1.
void default_replicas(Json& object, const Json* old);
// There is no less than none.
void check_replicas(const Json& object, FieldErrors& errors);

// Selector and template labels of MachineSets and MachineDeployments: the cluster's name is always
// among them, an empty selector gets `label` = the object's name, and the selector has to select
// the template's machines.
void admit_selector(Json& object, const char* label, FieldErrors& errors);

// spec.clusterName is that of the template.
void admit_cluster_name(const Json& object, const Json* old, FieldErrors& errors);

// "spec.template.spec.version"
std::string field_text(std::initializer_list<std::string_view> path);

}  // namespace capstan::lifecycle
