#include "runtime/lifecycle/admission/admissions.h"

#include "runtime/lifecycle/admission/rules.h"
#include "runtime/lifecycle/common/int_or_percent.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/object/selector.h"

namespace capstan::lifecycle {
namespace {

// An object that is on its way out only loses finalizers.
bool on_its_way_out(const Json& object) {
  return find(object, {"metadata", "deletionTimestamp"}) != nullptr;
}

class ClusterAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (kind.id != kCluster || on_its_way_out(object)) return {};
    FieldErrors errors;
    // Nothing would ever make what it asks for. One that is stored, from a backup, can be changed.
    if (find(object, {"spec", "topology"}) != nullptr &&
        (old == nullptr || find(*old, {"spec", "topology"}) == nullptr)) {
      errors.forbidden("spec.topology",
                       "clusters of a ClusterClass are not supported; set infrastructureRef and "
                       "controlPlaneRef and write MachineDeployments, as the templates of "
                       "`capstan generate cluster --infrastructure NAME` do");
    }
    admit_version(object, {"spec", "topology", "version"}, errors);
    const std::string name = get_string(object, {"metadata", "name"});
    if (name.size() > 63 || name.find('.') != std::string::npos) {
      errors.invalid("metadata.name", "\"" + name +
                                          "\" becomes a label and part of other names: use at most "
                                          "63 characters and no dots");
    }
    return std::move(errors).result();
  }
};

class MachineAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (kind.id != kMachine || on_its_way_out(object)) return {};
    FieldErrors errors;
    const std::string cluster = get_string(object, {"spec", "clusterName"});
    if (!cluster.empty()) make(object, {"metadata", "labels", kClusterNameLabel}) = cluster;
    if (old == nullptr &&
        find(object, {"spec", "deletion", "nodeDeletionTimeoutSeconds"}) == nullptr) {
      make(object, {"spec", "deletion", "nodeDeletionTimeoutSeconds"}) =
          kDefaultNodeDeletionTimeout;
    }
    admit_version(object, {"spec", "version"}, errors);
    keep(object, old, {"spec", "clusterName"}, errors);
    const Json* config = find(object, {"spec", "bootstrap", "configRef"});
    if (config == nullptr && find(object, {"spec", "bootstrap", "dataSecretName"}) == nullptr) {
      errors.required("spec.bootstrap",
                      "set configRef (who makes the bootstrap data) or dataSecretName");
    }
    return std::move(errors).result();
  }
};

class MachineSetAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (kind.id != kMachineSet || on_its_way_out(object)) return {};
    FieldErrors errors;
    default_replicas(object, old);
    check_replicas(object, errors);
    if (find(object, {"spec", "deletion", "order"}) == nullptr) {
      make(object, {"spec", "deletion", "order"}) = "Random";
    }
    admit_selector(object, kSetNameLabel, errors);
    admit_version(object, {"spec", "template", "spec", "version"}, errors);
    admit_cluster_name(object, old, errors);
    keep(object, old, {"spec", "selector"}, errors);
    return std::move(errors).result();
  }
};

class MachineDeploymentAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (kind.id != kMachineDeployment || on_its_way_out(object)) return {};
    FieldErrors errors;
    default_replicas(object, old);
    check_replicas(object, errors);
    default_strategy(object);
    admit_selector(object, kDeploymentNameLabel, errors);
    admit_version(object, {"spec", "template", "spec", "version"}, errors);
    admit_cluster_name(object, old, errors);
    keep(object, old, {"spec", "selector"}, errors);
    check_strategy(object, errors);
    return std::move(errors).result();
  }

 private:
  static void default_strategy(Json& object) {
    Json& type = make(object, {"spec", "rollout", "strategy", "type"});
    if (!type.is_string() || type.get_ref<const std::string&>().empty()) type = "RollingUpdate";
    if (type != "RollingUpdate") return;
    Json& surge = make(object, {"spec", "rollout", "strategy", "rollingUpdate", "maxSurge"});
    if (surge.is_null()) surge = 1;
    Json& unavailable =
        make(object, {"spec", "rollout", "strategy", "rollingUpdate", "maxUnavailable"});
    if (unavailable.is_null()) unavailable = 0;
  }

  static void check_strategy(const Json& object, FieldErrors& errors) {
    const Json* bounds = find(object, {"spec", "rollout", "strategy", "rollingUpdate"});
    if (bounds == nullptr) return;
    const std::string path = "spec.rollout.strategy.rollingUpdate";
    for (const char* field : {"maxSurge", "maxUnavailable"}) {
      const Json* value = find(*bounds, {field});
      if (value == nullptr || is_count(*value)) continue;
      errors.invalid(path + "." + field, dump_json(*value) +
                                             " must be a number of machines or a percentage such "
                                             "as \"30%\"");
    }
    if (get_int(*bounds, {"maxSurge"}, 1) == 0 && get_int(*bounds, {"maxUnavailable"}, 1) == 0) {
      errors.invalid(path + ".maxUnavailable",
                     "cannot be 0 when maxSurge is 0: no machine could ever be replaced");
    }
  }
};

class MachineHealthCheckAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (kind.id != kMachineHealthCheck || on_its_way_out(object)) return {};
    FieldErrors errors;
    keep(object, old, {"spec", "clusterName"}, errors);
    make(object, {"metadata", "labels", kClusterNameLabel}) =
        get_string(object, {"spec", "clusterName"});
    Json& timeout = make(object, {"spec", "checks", "nodeStartupTimeoutSeconds"});
    if (timeout.is_null()) timeout = kNodeStartupTimeout;
    if (timeout.is_number_integer() && timeout != 0 && timeout < kLeastNodeStartupTimeout) {
      errors.invalid("spec.checks.nodeStartupTimeoutSeconds",
                     "must be at least 30 seconds, or 0 for no limit");
    }
    check_selector(object, errors);
    const Json* limit =
        find(object, {"spec", "remediation", "triggerIf", "unhealthyLessThanOrEqualTo"});
    if (limit != nullptr && !is_count(*limit)) {
      errors.invalid(
          "spec.remediation.triggerIf.unhealthyLessThanOrEqualTo",
          dump_json(*limit) + " must be a number of machines or a percentage such as \"40%\"");
    }
    return std::move(errors).result();
  }

 private:
  static constexpr int kNodeStartupTimeout = 600;
  static constexpr int kLeastNodeStartupTimeout = 30;

  // One that matches everything would take machines that other checks are made for.
  static void check_selector(const Json& object, FieldErrors& errors) {
    const Json* selector = find(object, {"spec", "selector"});
    if (selector == nullptr) return errors.required("spec.selector", "is required");
    const auto parsed = LabelSelector::from_json(*selector);
    if (!parsed.ok()) {
      errors.invalid("spec.selector", parsed.error().message);
    } else if (parsed->matches_everything()) {
      errors.invalid("spec.selector", "must not be empty");
    }
  }
};

// Templates are replaced, not changed: what was made of one could not be told apart from what
// should be.
class TemplateAdmission final : public Admission {
 public:
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override {
    if (old == nullptr || !kind.id.kind.ends_with("Template") ||
        !kind.id.group.ends_with(".cluster.x-k8s.io")) {
      return {};
    }
    if (find(object, {"metadata", "annotations", kDryRun}) != nullptr) return {};
    const Json* before = find(*old, {"spec", "template", "spec"});
    const Json* after = find(object, {"spec", "template", "spec"});
    if (before == nullptr || (after != nullptr && *before == *after)) return {};
    FieldErrors errors;
    errors.forbidden("spec.template.spec",
                     kind.id.kind +
                         " spec.template.spec field is immutable; create a new template and refer "
                         "to it instead");
    return std::move(errors).result();
  }
};

}  // namespace

std::vector<std::shared_ptr<Admission>> admissions() {
  return {std::make_shared<ClusterAdmission>(),
          std::make_shared<MachineAdmission>(),
          std::make_shared<MachineSetAdmission>(),
          std::make_shared<MachineDeploymentAdmission>(),
          std::make_shared<MachineHealthCheckAdmission>(),
          std::make_shared<TemplateAdmission>()};
}

}  // namespace capstan::lifecycle
