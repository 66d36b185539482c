// Cases about the process that a plugin has for itself: whatever becomes of it, the calls under way
// fail as unavailable, it is started again, and it answers again.
//
// The process is stopped (SIGSTOP) before the call, so that the call is under way when it is hurt.
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "runtime/plugin/host_calls/host_call_tables.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"
#include "sdk/conformance/modes.h"

namespace capstan::conformance {
namespace {

using isolation::IsolatedProvider;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kCallFd = 3;  // of capstan-plugin-host
constexpr auto kShort = milliseconds(200);
constexpr auto kPatient = milliseconds(20'000);
// From a deadline to the answer, where the process has to be ended by force.
constexpr auto kLongest = milliseconds(10'000);

// An active plugin that may be hurt, and a request for it.
struct Victim {
  const CaseInput& input;
  IsolatedProvider& provider;
  const std::string request;

  pid_t pid() const { return static_cast<pid_t>(provider.state().pid); }
  ProviderReply call(milliseconds limit, std::string_view text) const {
    ProviderCall call;
    call.deadline = SystemClock().monotonic() + limit;
    call.key = "uid-isolation";
    return provider.reconcile(call, text);
  }
  ProviderReply call(milliseconds limit) const { return call(limit, request); }
};

// Whether every thread of it has stopped (or there is none any more).
bool is_stopped(pid_t pid) {
  std::error_code failure;
  for (const auto& task :
       std::filesystem::directory_iterator("/proc/" + std::to_string(pid) + "/task", failure)) {
    std::ifstream file(task.path() / "stat");
    std::string line;
    std::getline(file, line);
    const size_t name = line.rfind(") ");
    if (name != std::string::npos && line[name + 2] != 'T') return false;
  }
  return true;
}

// The signal reaches one thread, which stops the others when it comes to run.
void stop(pid_t pid) {
  ::kill(pid, SIGSTOP);
  for (int i = 0; i < 500 && !is_stopped(pid); ++i) {
    std::this_thread::sleep_for(milliseconds(2));
  }
}

bool is_away(const ProviderReply& reply) {
  return reply.status == Code::kUnavailable && !reply.diagnostics.empty() &&
         (reply.reason() == kPluginUnavailable || reply.reason() == kPluginQuarantined);
}

template <typename Body>
Finding with_victim(const CaseInput& input, PluginLimits limits, Body&& body) {
  const Manifest& manifest = input.subject.manifest();
  if (manifest.reconciles.empty()) return not_applicable("it reconciles nothing");
  const CaseInput first{input.subject, &manifest.reconciles.front()};
  BenchOptions options;
  options.activate = false;
  const auto with_request = [&](Bench& bench) {
    const auto key = bench.add("one");
    if (!key.ok()) return skipped(key.error().message);
    auto provider = make_isolated(
        input.subject, std::make_unique<HostCallTables>(bench.shared_host()), limits, kShort);
    if (!provider.ok()) return failed(provider.error().message);
    const auto active =
        (*provider)->activate(in_world(input.subject.config.settings, input.subject.world));
    if (!active.ok()) return skipped(active.error().message);
    Finding finding = body(Victim{input, **provider, bench.request(*key)});
    (*provider)->deactivate();
    return finding;
  };
  return with_bench(first, with_request, std::move(options));
}

// "" where it was started again and answers.
std::string goes_on(const Victim& victim) {
  const auto end = steady_clock::now() + kPatient;
  while (steady_clock::now() < end) {
    const ProviderReply reply = victim.call(kPatient);
    if (is_away(reply)) {
      std::this_thread::sleep_for(milliseconds(20));
      continue;
    }
    if (victim.provider.state().restarts == 0) return "its process was not started again";
    return misbehaviour(reply, victim.input.subject);
  }
  return "it does not answer again: " + victim.provider.state().message;
}

// `hurt` makes a call and gives its reply.
template <typename Hurt>
Finding loses_process(const CaseInput& input, const char* what, Hurt&& hurt) {
  return with_victim(input, {}, [&](const Victim& victim) {
    const auto begin = steady_clock::now();
    const ProviderReply reply = hurt(victim);
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    if (!is_away(reply)) {
      return failed(std::string(what) + ", the call gave " + std::string(code_name(reply.status)) +
                    " instead of unavailable");
    }
    if (took > kLongest) {
      return failed(std::string(what) + ", the call took " + std::to_string(took.count()) + " ms");
    }
    const std::string complaint = goes_on(victim);
    return no_complaint(complaint.empty() ? "" : std::string("after ") + what + " " + complaint);
  });
}

// Makes a call to the stopped process, and does something to it meanwhile.
template <typename Act>
ProviderReply call_meanwhile(const Victim& victim, milliseconds limit, Act&& act) {
  stop(victim.pid());
  const std::jthread actor([&] {
    std::this_thread::sleep_for(kShort / 4);
    act();
  });
  return victim.call(limit);
}

Finding is_killed(const CaseInput& input) {
  return loses_process(input, "killed during a call", [](const Victim& victim) {
    const pid_t pid = victim.pid();
    return call_meanwhile(victim, kPatient, [pid] { ::kill(pid, SIGKILL); });
  });
}

Finding hangs(const CaseInput& input) {
  return loses_process(input, "hanging beyond the deadline",
                       [](const Victim& victim) { return call_meanwhile(victim, kShort, [] {}); });
}

// Its end of the connection, in this process. -1 where the machine does not allow that.
int connection_of(pid_t pid) {
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process < 0) return -1;
  const int fd = static_cast<int>(::syscall(SYS_pidfd_getfd, process, kCallFd, 0));
  const int failure = errno;
  ::close(process);
  errno = failure;
  return fd;
}

Finding sends_garbage(const CaseInput& input) {
  std::string refusal;
  const Finding finding =
      loses_process(input, "garbage instead of a reply", [&](const Victim& victim) {
        const int connection = connection_of(victim.pid());
        if (connection < 0) {
          refusal = std::strerror(errno);
          return ProviderReply{};
        }
        const ProviderReply reply = call_meanwhile(victim, kPatient, [connection] {
          constexpr std::string_view kGarbage = "this is no frame of the protocol";
          ::send(connection, kGarbage.data(), kGarbage.size(), MSG_NOSIGNAL);
        });
        ::close(connection);
        return reply;
      });
  if (refusal.empty()) return finding;
  return skipped("this machine does not let the kit write for the plugin: " + refusal);
}

// More than the connection holds, from many threads, and nobody reads.
Finding reads_nothing(const CaseInput& input) {
  return loses_process(input, "not reading its requests", [](const Victim& victim) {
    constexpr int kThreads = 32;
    constexpr size_t kLarge = size_t{48} << 10;
    const std::string text = victim.request + std::string(kLarge, ' ');
    stop(victim.pid());
    std::vector<ProviderReply> replies(kThreads);
    {
      std::vector<std::jthread> threads;
      for (ProviderReply& reply : replies) {
        threads.emplace_back([&] { reply = victim.call(kShort, text); });
      }
    }
    // Those that came late are answered by the next process.
    const auto lost = std::find_if(replies.begin(), replies.end(), is_away);
    return lost == replies.end() ? replies.front() : *lost;
  });
}

#ifdef CAPSTAN_SANITIZED
Finding runs_out_of_memory(const CaseInput&) {
  return skipped("the sanitizers' own memory is beyond any limit");
}
#else
// Private memory that can be written, in bytes: what a limit counts.
uint64_t data_of(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmData:")) return std::stoull(line.substr(7)) * 1024;
  }
  return 0;
}

Finding runs_out_of_memory(const CaseInput& input) {
  constexpr uint64_t kMore = uint64_t{32} << 20;
  PluginLimits limits;
  const Finding measured = with_victim(input, {}, [&](const Victim& victim) {
    (void)victim.call(kPatient);
    limits.memory_bytes = data_of(victim.pid()) + kMore;
    return passed();
  });
  if (measured.verdict != Verdict::kPassed) return measured;
  return with_victim(input, limits, [&](const Victim& victim) {
    std::string text = victim.request;
    text.insert(1, "\"more\":\"" + std::string(size_t{60} << 20, 'x') + "\",");
    const ProviderReply reply = victim.call(kPatient, text);
    text.clear();
    text.shrink_to_fit();
    if (reply.status == Code::kOk) return skipped("a request of 60 MiB does not reach the limit");
    // It may have noticed by itself, and lives on.
    const bool ended = is_away(reply);
    const std::string complaint = ended ? goes_on(victim) : "";
    if (!complaint.empty()) return failed("after it ran out of memory " + complaint);
    const ProviderReply after = victim.call(kPatient);
    return no_complaint(is_away(after) ? "after it ran out of memory it does not answer again"
                                       : misbehaviour(after, input.subject));
  });
}
#endif

}  // namespace

std::vector<Case> isolation_cases() {
  constexpr const char* kRule = "docs/isolation.md: When a process ends";
  return {
      {"isolation-kill", 4, Scope::kProcess,
       "is started again after its process is killed in a call, which fails as unavailable", kRule,
       is_killed},
      {"isolation-hang", 5, Scope::kProcess,
       "is started again after it hangs beyond a deadline, and the call fails as unavailable",
       kRule, hangs},
      {"isolation-garbage", 6, Scope::kProcess,
       "is started again after garbage comes from its process", kRule, sends_garbage},
      {"isolation-slow-reader", 6, Scope::kProcess,
       "is started again after it takes no more requests, and none of them waits for long", kRule,
       reads_nothing},
      {"isolation-out-of-memory", 7, Scope::kProcess,
       "costs nobody else anything when it reaches limits.memory, and answers again", kRule,
       runs_out_of_memory},
  };
}

}  // namespace capstan::conformance
