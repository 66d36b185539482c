// From a plain class to a plugin: CAPSTAN_PLUGIN(MyPlugin) in one source file makes the tables of
// abi.h and the exported function. What the class can do is seen from the members it has:
//
//   explicit MyPlugin(Host& host)              or a default constructor; makes no calls yet
//   Status activate(const Json& settings)      checks settings, opens connections, starts threads
//   void deactivate()                          returns when all of that has ended
//   Status reconcile(const Request&, Reply&, const Call&)   offers capstan.reconcile/1
//   Status admit(Admission&)                                offers capstan.admission/1
//   const void* extension(std::string_view id)              offers anything else; null if unknown
//
// Every function is noexcept with a barrier compiled into the plugin: an exception becomes
// CAPSTAN_INTERNAL with a diagnostic. An Error that reconcile returns becomes its code and a
// diagnostic; the reply is sent all the same.
//
// The descriptor comes from the manifest, which capstan_add_plugin (CMake) embeds.
//
// Example: examples/hello-infra.
#pragma once

#include <capstan/admission.h>
#include <capstan/call.h>
#include <capstan/host.h>
#include <capstan/reconcile.h>

#include <concepts>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <typeinfo>

// Made by capstan_add_plugin from the manifest.
extern "C" const capstan_descriptor capstan_plugin_descriptor;

namespace capstan::sdk::detail {

// Runs `body` and turns whatever it throws into a status and a diagnostic.
template <typename Body>
capstan_status guarded(const capstan_diagnostics* diagnostics, const char* function,
                       Body&& body) noexcept {
  try {
    try {
      const Status status = body();
      if (status.ok()) return CAPSTAN_OK;
      report(diagnostics, status.error());
      const Code code = status.error().code;
      return code == Code::kOk ? CAPSTAN_UNKNOWN : static_cast<capstan_status>(code);
    } catch (const std::exception& error) {
      report(diagnostics,
             Error::make(Code::kInternal, std::string(function) + " threw: " + error.what(),
                         std::string("Exception type: ") + typeid(error).name()));
    } catch (...) {
      report(diagnostics, Error::make(Code::kInternal,
                                      std::string(function) + " threw what is no std::exception"));
    }
  } catch (...) {
    // Even the report failed (no memory): the status alone must do.
  }
  return CAPSTAN_INTERNAL;
}

template <typename P>
concept Activates = requires(P& plugin, const Json& settings) {
  { plugin.activate(settings) } -> std::same_as<Status>;
};
template <typename P>
concept Deactivates = requires(P& plugin) {
  plugin.deactivate();
};
template <typename P>
concept Reconciles = requires(P& plugin, const Request& request, Reply& reply, const Call& call) {
  { plugin.reconcile(request, reply, call) } -> std::same_as<Status>;
};
template <typename P>
concept Admits = requires(P& plugin, Admission& admission) {
  { plugin.admit(admission) } -> std::same_as<Status>;
};
template <typename P>
concept Extends = requires(P& plugin, std::string_view id) {
  { plugin.extension(id) } -> std::convertible_to<const void*>;
};

inline void write(const capstan_sink* sink, std::string_view bytes) {
  if (CAPSTAN_HAS(sink, write)) sink->write(sink->ctx, to_abi(bytes));
}

// One instance: the author's object, the host and the tables.
template <typename P>
class Instance {
 public:
  explicit Instance(const capstan_host* host) : host_(host), plugin_(make(host_)) {
    table_.struct_size = sizeof(table_);
    table_.self = this;
    table_.activate = &activate;
    table_.deactivate = &deactivate;
    table_.destroy = &destroy;
    table_.get_extension = &get_extension;
  }
  const capstan_plugin* table() const { return &table_; }
  P& plugin() { return *plugin_; }

  static capstan_status create(const capstan_host* host, const capstan_plugin** out,
                               const capstan_diagnostics* diagnostics) noexcept {
    return guarded(diagnostics, "the plugin's constructor", [&]() -> Status {
      if (out == nullptr) return Error::invalid("create was called without `out`");
      *out = (new Instance(host))->table();
      return {};
    });
  }

 private:
  static std::unique_ptr<P> make(Host& host) {
    if constexpr (std::constructible_from<P, Host&>) {
      return std::make_unique<P>(host);
    } else {
      static_assert(std::default_initializable<P>,
                    "a plugin class has a constructor that takes Host& or nothing");
      return std::make_unique<P>();
    }
  }
  static Instance& of(void* self) { return *static_cast<Instance*>(self); }

  static capstan_status activate(void* self, capstan_str settings,
                                 const capstan_diagnostics* diagnostics) noexcept {
    return guarded(diagnostics, "activate", [&]() -> Status {
      of(self).host_.connect();
      if constexpr (Activates<P>) {
        const std::string_view text = to_view(settings);
        Json parsed = Json::object();
        if (!text.empty()) parsed = CAPSTAN_TRY(parse_json(text));
        return of(self).plugin_->activate(parsed);
      }
      return {};
    });
  }
  static void deactivate(void* self) noexcept {
    (void)guarded(nullptr, "deactivate", [&]() -> Status {
      if constexpr (Deactivates<P>) of(self).plugin_->deactivate();
      return {};
    });
  }
  static void destroy(void* self) noexcept {
    (void)guarded(nullptr, "destroy", [&]() -> Status {
      delete static_cast<Instance*>(self);
      return {};
    });
  }
  static const void* get_extension(void* self, const char* id) noexcept {
    if (id == nullptr) return nullptr;
    if constexpr (Reconciles<P>) {
      static constexpr capstan_reconcile kTable = {sizeof(kTable), &reconcile};
      if (std::strcmp(id, CAPSTAN_EXT_RECONCILE) == 0) return &kTable;
    }
    if constexpr (Admits<P>) {
      static constexpr capstan_admission kTable = {sizeof(kTable), &admit};
      if (std::strcmp(id, CAPSTAN_EXT_ADMISSION) == 0) return &kTable;
    }
    const void* extension = nullptr;
    if constexpr (Extends<P>) {
      (void)guarded(nullptr, "get_extension", [&]() -> Status {
        extension = of(self).plugin_->extension(id);
        return {};
      });
    }
    return extension;
  }

  static capstan_status reconcile(void* self, const capstan_call* call, capstan_str request_text,
                                  const capstan_sink* sink) noexcept {
    const Call context(call);
    return guarded(context.diagnostics(), "reconcile", [&]() -> Status {
      const Request request(to_view(request_text));
      Reply reply(request);
      Status status = of(self).plugin_->reconcile(request, reply, context);
      write(sink, dump_json(reply.json()));
      return status;
    });
  }
  static capstan_status admit(void* self, const capstan_call* call, capstan_str object,
                              capstan_str old, const capstan_sink* defaults) noexcept {
    const Call context(call);
    return guarded(context.diagnostics(), "admit", [&]() -> Status {
      Admission admission(to_view(object), to_view(old));
      CAPSTAN_TRY(of(self).plugin_->admit(admission));
      if (!admission.defaults().empty()) write(defaults, dump_json(admission.defaults()));
      return {};
    });
  }

  Host host_;
  std::unique_ptr<P> plugin_;
  capstan_plugin table_{};
};

// The tables of a plugin class.
template <typename P>
const capstan_entry* entry(uint32_t host_abi_major) noexcept {
  static constexpr capstan_entry kEntry = {
      sizeof(kEntry), []() -> const capstan_descriptor* { return &capstan_plugin_descriptor; },
      &Instance<P>::create};
  return host_abi_major == CAPSTAN_ABI_MAJOR ? &kEntry : nullptr;
}

}  // namespace capstan::sdk::detail

#define CAPSTAN_PLUGIN(Class)                                                                    \
  extern "C" CAPSTAN_EXPORT const capstan_entry* capstan_plugin_entry(uint32_t host_abi_major) { \
    return capstan::sdk::detail::entry<Class>(host_abi_major);                                   \
  }
