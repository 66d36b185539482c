#include "runtime/server/runtime_core.h"

#include "cluster_api_kinds.h"
#include "runtime/lifecycle/admission/admissions.h"
#include "runtime/lifecycle/common/references.h"
#include "runtime/store/measured_store.h"
#include "server_kinds.h"

namespace capstan {

void SwitchableAdmission::set(std::shared_ptr<Admission> target) {
  target_.store(std::move(target));
}

Result<void> SwitchableAdmission::admit(const Kind& kind, Json& object, const Json* old) {
  const std::shared_ptr<Admission> target = target_.load();
  return target == nullptr ? Result<void>() : target->admit(kind, object, old);
}

Result<std::unique_ptr<RuntimeCore>> RuntimeCore::open(const std::string& data_dir) {
  auto core = std::make_unique<RuntimeCore>();
  core->store_file = data_dir + "/capstan.db";
  core->store =
      measured_store(TRY(open_sqlite_store({core->store_file})), core->metrics, core->clock);
  core->cache = TRY(make_watch_cache(*core->store, {.references = lifecycle::references_of}));
  ResourceServiceOptions options{*core->store, *core->cache, core->kinds, core->clock,
                                 core->random, {},           {}};
  options.admission = lifecycle::admissions();
  options.admission.push_back(core->plugin_admission);
  core->resources = make_resource_service(std::move(options));
  const std::vector<Json> builtin = TRY(builtin_kind_documents());
  BootOptions boot;
  boot.builtin_kinds = builtin;
  boot.embedded_crds = cluster_api_kinds_json();
  boot.writers = kBootWriters;
  TRY(boot_resources(*core->resources, boot));
  BootOptions own;
  own.embedded_crds = server_kinds_json();
  own.namespaces.clear();
  TRY(boot_resources(*core->resources, own));
  return core;
}

}  // namespace capstan
