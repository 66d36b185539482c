// A provider for tests, answered by a function.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "runtime/plugin/provider_port.h"

namespace capstan {

class FakeProvider final : public Provider {
 public:
  explicit FakeProvider(Manifest manifest) : manifest_(std::move(manifest)) {}

  const Manifest& manifest() const override { return manifest_; }
  const std::string& origin() const override { return manifest_.name; }
  Result<void> activate(const Json&) override { return {}; }
  void deactivate() override { active = false; }
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override {
    last_request = std::string(request);
    last_key = std::string(call.key);
    return reply;
  }
  ProviderReply admit(const ProviderCall&, std::string_view object, std::string_view) override {
    last_request = std::string(object);
    return reply;
  }
  ProviderStatistics statistics() const override { return {}; }
  std::optional<Duration> away() const override { return away_for; }

  ProviderReply reply;  // to every call
  std::optional<Duration> away_for;
  std::string last_request;
  std::string last_key;
  bool active = true;

 private:
  Manifest manifest_;
};

}  // namespace capstan
