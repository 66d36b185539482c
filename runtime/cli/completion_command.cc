// capstan completion bash|zsh|fish: scripts made from the program's own commands and flags.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "runtime/base/text.h"
#include "runtime/cli/command.h"

namespace capstan::cli {
namespace {

struct Entry {
  std::string path;                // "get kubeconfig"
  std::vector<std::string> words;  // subcommands and flags
};

void collect(const CLI::App& app, const std::string& path, std::vector<Entry>& entries) {
  Entry entry{path, {}};
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    entry.words.push_back(child->get_name());
    collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), entries);
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) entry.words.push_back("--" + name);
  }
  entries.push_back(std::move(entry));
}

std::string bash(const std::vector<Entry>& entries) {
  std::string out =
      "# bash completion of capstan\n_capstan() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" word words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"${path:+$path }$word\" in\n";
  for (const Entry& entry : entries) {
    if (!entry.path.empty()) out += "      '" + entry.path + "') path='" + entry.path + "' ;;\n";
  }
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const Entry& entry : entries) {
    out += "    '" + entry.path + "') words='" + join(entry.words, " ") + "' ;;\n";
  }
  return out +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n}\n"
         "complete -o default -F _capstan capstan\n";
}

std::string zsh(const std::vector<Entry>& entries) {
  return "#compdef capstan\nautoload -U +X bashcompinit && bashcompinit\n" + bash(entries);
}

std::string fish(const std::vector<Entry>& entries) {
  std::string out = "# fish completion of capstan\n";
  for (const Entry& entry : entries) {
    std::string condition = "__fish_use_subcommand";
    if (!entry.path.empty()) {
      condition.clear();
      for (const std::string& word : split(entry.path, ' ')) {
        condition +=
            std::string(condition.empty() ? "" : "; and ") + "__fish_seen_subcommand_from " + word;
      }
    }
    for (const std::string& word : entry.words) {
      const bool flag = word.starts_with("--");
      out += "complete -c capstan -f -n '" + condition + "' " +
             (flag ? "-l " + word.substr(2) : "-a " + word) + "\n";
    }
  }
  return out;
}

}  // namespace

void add_completion(CLI::App& app, Program& program) {
  CLI::App* completion = app.add_subcommand("completion", "Print a completion script for a shell");
  completion->footer(
      "Examples:\n  source <(capstan completion bash)\n"
      "  capstan completion fish > ~/.config/fish/completions/capstan.fish");
  auto shell = std::make_shared<std::string>();
  completion->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([shell, &app, &program] {
    program.command = [shell, &app, &program]() -> Result<void> {
      std::vector<Entry> entries;
      collect(app, "", entries);
      program.out << (*shell == "bash"  ? bash(entries)
                      : *shell == "zsh" ? zsh(entries)
                                        : fish(entries));
      return {};
    };
  });
}

}  // namespace capstan::cli
