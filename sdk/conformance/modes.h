// How an instance of the plugin under test is made in each mode: by the adapters of the runtime, so
// that what passes here runs there. `process` and `sandbox` start the runtime's own
// capstan-plugin-host, which is beside this program or in libexec.
//
// Thread safety: make_provider from any thread; the rest from one, after the providers are gone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/isolation/isolated_provider.h"
#include "sdk/conformance/subject.h"

namespace capstan::conformance {

std::vector<Mode> all_modes();
// Errors: kInvalid with the names that there are.
Result<Mode> parse_mode(const std::string& name);

// An instance in the subject's mode, not active yet. Where it has a process of its own, each end of
// that process which nobody asked for is kept for crashes_seen(). Errors: those of loading it, and
// kNotFound where capstan-plugin-host is not installed.
Result<std::unique_ptr<Provider>> make_provider(const Subject& subject,
                                                std::unique_ptr<HostTable> host);

// The same in a process of its own that is expected to end; `grace` is from a deadline to its end
// by force. Precondition: subject.isolated().
Result<std::unique_ptr<isolation::IsolatedProvider>> make_isolated(const Subject& subject,
                                                                   std::unique_ptr<HostTable> host,
                                                                   PluginLimits limits,
                                                                   Duration grace);

// How instances of make_provider lost their processes: "signal 11 (Segmentation fault)"; in this
// process, since it started.
std::vector<std::string> crashes_seen();

}  // namespace capstan::conformance
