#include "sdk/conformance/raw_plugin.h"

#include <algorithm>

#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/plugin/native_provider.h"
#include "sdk/include/capstan/ext/admission.h"
#include "sdk/include/capstan/ext/folder.h"
#include "sdk/include/capstan/ext/reconcile.h"

namespace capstan::conformance {
namespace {

int32_t never(void*) {
  return 0;
}
void append(void* text, capstan_str bytes) {
  if (bytes.data != nullptr) static_cast<std::string*>(text)->append(bytes.data, bytes.size);
}

template <typename Body>
RawReply run(uint32_t call_size, bool with_diagnostics, Body&& body) {
  RawReply reply;
  const DiagnosticsCollector collector(reply.diagnostics);
  const capstan_sink sink{sizeof(sink), &reply.text, &append};
  const capstan_call call{
      call_size,   0,       INT64_MAX, abi_str("uid-conformance"),
      abi_str(""), nullptr, &never,    with_diagnostics ? collector.table() : nullptr};
  reply.status = body(&call, &sink);
  return reply;
}

}  // namespace

std::string RawReply::complaint() const {
  if (status < CAPSTAN_OK || status > CAPSTAN_UNAUTHENTICATED) {
    return "gave status " + std::to_string(status) + ", which is none of the ABI's";
  }
  if (status == CAPSTAN_OK) return "";
  const bool said = std::any_of(diagnostics.begin(), diagnostics.end(),
                                [](auto& d) { return !d.warning && !d.summary.empty(); });
  return said ? "" : "gave status " + std::to_string(status) + " and no diagnostic says why";
}

Result<RawPlugin> RawPlugin::open(const PluginFile& file) {
  SharedObject library = TRY(SharedObject::open(file.library));
  const capstan_entry* entry = TRY(check_entry(library, file));
  return RawPlugin(file, std::move(library), entry);
}

Result<RawInstance> RawInstance::create(const RawPlugin& plugin, const capstan_host* host) {
  RawReply reply;
  const DiagnosticsCollector collector(reply.diagnostics);
  const capstan_plugin* table = nullptr;
  reply.status = plugin.entry().create(host, &table, collector.table());
  if (reply.status != CAPSTAN_OK) {
    return Error::invalid("create gave status " + std::to_string(reply.status) +
                          (reply.diagnostics.empty() ? "" : ": " + reply.diagnostics[0].summary));
  }
  if (!CAPSTAN_HAS(table, activate) || !CAPSTAN_HAS(table, deactivate) ||
      !CAPSTAN_HAS(table, destroy) || !CAPSTAN_HAS(table, get_extension)) {
    return Error::invalid("create gave a table that is too small or lacks a function");
  }
  RawInstance instance(table);
  if (plugin.file().is_folder()) TRY(instance.open_folder(plugin.file()));
  return instance;
}

Result<void> RawInstance::open_folder(const PluginFile& file) const {
  const auto* folder = static_cast<const capstan_folder*>(extension(CAPSTAN_EXT_FOLDER));
  if (!CAPSTAN_HAS(folder, open)) {
    return Error::invalid(file.library + " does not offer " CAPSTAN_EXT_FOLDER);
  }
  RawReply reply;
  const DiagnosticsCollector collector(reply.diagnostics);
  reply.status = folder->open(table_->self, abi_str(file.path), abi_str(file.manifest_text),
                              collector.table());
  if (reply.status == CAPSTAN_OK) return {};
  return Error::invalid("open gave status " + std::to_string(reply.status) +
                        (reply.diagnostics.empty() ? "" : ": " + reply.diagnostics[0].summary));
}

void RawInstance::destroy() {
  if (table_ != nullptr) table_->destroy(table_->self);
  table_ = nullptr;
}

RawReply RawInstance::activate(std::string_view settings, bool with_diagnostics) const {
  RawReply reply;
  const DiagnosticsCollector collector(reply.diagnostics);
  reply.status = table_->activate(table_->self, abi_str(settings),
                                  with_diagnostics ? collector.table() : nullptr);
  return reply;
}

RawReply RawInstance::reconcile(std::string_view request, uint32_t call_size,
                                bool with_diagnostics) const {
  const auto* table = static_cast<const capstan_reconcile*>(extension(CAPSTAN_EXT_RECONCILE));
  return run(call_size, with_diagnostics,
             [&](const capstan_call* call, const capstan_sink* sink) -> capstan_status {
               if (!CAPSTAN_HAS(table, reconcile)) return CAPSTAN_UNIMPLEMENTED;
               return table->reconcile(table_->self, call, abi_str(request), sink);
             });
}

RawReply RawInstance::admit(std::string_view object, std::string_view old) const {
  const auto* table = static_cast<const capstan_admission*>(extension(CAPSTAN_EXT_ADMISSION));
  return run(sizeof(capstan_call), true,
             [&](const capstan_call* call, const capstan_sink* sink) -> capstan_status {
               if (!CAPSTAN_HAS(table, admit)) return CAPSTAN_UNIMPLEMENTED;
               return table->admit(table_->self, call, abi_str(object), abi_str(old), sink);
             });
}

}  // namespace capstan::conformance
