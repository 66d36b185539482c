// The idempotency prover: a process that ends at any call of the host, or between a reply and its
// commit, is followed by another that gets to the same end.
//
// A life runs in a child. After each commit the child writes what is stored; at the k-th crash
// point it ends without a word, and the next child starts from what was written.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "runtime/system/file.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/modes.h"
#include "sdk/conformance/shape.h"
#include "sdk/conformance/world.h"

namespace capstan::conformance {
namespace {

constexpr size_t kMaxCrashes = 60;
constexpr int kCrashed = 42;
constexpr int kFailed = 43;
constexpr int kSignal = 128;  // and the signal's number

// One life, or what is left of it. Crash points are the host's calls and the replies, in order.
class Life {
 public:
  Life(const CaseInput& input, size_t crash_at) : input_(input), crash_at_(crash_at) {}

  // In the child. Ends with 0, kCrashed or kFailed.
  int run() {
    BenchOptions options;
    const auto stored = read_file(path("stored"));
    if (stored.ok()) options.stored = Json::parse(*stored);
    options.hook = [this](size_t, const HostCall&) -> std::optional<HostAnswer> {
      crash_point();
      return std::nullopt;
    };
    auto bench = Bench::make(input_.subject, *input_.entry, std::move(options));
    if (!bench.ok()) return fail(bench.error().message);
    const ObjectKey key{input_.entry->kind, "default", "one"};
    if ((*bench)->get(key) == nullptr) {
      const auto added = (*bench)->add("one");
      if (!added.ok()) return fail(added.error().message);
      save(**bench);
    }
    return settle(**bench, key);
  }

 private:
  std::string path(const char* name) const { return input_.subject.world + "/.life-" + name; }

  void crash_point() {
    if (++points_ == crash_at_) ::_exit(kCrashed);
  }
  void save(const Bench& bench) { (void)write_file(path("stored"), dump_json(bench.dump())); }
  int fail(const std::string& why) {
    (void)write_file(path("failure"), why);
    return kFailed;
  }

  // As Bench::settle, with a crash point between each reply and its commit.
  int settle(Bench& bench, const ObjectKey& key) {
    const Settled settled = bench.settle(key, [&](const Step&) {
      save(bench);
      // The next reply may be lost.
      (void)bench.call(key, {}, false);
      crash_point();
      return true;
    });
    save(bench);
    if (!crashes_seen().empty()) return fail("crashed: " + crashes_seen().front());
    if (!settled.complaints.empty()) return fail(settled.complaints.front());
    if (!settled.at_rest) {
      return fail(settled.failures.empty() ? "does not come to rest" : settled.failures.back());
    }
    // At rest because no retry helps: no failure of the life, but the reason of a difference.
    if (settled.last.reply.status != Code::kOk) (void)fail(settled.failures.back());
    (void)write_file(path("shape"), dump_json(shape_of_all(bench.dump())));
    (void)write_file(path("points"), std::to_string(points_));
    return 0;
  }

  const CaseInput& input_;
  const size_t crash_at_;
  std::atomic<size_t> points_{0};
};

struct End {
  int code = 0;  // of the life's process
  std::string failure;
  Json shape;
  size_t points = 0;
  std::string world;
};

std::string text_of(const Subject& subject, const char* name) {
  return read_file(subject.world + "/.life-" + name).value_or("");
}

// Runs a life below this process and waits for all that it leaves behind, so that there are no two
// instances at a time: the plugin's own process ends a moment after its host.
[[noreturn]] void oversee(const CaseInput& input, size_t crash_at) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const pid_t life = ::fork();
  if (life == 0) ::_exit(Life(input, crash_at).run());
  int status = 0;
  for (int one = 0;;) {
    const pid_t ended = ::waitpid(-1, &one, 0);
    if (ended == life) status = one;
    if (ended < 0 && errno != EINTR) break;
  }
  ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : kSignal + WTERMSIG(status));
}

End run_life(const CaseInput& input, size_t crash_at) {
  const pid_t child = ::fork();
  if (child == 0) oversee(input, crash_at);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  End end;
  end.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  end.failure = end.code > kSignal ? "it ended with signal " + std::to_string(end.code - kSignal)
                                   : text_of(input.subject, "failure");
  end.shape = parse_json(text_of(input.subject, "shape")).value_or(Json());
  end.points = static_cast<size_t>(std::atol(text_of(input.subject, "points").c_str()));
  return end;
}

// A world of its own for each life: digests are compared between them.
void clean(const Subject& subject) {
  std::error_code failure;
  for (const auto& entry : std::filesystem::directory_iterator(subject.world, failure)) {
    std::filesystem::remove_all(entry.path(), failure);
  }
}

Finding prove(const CaseInput& input) {
  clean(input.subject);
  End undisturbed = run_life(input, 0);
  if (undisturbed.code != 0) return skipped("undisturbed: " + undisturbed.failure);
  undisturbed.world = world_digest(input.subject);
  const size_t points = std::min(undisturbed.points, kMaxCrashes);
  for (size_t k = 1; k <= points; ++k) {
    clean(input.subject);
    const std::string where = "after a crash at point " + std::to_string(k) + " of " +
                              std::to_string(undisturbed.points) + " ";
    const End crashed = run_life(input, k);
    if (crashed.code != kCrashed && crashed.code != 0) {
      return failed("before " + where + crashed.failure);
    }
    const End resumed = run_life(input, 0);
    if (resumed.code != 0) return failed(where + resumed.failure);
    const std::string difference = first_difference(undisturbed.shape, resumed.shape);
    if (!difference.empty()) {
      return failed(where + "the end is another: " + difference +
                    (resumed.failure.empty() ? "" : "; it says: " + resumed.failure));
    }
    const std::string world = world_digest(input.subject);
    if (world != undisturbed.world) {
      return failed(where + "the world is another: " + world + " instead of " + undisturbed.world);
    }
  }
  return passed(undisturbed.shape);
}

}  // namespace

std::vector<Case> crash_cases() {
  return {
      {"crash-anywhere", 8, Scope::kKind,
       "gets to the same end after a crash at any call of the host and before any commit",
       "convention 10", prove},
  };
}

}  // namespace capstan::conformance
