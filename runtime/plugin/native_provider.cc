#include "runtime/plugin/native_provider.h"

#include <spdlog/spdlog.h>

#include <chrono>
#include <thread>
#include <utility>

#include "runtime/plugin/diagnostics_collector.h"
#include "runtime/trust/digest.h"
#include "sdk/include/capstan/abi.h"
#include "sdk/include/capstan/ext/admission.h"
#include "sdk/include/capstan/ext/folder.h"
#include "sdk/include/capstan/ext/reconcile.h"

namespace capstan {
namespace {

// The first diagnostic as an error, or what the status alone says.
Error error_of(const std::vector<ProviderDiagnostic>& diagnostics, capstan_status status,
               const std::string& plugin) {
  ProviderReply reply;
  reply.status = status > CAPSTAN_OK && status <= CAPSTAN_UNAUTHENTICATED
                     ? static_cast<Code>(status)
                     : Code::kUnknown;
  reply.diagnostics = diagnostics;
  return reply.error(plugin);
}

// Joins what a plugin writes, up to a bound.
struct ReplySink {
  std::string& text;
  size_t limit;
  bool overflow = false;

  static void write(void* ctx, capstan_str bytes) noexcept {
    auto& sink = *static_cast<ReplySink*>(ctx);
    if (bytes.data == nullptr || sink.overflow) return;
    if (bytes.size > sink.limit - sink.text.size()) {
      sink.overflow = true;
      return;
    }
    try {
      sink.text.append(bytes.data, bytes.size);
    } catch (...) {
      sink.overflow = true;
    }
  }
};

void misbehaves(ProviderReply& reply, const std::string& plugin, std::string what) {
  reply.status = Code::kInternal;
  reply.text.clear();
  ProviderDiagnostic diagnostic;
  diagnostic.summary = "plugin \"" + plugin + "\" " + std::move(what);
  reply.diagnostics.insert(reply.diagnostics.begin(), std::move(diagnostic));
}

int32_t is_cancelled(void* flag) {
  return static_cast<const std::atomic<bool>*>(flag)->load(std::memory_order_relaxed) ? 1 : 0;
}
int32_t never_cancelled(void*) {
  return 0;
}

template <typename Table, typename Function>
const Table* usable(const void* extension, Function Table::*member) {
  const auto* table = static_cast<const Table*>(extension);
  if (table == nullptr || table->struct_size < sizeof(Table)) return nullptr;
  return table->*member == nullptr ? nullptr : table;
}

}  // namespace

Result<const capstan_entry*> check_entry(const SharedObject& library, const PluginFile& file) {
  using EntryFunction = const capstan_entry* (*)(uint32_t);
  const auto function = reinterpret_cast<EntryFunction>(library.symbol(CAPSTAN_ENTRY_SYMBOL));
  if (function == nullptr) return Error::invalid("does not export " CAPSTAN_ENTRY_SYMBOL);
  const capstan_entry* entry = function(CAPSTAN_ABI_MAJOR);
  if (entry == nullptr) {
    return Error::failed_precondition(
        "its manifest says ABI major " + std::to_string(file.manifest.abi_major) +
        ", but its entry does not serve major " + std::to_string(CAPSTAN_ABI_MAJOR));
  }
  if (!CAPSTAN_HAS(entry, describe) || !CAPSTAN_HAS(entry, create)) {
    return Error::invalid("its entry table is too small or lacks describe or create");
  }
  const capstan_descriptor* descriptor = entry->describe();
  if (descriptor == nullptr || descriptor->struct_size < sizeof(capstan_descriptor)) {
    return Error::invalid("its descriptor is missing or too small");
  }
  TRY(negotiate_abi(descriptor->abi_major, descriptor->abi_min_minor, descriptor->abi_max_minor));
  const bool same_identity =
      file.is_folder() || (abi_view(descriptor->id) == file.manifest.id &&
                           abi_view(descriptor->version) == file.manifest.version);
  if (!same_identity ||
      sha256_hex(abi_view(descriptor->manifest)) != file.library_manifest_sha256) {
    return Error::invalid("its descriptor (" + std::string(abi_view(descriptor->id)) + " " +
                          std::string(abi_view(descriptor->version)) +
                          ") differs from the manifest in its file (" + file.manifest.id + " " +
                          file.manifest.version + "); build it anew");
  }
  return entry;
}

Result<std::unique_ptr<NativeProvider>> NativeProvider::load(PluginFile file,
                                                             std::unique_ptr<HostTable> services,
                                                             NativeProviderOptions options) {
  SharedObject library = TRY(SharedObject::open(file.library, file.image));
  std::unique_ptr<NativeProvider> provider(
      new NativeProvider(std::move(file), std::move(services), options, std::move(library)));
  TRY(provider->create());
  return provider;
}

NativeProvider::NativeProvider(PluginFile file, std::unique_ptr<HostTable> services,
                               NativeProviderOptions options, SharedObject library)
    : file_(std::move(file)),
      services_(std::move(services)),
      options_(options),
      library_(std::move(library)) {}

NativeProvider::~NativeProvider() {
  unload();
}

Result<void> NativeProvider::create() {
  const auto failed = [&](Error error) { return std::move(error).with_context(file_.path); };
  auto entry = check_entry(library_, file_);
  if (!entry.ok()) return failed(std::move(entry).error());
  const uint32_t minor = TRY(negotiate_abi(file_.manifest.abi_major, file_.manifest.abi_min_minor,
                                           file_.manifest.abi_max_minor));
  std::vector<ProviderDiagnostic> diagnostics;
  const DiagnosticsCollector collector(diagnostics);
  const capstan_status status =
      (*entry)->create(services_->table(minor), &plugin_, collector.table());
  if (status != CAPSTAN_OK) {
    plugin_ = nullptr;
    return failed(error_of(diagnostics, status, name()).with_context("cannot make an instance"));
  }
  if (!CAPSTAN_HAS(plugin_, activate) || !CAPSTAN_HAS(plugin_, deactivate) ||
      !CAPSTAN_HAS(plugin_, destroy) || !CAPSTAN_HAS(plugin_, get_extension)) {
    plugin_ = nullptr;
    return failed(Error::invalid("its plugin table is too small or lacks a function"));
  }
  return file_.is_folder() ? open_folder() : Result<void>();
}

Result<void> NativeProvider::open_folder() {
  const auto* folder =
      usable(plugin_->get_extension(plugin_->self, CAPSTAN_EXT_FOLDER), &capstan_folder::open);
  if (folder == nullptr) {
    return Error::invalid(file_.library + " does not offer " CAPSTAN_EXT_FOLDER);
  }
  std::vector<ProviderDiagnostic> diagnostics;
  const DiagnosticsCollector collector(diagnostics);
  const capstan_status status = folder->open(plugin_->self, abi_str(file_.path),
                                             abi_str(file_.manifest_text), collector.table());
  if (status == CAPSTAN_OK) return {};
  return error_of(diagnostics, status, name()).with_context(file_.path);
}

Result<void> NativeProvider::activate(const Json& settings) {
  std::vector<ProviderDiagnostic> diagnostics;
  const DiagnosticsCollector collector(diagnostics);
  const std::string text = dump_json(settings);
  const capstan_status status = plugin_->activate(plugin_->self, abi_str(text), collector.table());
  redact(diagnostics);
  if (status != CAPSTAN_OK) {
    return error_of(diagnostics, status, name())
        .with_context("plugin \"" + name() + "\" cannot be activated");
  }
  for (const ProviderDiagnostic& diagnostic : diagnostics) {
    spdlog::warn("[{}] {}", name(), diagnostic.summary);
  }
  reconcile_ = usable(plugin_->get_extension(plugin_->self, CAPSTAN_EXT_RECONCILE),
                      &capstan_reconcile::reconcile);
  admission_ = usable(plugin_->get_extension(plugin_->self, CAPSTAN_EXT_ADMISSION),
                      &capstan_admission::admit);
  if (reconcile_ == nullptr && !file_.manifest.reconciles.empty()) {
    plugin_->deactivate(plugin_->self);
    return Error::invalid("plugin \"" + name() +
                          "\" names kinds in `reconciles` but does not "
                          "offer " CAPSTAN_EXT_RECONCILE);
  }
  active_ = true;
  return {};
}

void NativeProvider::redact(std::vector<ProviderDiagnostic>& diagnostics) {
  for (ProviderDiagnostic& diagnostic : diagnostics) {
    services_->redact(diagnostic.summary);
    services_->redact(diagnostic.detail);
  }
}

void NativeProvider::deactivate() {
  if (!active_.exchange(false)) return;
  while (started_.load() != finished_.load()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  plugin_->deactivate(plugin_->self);
}

template <typename Function>
ProviderReply NativeProvider::guarded_call(const ProviderCall& call, const char* function,
                                           Function&& body) {
  ProviderReply reply;
  const uint64_t number = started_.fetch_add(1);
  if (!active_.load()) {
    finished_.fetch_add(1);
    reply.status = Code::kUnavailable;
    reply.diagnostics.push_back(
        {false, "plugin \"" + name() + "\" is not active", "", "", {}, false});
    return reply;
  }
  const CallCpu::Reading used = options_.measure ? cpu_.begin(number) : CallCpu::Reading();
  const uint64_t begin = options_.measure ? read_ticks() : 0;
  ReplySink target{reply.text, options_.max_reply};
  const capstan_sink sink{sizeof(sink), &target, &ReplySink::write};
  const DiagnosticsCollector diagnostics(reply.diagnostics);
  const capstan_call abi_call{sizeof(abi_call),
                              call.attempt,
                              call.deadline.time_since_epoch().count(),
                              abi_str(call.key),
                              abi_str(call.trace_id),
                              const_cast<std::atomic<bool>*>(call.cancelled),
                              call.cancelled == nullptr ? &never_cancelled : &is_cancelled,
                              diagnostics.table()};
  capstan_status status = CAPSTAN_INTERNAL;
  try {
    status = body(&abi_call, &sink);
    reply.status = static_cast<Code>(status);
  } catch (...) {
    misbehaves(reply, name(),
               std::string("let an exception out of ") + function + " (convention 8 of the ABI)");
  }
  if (status < CAPSTAN_OK || status > CAPSTAN_UNAUTHENTICATED) {
    misbehaves(reply, name(),
               std::string("gave status ") + std::to_string(status) + " from " + function +
                   ", which is none of the ABI's");
  }
  if (target.overflow) {
    misbehaves(reply, name(),
               std::string("wrote more than ") + std::to_string(options_.max_reply) +
                   " bytes from " + function);
  }
  redact(reply.diagnostics);
  if (options_.measure) {
    const double seconds = rate_.seconds_of(read_ticks() - begin);
    counter_.count(reply.status, seconds);
    cpu_.end(used, seconds);
  }
  finished_.fetch_add(1);
  return reply;
}

ProviderReply NativeProvider::reconcile(const ProviderCall& call, std::string_view request) {
  return guarded_call(call, "reconcile", [&](const capstan_call* abi, const capstan_sink* sink) {
    if (reconcile_ == nullptr) return capstan_status{CAPSTAN_UNIMPLEMENTED};
    return reconcile_->reconcile(plugin_->self, abi, abi_str(request), sink);
  });
}

ProviderReply NativeProvider::admit(const ProviderCall& call, std::string_view object,
                                    std::string_view old) {
  return guarded_call(call, "admit", [&](const capstan_call* abi, const capstan_sink* sink) {
    if (admission_ == nullptr) return capstan_status{CAPSTAN_UNIMPLEMENTED};
    return admission_->admit(plugin_->self, abi, abi_str(object), abi_str(old), sink);
  });
}

ProviderStatistics NativeProvider::statistics() const {
  ProviderStatistics out;
  counter_.tell(out);
  out.cpu_seconds = cpu_.seconds();
  const uint64_t finished = finished_.load();
  out.in_flight = started_.load() - finished;
  return out;
}

std::string NativeProvider::end() {
  if (unload()) return "";
  return "its library stays mapped after it was closed (a thread-local destructor, a "
         "unique "
         "symbol or another user keeps it)";
}

bool NativeProvider::unload() {
  if (plugin_ != nullptr) {
    deactivate();
    plugin_->destroy(plugin_->self);
    plugin_ = nullptr;
  }
  const std::string path = library_.path();
  if (library_.close()) return true;
  if (file_.is_folder()) return false;  // a language's interpreter stays
  spdlog::warn("{} stays mapped after it was closed (pinned)", path);
  return false;
}

}  // namespace capstan
