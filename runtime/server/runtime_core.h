// The runtime without its face: store, watch cache, kinds, the write path. What the API server
// serves and the controllers work on.
//
// Thread safety: built by one thread; its parts are safe as their headers say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/random.h"
#include "runtime/object/kind.h"
#include "runtime/resource/resource_service.h"
#include "runtime/store/store.h"
#include "runtime/store/watch_cache.h"
#include "runtime/telemetry/metrics_registry.h"

namespace capstan {

// What a first start writes is mostly waiting for the disk.
inline constexpr size_t kBootWriters = 8;

// An Admission whose target can be exchanged while writes go on: plugins come and go.
class SwitchableAdmission final : public Admission {
 public:
  void set(std::shared_ptr<Admission> target);
  std::shared_ptr<Admission> target() const { return target_.load(); }
  Result<void> admit(const Kind& kind, Json& object, const Json* old) override;

 private:
  std::atomic<std::shared_ptr<Admission>> target_;
};

struct RuntimeCore {
  SystemClock clock;
  SystemRandom random;
  MetricsRegistry metrics;
  std::string store_file;
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchCache> cache;
  KindRegistry kinds;
  std::shared_ptr<SwitchableAdmission> plugin_admission = std::make_shared<SwitchableAdmission>();
  std::unique_ptr<ResourceService> resources;

  // Opens the store in `data_dir` and makes Cluster API's own kinds known.
  // Errors: those of open_sqlite_store, with the file named.
  static Result<std::unique_ptr<RuntimeCore>> open(const std::string& data_dir);
};

}  // namespace capstan
