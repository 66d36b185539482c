// A plugin's tables called without the host's guards, for cases about the tables themselves.
//
// Thread safety: one owner.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/plugin/plugin_file.h"
#include "runtime/plugin/provider_port.h"
#include "runtime/plugin/shared_object.h"
#include "sdk/include/capstan/abi.h"

namespace capstan::conformance {

// What one raw call gave.
struct RawReply {
  capstan_status status = CAPSTAN_OK;
  std::string text;
  std::vector<ProviderDiagnostic> diagnostics;

  // "" where it keeps the rules: a status of the ABI's, and words with every failure.
  std::string complaint() const;
};

class RawPlugin {
 public:
  // Loads and asks the entry; no instance yet.
  static Result<RawPlugin> open(const PluginFile& file);

  const PluginFile& file() const { return file_; }
  const capstan_entry& entry() const { return *entry_; }
  const SharedObject& library() const { return library_; }
  SharedObject& library() { return library_; }

 private:
  RawPlugin(PluginFile file, SharedObject library, const capstan_entry* entry)
      : file_(std::move(file)), library_(std::move(library)), entry_(entry) {}
  PluginFile file_;
  SharedObject library_;
  const capstan_entry* entry_;
};

// One instance with a given host table. Lifetime: the plugin and the host outlive it.
class RawInstance {
 public:
  // Where the plugin is a folder, its language's library has opened it.
  static Result<RawInstance> create(const RawPlugin& plugin, const capstan_host* host);
  RawInstance(RawInstance&& other) noexcept : table_(std::exchange(other.table_, nullptr)) {}
  ~RawInstance() { destroy(); }

  RawReply activate(std::string_view settings, bool with_diagnostics = true) const;
  void deactivate() const { table_->deactivate(table_->self); }
  void destroy();
  const void* extension(const char* id) const { return table_->get_extension(table_->self, id); }
  // kUnimplemented where the plugin does not offer it. `call_size` cuts the call's table.
  RawReply reconcile(std::string_view request, uint32_t call_size = sizeof(capstan_call),
                     bool with_diagnostics = true) const;
  RawReply admit(std::string_view object, std::string_view old) const;

 private:
  explicit RawInstance(const capstan_plugin* table) : table_(table) {}
  Result<void> open_folder(const PluginFile& file) const;
  const capstan_plugin* table_;
};

}  // namespace capstan::conformance
