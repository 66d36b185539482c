// Cases about hosts that are older, newer or poorer than this one.
#include <cstring>
#include <memory>
#include <set>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/idle.h"
#include "sdk/conformance/modes.h"
#include "sdk/conformance/raw_plugin.h"
#include "sdk/include/capstan/ext/admission.h"
#include "sdk/include/capstan/ext/reconcile.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan::conformance {
namespace {

// A request of the first kind as the runtime would make it; "{}" where the kit cannot make one.
std::string any_request(const Subject& subject) {
  if (subject.manifest().reconciles.empty()) return "{}";
  const ReconcileEntry& entry = subject.manifest().reconciles.front();
  BenchOptions options;
  options.activate = false;
  auto bench = Bench::make(subject, entry, std::move(options));
  if (!bench.ok()) return "{}";
  const auto key = (*bench)->add("abi");
  return key.ok() ? (*bench)->request(*key) : "{}";
}

struct Called {
  std::string complaint;
  capstan_status activated = CAPSTAN_OK;
};

// Activates with that host and makes one call; names what broke a rule.
Called use(const CaseInput& input, const capstan_host* host,
           uint32_t call_size = sizeof(capstan_call), bool with_diagnostics = true) {
  auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return {plugin.error().message};
  auto instance = RawInstance::create(*plugin, host);
  if (!instance.ok()) return {};  // refused: that is allowed
  const std::string settings =
      dump_json(in_world(input.subject.config.settings, input.subject.world));
  const RawReply activated = instance->activate(settings, with_diagnostics);
  if (with_diagnostics && !activated.complaint().empty()) {
    return {"activate " + activated.complaint(), activated.status};
  }
  if (activated.status != CAPSTAN_OK) return {"", activated.status};
  RawReply reply = instance->reconcile(any_request(input.subject), call_size, with_diagnostics);
  instance->deactivate();
  const bool judged = with_diagnostics && call_size == sizeof(capstan_call);
  if (!judged && reply.status >= CAPSTAN_OK && reply.status <= CAPSTAN_UNAUTHENTICATED) return {};
  return {reply.complaint().empty() ? "" : "reconcile " + reply.complaint()};
}

Finding judge(const Called& called) {
  return called.complaint.empty() ? passed() : failed(called.complaint);
}

const void* nothing(void*, const char*) {
  return nullptr;
}

Finding bare_host(const CaseInput& input) {
  const capstan_host host{sizeof(host), CAPSTAN_ABI_MINOR, nullptr, &nothing};
  return judge(use(input, &host));
}

Finding short_host(const CaseInput& input) {
  const capstan_host host{offsetof(capstan_host, get_extension), CAPSTAN_ABI_MINOR, nullptr,
                          nullptr};
  return judge(use(input, &host));
}

// The kit's own host, whose tables can be exchanged.
class Exchanged : public Idle {
 public:
  explicit Exchanged(const Subject& subject)
      : Idle(subject), table_(*tables.table(CAPSTAN_ABI_MINOR)) {}
  capstan_host& table() { return table_; }

 private:
  capstan_host table_;
};

Finding each_service_absent(const CaseInput& input) {
  for (const std::string& service : HostCallTables::services()) {
    Exchanged host(input.subject);
    host.host->set_absent({service});
    const Called called = use(input, &host.table());
    if (!called.complaint.empty()) return failed("without " + service + ": " + called.complaint);
  }
  return passed();
}

// The same where the plugin has a process of its own: its host's tables are made there, of the
// services that this host offers.
std::string use_without(const CaseInput& input, const std::set<std::string>& services) {
  Idle idle(input.subject);
  idle.host->set_absent(services);
  auto provider = make_provider(input.subject, idle.take_tables());
  if (!provider.ok()) return provider.error().message;
  // Refused: that is allowed, with words.
  if (!(*provider)->activate(parse_json(idle.settings).value_or(Json::object())).ok()) return "";
  const ProviderReply reply = (*provider)->reconcile({}, any_request(input.subject));
  (*provider)->deactivate();
  const bool silent = reply.status != Code::kOk && reply.diagnostics.empty();
  return silent ? "reconcile gave " + std::string(code_name(reply.status)) +
                      " and no diagnostic says why"
                : misbehaviour(reply, input.subject);
}

Finding no_service_in_process(const CaseInput& input) {
  const auto& all = HostCallTables::services();
  return no_complaint(use_without(input, {all.begin(), all.end()}));
}

Finding each_service_absent_in_process(const CaseInput& input) {
  for (const std::string& service : HostCallTables::services()) {
    const std::string complaint = use_without(input, {service});
    if (!complaint.empty()) return failed("without " + service + ": " + complaint);
  }
  return passed();
}

// Every service's table says that it ends after its size.
const void* cut_table(void*, const char* id) {
  static const uint64_t kOnlySize[8] = {sizeof(uint32_t)};
  return HostCallTables::service_table(id) == nullptr ? nullptr : kOnlySize;
}

Finding short_services(const CaseInput& input) {
  const capstan_host host{sizeof(host), CAPSTAN_ABI_MINOR, nullptr, &cut_table};
  return judge(use(input, &host));
}

// A host of a later minor: its tables are longer, and what is behind their known part is not the
// plugin's to read.
Finding later_host(const CaseInput& input) {
  Exchanged known(input.subject);
  struct Longer {
    capstan_host host;
    uint64_t later[8];
  } longer{};
  longer.host = known.table();
  longer.host.struct_size = sizeof(longer);
  longer.host.abi_minor = input.subject.manifest().abi_max_minor;
  for (uint64_t& word : longer.later) word = 0xdeadbeefdeadbeefULL;
  const Called called = use(input, &longer.host);
  if (!called.complaint.empty()) return failed(called.complaint);
  return called.activated == CAPSTAN_OK
             ? passed()
             : failed("is not activated by a host whose tables are longer (status " +
                      std::to_string(called.activated) + ")");
}

Finding no_diagnostics(const CaseInput& input) {
  Exchanged host(input.subject);
  return judge(use(input, &host.table(), sizeof(capstan_call), false));
}

Finding short_call(const CaseInput& input) {
  Exchanged host(input.subject);
  for (const size_t size :
       {offsetof(capstan_call, diagnostics), offsetof(capstan_call, is_cancelled),
        offsetof(capstan_call, idempotency_key), offsetof(capstan_call, deadline_ns)}) {
    const Called called = use(input, &host.table(), static_cast<uint32_t>(size));
    if (!called.complaint.empty()) return failed(called.complaint);
  }
  return passed();
}

template <typename Body>
Finding with_instance(const CaseInput& input, Body&& body) {
  auto plugin = RawPlugin::open(input.subject.file);
  if (!plugin.ok()) return failed(plugin.error().message);
  Idle idle(input.subject);
  auto instance = RawInstance::create(*plugin, idle.table());
  if (!instance.ok()) return failed(instance.error().message);
  return body(*instance);
}

Finding unknown_extensions(const CaseInput& input) {
  return with_instance(input, [](const RawInstance& instance) {
    for (const char* id :
         {"", "capstan.nothing/1", "capstan.reconcile", "capstan.reconcile/1 and more",
          "capstan.reconcile/4294967296", "capstan.admission/", "CAPSTAN.RECONCILE/1",
          "capstan.draft.nothing/1"}) {
      if (instance.extension(id) != nullptr) {
        return failed(std::string("offers an extension \"") + id + "\"");
      }
    }
    return passed();
  });
}

Finding offers_what_it_names(const CaseInput& input) {
  return with_instance(input, [&](const RawInstance& instance) {
    const auto* reconcile =
        static_cast<const capstan_reconcile*>(instance.extension(CAPSTAN_EXT_RECONCILE));
    const auto* admission =
        static_cast<const capstan_admission*>(instance.extension(CAPSTAN_EXT_ADMISSION));
    const Manifest& manifest = input.subject.manifest();
    if (!manifest.reconciles.empty() && !CAPSTAN_HAS(reconcile, reconcile)) {
      return failed("names kinds in `reconciles` and does not offer " CAPSTAN_EXT_RECONCILE);
    }
    if (!manifest.admits.empty() && !CAPSTAN_HAS(admission, admit)) {
      return failed("names kinds in `admits` and does not offer " CAPSTAN_EXT_ADMISSION);
    }
    if (instance.extension(CAPSTAN_EXT_RECONCILE) != reconcile ||
        instance.extension(CAPSTAN_EXT_ADMISSION) != admission) {
      return failed("gives another table each time an extension is asked for");
    }
    return passed();
  });
}

// What it does not offer is missed when it is made active, or asked.
Finding offers_in_process(const CaseInput& input) {
  Idle idle(input.subject);
  auto provider = make_provider(input.subject, idle.take_tables());
  if (!provider.ok()) return failed(provider.error().message);
  const auto active = (*provider)->activate(parse_json(idle.settings).value_or(Json::object()));
  if (!active.ok()) return failed(active.error().message);
  std::string complaint;
  for (const GroupKind& kind : input.subject.manifest().admits) {
    const std::string object = dump_json({{"kind", kind.kind}});
    if ((*provider)->admit({}, object, "").status != Code::kUnimplemented) continue;
    complaint = "names " + kind.kind + " in `admits` and does not offer " CAPSTAN_EXT_ADMISSION;
  }
  (*provider)->deactivate();
  return no_complaint(complaint);
}

}  // namespace

std::vector<Case> abi_cases() {
  return {
      {"abi-offers", 1, Scope::kTables, "offers the extensions that its manifest asks to be called",
       "convention 3; The manifest", offers_what_it_names, offers_in_process},
      {"abi-unknown-extension", 2, Scope::kTables,
       "gives NULL for extensions that it does not know", "convention 3", unknown_extensions},
      {"abi-bare-host", 3, Scope::kTables, "works, or says why not, with a host without services",
       "ext/services.h", bare_host, no_service_in_process},
      {"abi-service-absent", 4, Scope::kTables,
       "works, or says why not, where any one service is absent", "ext/services.h",
       each_service_absent, each_service_absent_in_process},
      {"abi-later-host", 4, Scope::kTables, "works with a host whose tables are longer",
       "convention 2", later_host},
      {"abi-short-services", 6, Scope::kTables,
       "uses no member of a service beyond the size that its table says", "convention 2",
       short_services},
      {"abi-short-host", 6, Scope::kTables,
       "uses no member of the host beyond the size that its table says", "convention 2",
       short_host},
      {"abi-short-call", 7, Scope::kTables,
       "uses no member of a call beyond the size that its table says", "convention 2", short_call},
      {"abi-no-diagnostics", 7, Scope::kTables, "works where the caller takes no diagnostics",
       "convention 2", no_diagnostics},
  };
}

}  // namespace capstan::conformance
