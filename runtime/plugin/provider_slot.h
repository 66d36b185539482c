// A provider's place, whose occupant can be exchanged while calls go on: the new version is started
// beside the old one, takes every call from the exchange on, and the old one ends when its calls
// have. No call is refused or made twice for that.
//
// Only a provider of the same shape may take the place, since controllers, watches and routes were
// made from the manifest of the first: manifest() stays that one. A provider of another shape needs
// new controllers.
//
// Thread safety: calls from any thread; exchange() and retire() one at a time.
//
// Example:
//   auto slot = std::make_shared<ProviderSlot>(version_1);   // active
//   registry.add(slot);
//   ...
//   std::shared_ptr<Provider> old = slot->exchange(version_2);   // active as well
//   if (!slot->drain(std::chrono::seconds(60))) ...              // stuck: say so and keep it
//   old->deactivate();
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "runtime/plugin/provider_port.h"

namespace capstan {

// Whether controllers, routes and checks of access made for the one hold for the other: same name,
// kinds, reconciles, admits and needs of objects. Versions, schemas and templates may differ.
bool same_shape(const Manifest& one, const Manifest& other);

class ProviderSlot final : public Provider {
 public:
  // `first` is active.
  explicit ProviderSlot(std::shared_ptr<Provider> first);
  ~ProviderSlot() override;

  // Of the first occupant.
  const Manifest& manifest() const override { return manifest_; }
  // Of the first occupant; ask current() for today's.
  const std::string& origin() const override { return origin_; }
  // Of the current occupant.
  Result<void> activate(const Json& settings) override;
  void deactivate() override;
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override;
  ProviderReply admit(const ProviderCall& call, std::string_view object,
                      std::string_view old) override;
  std::string end() override;
  ProviderState state() const override;
  std::optional<Duration> away() const override { return current()->away(); }
  bool unquarantine() override { return current()->unquarantine(); }
  // Of all occupants together.
  ProviderStatistics statistics() const override;

  std::shared_ptr<Provider> current() const;

  // Puts `next`, which is active and of the same shape, in the place. Gives the one before, which
  // may still have calls until drain() says otherwise.
  std::shared_ptr<Provider> exchange(std::shared_ptr<Provider> next);

  // Waits until the occupant before the last exchange has no call left. False at the time limit.
  bool drain(Duration at_most);

 private:
  struct Occupant;
  class Use;
  std::shared_ptr<Occupant> enter();

  const Manifest manifest_;
  const std::string origin_;
  mutable std::mutex mutex_;  // of current_ and previous_; held for a copy of a pointer
  std::shared_ptr<Occupant> current_;
  std::shared_ptr<Occupant> previous_;
  ProviderStatistics past_;  // of the occupants that left
};

}  // namespace capstan
