// Cases about secrets: made-up values are given, and searched for in what others can read.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

#include "runtime/base/text.h"
#include "sdk/conformance/bench.h"
#include "sdk/conformance/case.h"

namespace capstan::conformance {
namespace {

// The values that the plugin got to know, as they are and in base64.
std::vector<std::pair<std::string, std::string>> canaries(const Subject& subject) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto add = [&](const std::string& name, const std::string& value) {
    if (value.size() < 6) return;  // too short to be told from other text
    out.emplace_back(name, value);
    out.emplace_back(name + " in base64", base64_encode(value));
  };
  for (const std::string& name : subject.manifest().needs.secrets) {
    const auto given = subject.config.secrets.find(name);
    add("secret " + name,
        given == subject.config.secrets.end() ? KitHost::canary(name) : given->second);
  }
  add("the bootstrap data", KitHost::canary("bootstrap"));
  return out;
}

// Where one of them stands; "" where none does.
std::string search(const Subject& subject, const std::string& where, const std::string& text) {
  for (const auto& [name, value] : canaries(subject)) {
    if (text.find(value) != std::string::npos) return where + " has " + name;
  }
  return "";
}

// What this process writes to stdout and stderr from now on.
class Output {
 public:
  Output() : file_(::memfd_create("output", MFD_CLOEXEC)) {
    std::fflush(nullptr);
    for (const int fd : {1, 2}) {
      saved_[fd - 1] = ::dup(fd);
      ::dup2(file_, fd);
    }
  }
  std::string end() {
    std::fflush(nullptr);
    for (const int fd : {1, 2}) {
      ::dup2(saved_[fd - 1], fd);
      ::close(saved_[fd - 1]);
    }
    std::string text;
    char buffer[4096];
    ::lseek(file_, 0, SEEK_SET);
    for (ssize_t count; (count = ::read(file_, buffer, sizeof(buffer))) > 0;) {
      text.append(buffer, static_cast<size_t>(count));
    }
    ::close(file_);
    return text;
  }

 private:
  int file_;
  int saved_[2] = {-1, -1};
};

std::string search_step(const Subject& subject, const Step& step) {
  for (const ProviderDiagnostic& d : step.reply.diagnostics) {
    const std::string found = search(subject, "a diagnostic", d.summary + " " + d.detail);
    if (!found.empty()) return found;
  }
  for (const EventRecord& event : step.outcome.events) {
    const std::string found = search(subject, "an event", event.reason + " " + event.message);
    if (!found.empty()) return found;
  }
  return "";
}

Finding keeps_secrets(const CaseInput& input) {
  Output output;
  auto bench = Bench::make(input.subject, *input.entry);
  if (!bench.ok()) {
    const std::string said = output.end();
    const std::string found = search(input.subject, "the refusal", bench.error().message + said);
    return found.empty() ? skipped(bench.error().message) : failed(found);
  }
  std::string found;
  const auto watch = [&](const Step& step) {
    if (found.empty()) found = search_step(input.subject, step);
    return found.empty();
  };
  const auto key = (*bench)->add("one");
  if (key.ok()) {
    (void)(*bench)->settle(*key, watch);
    const ObjectPtr object = (*bench)->get(*key);
    if (object != nullptr && found.empty()) {
      found = search(input.subject, "the object", object->text());
    }
    (void)(*bench)->ask_deletion(*key);
    (void)(*bench)->settle(*key, watch);
  }
  std::string published;
  for (const std::string& text : (*bench)->host().published()) published += text + "\n";
  bench->reset();
  const std::string written = output.end();
  if (!key.ok()) return skipped(key.error().message);
  if (found.empty()) found = search(input.subject, "a log line, metric or event", published);
  if (found.empty()) found = search(input.subject, "its output", written);
  return found.empty() ? passed() : failed(found);
}

}  // namespace

std::vector<Case> secrets_cases() {
  return {
      {"secrets-kept", 5, Scope::kKind,
       "lets no secret into logs, metrics, events, diagnostics, its output or the object",
       "ext/services.h: secrets", keeps_secrets},
  };
}

}  // namespace capstan::conformance
