/* A library whose functions take every table of the ABI: what abidiff compares. */
#include <capstan/abi.h>
#include <capstan/ext/admission.h>
#include <capstan/ext/reconcile.h>
#include <capstan/ext/services.h>

#define PROBE(type)                      \
  void probe_##type(const type* table);  \
  void probe_##type(const type* table) { \
    (void)table;                         \
  }

PROBE(capstan_str)
PROBE(capstan_sink)
PROBE(capstan_diagnostic)
PROBE(capstan_diagnostics)
PROBE(capstan_call)
PROBE(capstan_host)
PROBE(capstan_descriptor)
PROBE(capstan_plugin)
PROBE(capstan_entry)
PROBE(capstan_reconcile)
PROBE(capstan_admission)
PROBE(capstan_log)
PROBE(capstan_clock)
PROBE(capstan_metrics)
PROBE(capstan_secrets)
PROBE(capstan_objects)
PROBE(capstan_events)
PROBE(capstan_wake)
PROBE(capstan_workload)
PROBE(capstan_pki)

capstan_status probe_status(capstan_status status);
capstan_status probe_status(capstan_status status) {
  return status;
}

/* Nobody calls it here; that it keeps its type is the point. */
const capstan_entry* capstan_plugin_entry(uint32_t host_abi_major) {
  (void)host_abi_major;
  return NULL;
}
