#include "plugins/docker/machine/node_bootstrap.h"

#include <charconv>

#include "plugins/docker/machine/preload.h"

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::Done;
using sdk::Expected;
using sdk::InProgress;
using sdk::Step;

// Often enough that nobody waits for us, seldom enough to be free: one call to the engine.
constexpr Milliseconds kPoll{500};

Error bootstrap_failed(const std::string& node, const std::string& why, const std::string& log) {
  Error error = Error::make(Code::kFailedPrecondition, "bootstrap of " + node + " failed: " + why,
                            "Its log (docker exec " + node + " cat " + kBootstrapState +
                                "/log) ends with:\n" + log_tail(log));
  return std::move(error).with_reason("BootstrapFailed").made_terminal();
}

std::optional<double> unit_in_seconds(std::string_view& text) {
  static constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"h", 3600}, {"m", 60}, {"s", 1}};
  for (const auto& [unit, seconds] : kUnits) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(unit.size());
    return seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Milliseconds> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  while (!text.empty()) {
    double number = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
    if (parsed.ec != std::errc() || number < 0) return std::nullopt;
    text.remove_prefix(static_cast<size_t>(parsed.ptr - text.data()));
    const auto unit = unit_in_seconds(text);
    if (!unit) return std::nullopt;
    seconds += number * *unit;
  }
  if (seconds > 1e9) return std::nullopt;
  return Milliseconds(static_cast<int64_t>(seconds * 1000));
}

Expected<BootstrapState> bootstrap_state(Engine& engine, const std::string& node) {
  const auto tar = CAPSTAN_TRY(read_archive(engine, node, kBootstrapState));
  return tar ? read_bootstrap_state(*tar) : BootstrapState{};
}

Step<Done> start_bootstrap(DockerBackend& backend, const NodeBootstrap& bootstrap) {
  const auto images =
      preload_images(backend.engine, backend.puller, bootstrap.node, bootstrap.images);
  if (!images.done()) return images;
  CAPSTAN_TRY(write_archive(backend.engine, bootstrap.node, kBootstrapParent,
                            tar_archive(bootstrap_files(bootstrap.data))));
  CAPSTAN_TRY(run_detached(backend.engine, bootstrap.node, bootstrap_command()));
  return InProgress{"Bootstrapping", "the bootstrap data runs in container " + bootstrap.node,
                    kPoll};
}

Step<Done> bootstrap_progress(const BootstrapState& state, const NodeBootstrap& bootstrap,
                              int64_t now_seconds) {
  if (state.exit_code == 0) return Done{};
  if (state.exit_code) {
    return bootstrap_failed(bootstrap.node,
                            "the script ended with exit code " + std::to_string(*state.exit_code),
                            state.log);
  }
  const std::chrono::seconds running(state.started_at ? now_seconds - *state.started_at : 0);
  if (running > bootstrap.timeout) {
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(bootstrap.timeout);
    return bootstrap_failed(
        bootstrap.node,
        "not done within " + std::to_string(limit.count()) + " s (bootstrapTimeout)", state.log);
  }
  return InProgress{"Bootstrapping", "the bootstrap data runs in container " + bootstrap.node,
                    kPoll};
}

}  // namespace capstan::docker
