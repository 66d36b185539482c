// A provider whose calls are written down, with the host that it was made with: config
// `record: FILE` of a plugin. `capstan plugin replay FILE PLUGIN` feeds it to a plugin again.
//
// Thread safety: as Provider.
//
// Example:
//   auto recorder = TRY(Recorder::open(path, file.manifest));
//   auto host = recording_host(std::move(services), recorder);
//   auto inner = TRY(NativeProvider::load(file, std::move(host)));   // or another adapter
//   return std::make_unique<RecordingProvider>(std::move(inner), recorder);
#pragma once

#include <memory>
#include <string>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/plugin_loader.h"
#include "runtime/plugin/recording/recorder.h"

namespace capstan {

// A host that answers as the given one does and writes each call down.
std::unique_ptr<HostTable> recording_host(std::unique_ptr<HostTable> host,
                                          std::shared_ptr<Recorder> recorder);

// What `make` makes over the host given, recorded to the file: at the host's side of the port, so
// it is the same wherever the plugin runs. Errors: those of Recorder::open and of `make`.
Result<std::unique_ptr<Provider>> make_recorded(const std::string& path, const Manifest& manifest,
                                                std::unique_ptr<HostTable> host,
                                                const ProviderMaker& make);

class RecordingProvider final : public Provider {
 public:
  RecordingProvider(std::unique_ptr<Provider> inner, std::shared_ptr<Recorder> recorder)
      : inner_(std::move(inner)), recorder_(std::move(recorder)) {}

  const Manifest& manifest() const override { return inner_->manifest(); }
  const std::string& origin() const override { return inner_->origin(); }
  Result<void> activate(const Json& settings) override;
  void deactivate() override;
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override;
  ProviderReply admit(const ProviderCall& call, std::string_view object,
                      std::string_view old) override;
  std::string end() override;
  ProviderStatistics statistics() const override { return inner_->statistics(); }
  ProviderState state() const override { return inner_->state(); }
  std::optional<Duration> away() const override { return inner_->away(); }
  bool unquarantine() override { return inner_->unquarantine(); }

 private:
  const std::unique_ptr<Provider> inner_;
  const std::shared_ptr<Recorder> recorder_;
};

}  // namespace capstan
