// @KIND@: a volume of the cloud, kept in the state that its object asks for.
#pragma once

#include <capstan/external_resource.h>

#include <string>

#include "cloud.h"

namespace @PACKAGE@ {

class @KIND@ : public capstan::sdk::ExternalResource {
 public:
  explicit @KIND@(Cloud& cloud)
      : ExternalResource({.kind = "@KIND@"}), cloud_(cloud) {}

 protected:
  using Context = capstan::sdk::ResourceContext;
  using Observation = capstan::sdk::Observation;

  Expected<Observation> observe(const Context& resource) override {
    const auto volume = CAPSTAN_TRY(cloud_.find("volume", resource.uid()));
    if (!volume) return Observation{};
    const int64_t size = int_at(volume->properties, "sizeGiB");
    Observation seen;
    seen.exists = true;
    seen.up_to_date = size == wanted(resource);
    seen.difference =
        "sizeGiB: " + std::to_string(size) + " -> " + std::to_string(wanted(resource));
    seen.available = volume->ready;
    seen.message = volume->ready ? "" : "waiting for volume " + volume->id;
    seen.at_provider = {{"id", volume->id}, {"sizeGiB", size}};
    return seen;
  }

  Step<capstan::sdk::Creation> create(const Context& resource) override {
    CAPSTAN_TRY(cloud_.create("volume", resource.uid(), properties(resource)));
    return InProgress{"VolumeBuilding", "the volume was asked for",
                      std::chrono::seconds(1)};
  }

  Step<Done> update(const Context& resource,
                    const Observation&) override {
    CAPSTAN_TRY(cloud_.update("volume", resource.uid(), properties(resource)));
    return InProgress{"", "", std::chrono::seconds(1)};
  }

  Step<Done> remove(const Context& resource) override {
    CAPSTAN_TRY(cloud_.remove("volume", resource.uid()));
    return Done{};
  }

 private:
  static int64_t wanted(const Context& resource) {
    return int_at(resource.for_provider(), "sizeGiB");
  }
  static Json properties(const Context& resource) {
    return {{"name", resource.name()}, {"sizeGiB", wanted(resource)}};
  }

  Cloud& cloud_;
};

}  // namespace @PACKAGE@
