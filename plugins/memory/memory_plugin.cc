#include "plugins/memory/memory_plugin.h"

#include "plugins/memory/errors.h"

namespace capstan::memory {

MemoryPlugin::MemoryPlugin(sdk::Host& host)
    : clock_(host), clusters_(host), machines_(host, clock_) {}

sdk::Status MemoryPlugin::activate(const Json& settings) {
  const PortRange defaults;
  const int64_t first = sdk::int_at(settings, "firstPort", defaults.first);
  const int64_t last = sdk::int_at(settings, "lastPort", defaults.last);
  if (first < 1024 || last > 65535 || first > last) {
    return sdk::Error::invalid("firstPort must be from 1024 to lastPort, lastPort at most 65535",
                               "/firstPort");
  }
  auto world = World::create(clock_, random_);
  if (!world.ok()) return to_sdk(world.error());
  world_ = std::move(*world);
  world_->ports().set_range({static_cast<uint16_t>(first), static_cast<uint16_t>(last)});
  clusters_.use(world_.get());
  machines_.use(world_.get());
  return {};
}

void MemoryPlugin::deactivate() {
  world_.reset();
}

sdk::Status MemoryPlugin::reconcile(const sdk::Request& request, sdk::Reply& reply,
                                    const sdk::Call& call) {
  return sdk::dispatch(request, reply, call, machines_, clusters_);
}

}  // namespace capstan::memory
