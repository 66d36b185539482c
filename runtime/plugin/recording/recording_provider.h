// A provider whose calls are written down, with the host that it was made with: config
// `record: FILE` of a plugin. `capstan plugin replay FILE PLUGIN` feeds it to a plugin again.
//
// Thread safety: as Provider.
//
// Example:
//   auto recorder = TRY(Recorder::open(path, file.manifest));
//   auto host = recording_host(std::move(services), recorder);
//   auto inner = TRY(NativeProvider::load(file, std::move(host)));
//   return std::make_unique<RecordingProvider>(std::move(inner), recorder);
#pragma once

#include <memory>
#include <string>

#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/recording/recorder.h"

namespace capstan {

// A host that answers as the given one does and writes each call down.
std::unique_ptr<HostTable> recording_host(std::unique_ptr<HostTable> host,
                                          std::shared_ptr<Recorder> recorder);

// A plugin in this process that is recorded to the file. Errors: those of Recorder::open and of
// NativeProvider::load.
Result<std::unique_ptr<Provider>> load_recorded(const std::string& path, PluginFile file,
                                                std::unique_ptr<HostTable> host);

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

 private:
  const std::unique_ptr<Provider> inner_;
  const std::shared_ptr<Recorder> recorder_;
};

}  // namespace capstan
