// A host without objects, for cases that need no bench: one instance of the plugin and its
// settings.
//
// Thread safety: one owner. Lifetime: outlives the instance.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "runtime/store/store.h"
#include "sdk/conformance/kit_host.h"
#include "sdk/include/capstan/abi.h"

namespace capstan::conformance {

struct Idle {
  explicit Idle(const Subject& subject)
      : store(make_memory_store()),
        cache(*make_watch_cache(*store)),
        host(std::make_shared<KitHost>(subject, *cache, clock)),
        tables(host),
        settings(dump_json(in_world(subject.config.settings, subject.world))) {}

  const capstan_host* table() { return tables.table(CAPSTAN_ABI_MINOR); }
  // Others over the same host, for a provider to own.
  std::unique_ptr<HostTable> take_tables() { return std::make_unique<HostCallTables>(host); }

  SystemClock clock;
  std::unique_ptr<Store> store;
  std::unique_ptr<WatchCache> cache;
  std::shared_ptr<KitHost> host;
  HostCallTables tables;
  std::string settings;  // of the config, JSON
};

}  // namespace capstan::conformance
