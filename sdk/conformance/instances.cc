#include "sdk/conformance/instances.h"

#include <algorithm>
#include <regex>
#include <utility>

#include "sdk/conformance/modes.h"

namespace capstan::conformance {
namespace {

Result<std::regex> expression(const std::string& text) {
  try {
    return std::regex(text);
  } catch (const std::regex_error& error) {
    return Error::invalid("--only \"" + text + "\": " + error.what());
  }
}

Result<std::vector<Mode>> chosen_modes(const std::vector<std::string>& names) {
  std::vector<Mode> out;
  for (const std::string& name : names) out.push_back(TRY(parse_mode(name)));
  if (out.empty()) return Error::invalid("no mode was given");
  return out;
}

// "HelloMachine", and with what tells it from another item of the same kind: "DevMachine.docker".
std::string kind_name(const Manifest& manifest, const ReconcileEntry& entry) {
  const auto same = std::count_if(manifest.reconciles.begin(), manifest.reconciles.end(),
                                  [&](const ReconcileEntry& e) { return e.kind == entry.kind; });
  const bool plain = same < 2 || !entry.when || entry.when->path.empty();
  return entry.kind.kind + (plain ? "" : "." + entry.when->path.back());
}

Instance make_instance(const Case& definition, Mode mode, const ReconcileEntry* entry,
                       const Manifest& manifest) {
  Instance instance{definition, entry, mode, {}};
  instance.result.id = definition.id;
  if (entry != nullptr) instance.result.id += "/" + kind_name(manifest, *entry);
  if (definition.scope != Scope::kFile) instance.result.mode = mode_name(mode);
  instance.result.level = definition.level;
  instance.result.sentence = definition.sentence;
  instance.result.rule = definition.rule;
  return instance;
}

}  // namespace

Finding Instance::run(const Subject& subject) const {
  const bool elsewhere = definition.scope == Scope::kTables && subject.isolated();
  return (elsewhere ? definition.isolated : definition.run)({subject, entry});
}

std::string Instance::not_applicable() const {
  const bool isolated = mode != Mode::kInProcess;
  if (definition.scope == Scope::kTables && isolated && definition.isolated == nullptr) {
    return "about the tables between plugin and host, which are inside of its own process here";
  }
  if (definition.scope == Scope::kProcess && !isolated) return "it has no process of its own here";
  return "";
}

Result<std::vector<Instance>> instances(const Manifest& manifest, const RunOptions& options) {
  const std::regex only = TRY(expression(options.only));
  const std::vector<Mode> modes = TRY(chosen_modes(options.modes));
  std::vector<Instance> out;
  for (const Mode mode : modes) {
    const bool first = mode == modes.front();
    const int level = first || options.repeat_level == 0 ? options.level : options.repeat_level;
    for (const Case& definition : all_cases()) {
      if (definition.level > level) continue;
      if (definition.scope == Scope::kFile && !first) continue;
      if (definition.scope != Scope::kKind) {
        out.push_back(make_instance(definition, mode, nullptr, manifest));
        continue;
      }
      for (const ReconcileEntry& entry : manifest.reconciles) {
        out.push_back(make_instance(definition, mode, &entry, manifest));
      }
    }
  }
  std::erase_if(out, [&](const Instance& i) {
    return !options.only.empty() && !std::regex_search(i.result.id, only);
  });
  return out;
}

}  // namespace capstan::conformance
