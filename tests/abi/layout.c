/* The layout of ABI 1.0 on 64-bit machines, pinned. A size may grow at a table's end with a new
 * minor version; an offset never changes. Compiled as C11, so the headers stay C. */
#include <capstan/abi.h>
#include <capstan/ext/admission.h>
#include <capstan/ext/reconcile.h>
#include <capstan/ext/services.h>

#define AT(type, member, offset) \
  _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved")
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), #type " has another size")

SIZE(capstan_str, 16);
AT(capstan_str, data, 0);
AT(capstan_str, size, 8);
SIZE(capstan_status, 4);

SIZE(capstan_sink, 24);
AT(capstan_sink, ctx, 8);
AT(capstan_sink, write, 16);

SIZE(capstan_diagnostic, 72);
AT(capstan_diagnostic, severity, 4);
AT(capstan_diagnostic, summary, 8);
AT(capstan_diagnostic, detail, 24);
AT(capstan_diagnostic, field, 40);
AT(capstan_diagnostic, retry_after_ms, 56);
AT(capstan_diagnostic, terminal, 64);

SIZE(capstan_diagnostics, 24);
AT(capstan_diagnostics, ctx, 8);
AT(capstan_diagnostics, add, 16);

SIZE(capstan_call, 72);
AT(capstan_call, attempt, 4);
AT(capstan_call, deadline_ns, 8);
AT(capstan_call, idempotency_key, 16);
AT(capstan_call, trace_id, 32);
AT(capstan_call, ctx, 48);
AT(capstan_call, is_cancelled, 56);
AT(capstan_call, diagnostics, 64);

SIZE(capstan_host, 24);
AT(capstan_host, abi_minor, 4);
AT(capstan_host, ctx, 8);
AT(capstan_host, get_extension, 16);

SIZE(capstan_descriptor, 64);
AT(capstan_descriptor, abi_major, 4);
AT(capstan_descriptor, abi_min_minor, 8);
AT(capstan_descriptor, abi_max_minor, 12);
AT(capstan_descriptor, id, 16);
AT(capstan_descriptor, version, 32);
AT(capstan_descriptor, manifest, 48);

SIZE(capstan_plugin, 48);
AT(capstan_plugin, self, 8);
AT(capstan_plugin, activate, 16);
AT(capstan_plugin, deactivate, 24);
AT(capstan_plugin, destroy, 32);
AT(capstan_plugin, get_extension, 40);

SIZE(capstan_entry, 24);
AT(capstan_entry, describe, 8);
AT(capstan_entry, create, 16);

SIZE(capstan_reconcile, 16);
SIZE(capstan_admission, 16);
SIZE(capstan_log, 16);
SIZE(capstan_clock, 24);
AT(capstan_clock, monotonic_nanos, 16);
SIZE(capstan_metrics, 24);
AT(capstan_metrics, record, 16);
SIZE(capstan_secrets, 16);
SIZE(capstan_objects, 24);
AT(capstan_objects, list, 16);
SIZE(capstan_events, 16);
SIZE(capstan_wake, 16);
SIZE(capstan_workload, 32);
AT(capstan_workload, pod_request, 16);
AT(capstan_workload, nodes, 24);
SIZE(capstan_pki, 16);
