// A plugin in this process: the Provider port over the C ABI.
//
// Guards every call: unknown status codes, replies without end, exceptions that crossed the
// boundary and tables of unknown size become errors that name the plugin and the convention.
// A crash inside the plugin is a crash of the process; whoever does not trust a plugin runs it in a
// process of its own.
//
// Thread safety: as Provider.
#pragma once

#include <memory>
#include <string>

#include "runtime/plugin/call_counter.h"
#include "runtime/plugin/call_cpu.h"
#include "runtime/plugin/host_services/host_services.h"
#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/provider_port.h"
#include "runtime/plugin/shared_object.h"
#include "runtime/plugin/tick_counter.h"
#include "sdk/include/capstan/abi.h"
#include "sdk/include/capstan/ext/admission.h"
#include "sdk/include/capstan/ext/reconcile.h"

namespace capstan {

struct NativeProviderOptions {
  size_t max_reply = size_t{8} << 20;  // bytes of one reply
  bool measure = true;                 // statistics()
};

class NativeProvider final : public Provider {
 public:
  // Loads the library and makes the instance; the host is not called yet. Takes the services that
  // the instance is to have. Errors: what the library did, with its path.
  static Result<std::unique_ptr<NativeProvider>> load(PluginFile file,
                                                      std::unique_ptr<HostTable> services,
                                                      NativeProviderOptions options = {});
  // Ends the instance and closes the library.
  ~NativeProvider() override;

  const Manifest& manifest() const override { return file_.manifest; }
  const std::string& origin() const override { return file_.path; }
  Result<void> activate(const Json& settings) override;
  void deactivate() override;
  ProviderReply reconcile(const ProviderCall& call, std::string_view request) override;
  ProviderReply admit(const ProviderCall& call, std::string_view object,
                      std::string_view old) override;
  ProviderStatistics statistics() const override;
  std::string end() override;

  // Ends the instance and closes the library now. False where it stays mapped ("pinned").
  bool unload();

 private:
  NativeProvider(PluginFile file, std::unique_ptr<HostTable> services,
                 NativeProviderOptions options, SharedObject library);
  Result<void> create();
  void redact(std::vector<ProviderDiagnostic>& diagnostics);
  Result<void> open_folder();
  template <typename Function>
  ProviderReply guarded_call(const ProviderCall& call, const char* function, Function&& body);

  PluginFile file_;
  std::unique_ptr<HostTable> services_;
  const NativeProviderOptions options_;
  SharedObject library_;
  const capstan_plugin* plugin_ = nullptr;
  const capstan_reconcile* reconcile_ = nullptr;
  const capstan_admission* admission_ = nullptr;

  std::atomic<bool> active_{false};
  std::atomic<uint64_t> started_{0};
  std::atomic<uint64_t> finished_{0};
  CallCounter counter_;
  CallCpu cpu_;
  const TickRate rate_;
};

// Looks at a loaded library's entry as load() does: the symbol, both ABI ranges, the descriptor
// against the file's manifest. Shared with the probe. Errors: what is wrong, without the path.
Result<const capstan_entry*> check_entry(const SharedObject& library, const PluginFile& file);

}  // namespace capstan
