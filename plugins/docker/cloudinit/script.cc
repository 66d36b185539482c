#include "plugins/docker/cloudinit/script.h"

#include <charconv>

namespace capstan::docker {
namespace {

// The whole script is read before it runs (`main "$@"` in the last line): a second copy that is
// unpacked over it meanwhile does no harm.
constexpr const char* kHead = R"sh(#!/bin/sh
# Written by Capstan's docker provider: the machine's bootstrap data. Runs once; see state/.
cd /var/lib/capstan/bootstrap || exit 1

# Commands may come before systemd and containerd are up.
wait_for_node() {
  if [ -x /usr/lib/capstan/wait-ready ]; then
    /usr/lib/capstan/wait-ready 120
    return
  fi
  command -v systemctl > /dev/null 2>&1 || return 0
  for _ in $(seq 600); do
    case "$(systemctl is-system-running 2> /dev/null)" in
      running | degraded)
        if [ ! -e /run/containerd ] || [ -S /run/containerd/containerd.sock ]; then return 0; fi
        ;;
    esac
    sleep 0.2
  done
  echo "systemd has not come up within 120 s"
  return 1
}

preload() {
  for folder in /var/lib/capstan/preload/*/; do
    [ -e "$folder/complete" ] || continue
    cat "$folder"/part-* | ctr --namespace k8s.io images import - || return 1
  done
  rm -rf /var/lib/capstan/preload
}

# put FILE PATH MODE OWNER append|replace
put() {
  mkdir -p "$(dirname "$2")" || return 1
  if [ "$5" = append ]; then cat "$1" >> "$2" || return 1; else cat "$1" > "$2" || return 1; fi
  chmod "$3" "$2" || return 1
  [ -z "$4" ] || chown "$4" "$2"
}

# step WHAT COMMAND...: the first that fails ends the bootstrap.
step() {
  what=$1
  shift
  "$@"
  code=$?
  if [ "$code" -ne 0 ]; then
    echo "capstan: failed with exit code $code: $what"
    exit "$code"
  fi
}

steps() {
  step 'waiting for the node to come up' wait_for_node
  step 'loading preLoadImages' preload
)sh";

constexpr const char* kTail = R"sh(
  if [ ! -e /run/cluster-api/bootstrap-success.complete ]; then
    echo "capstan: all commands ended well, but none wrote bootstrap-success.complete"
    exit 97
  fi
}

main() {
  # Making a folder is atomic: of several runs one goes on.
  mkdir state/started 2> /dev/null || exit 0
  date +%s > state/started-at
  (steps) > state/log 2>&1 < /dev/null
  echo "$?" > state/exit-code.new
  mv state/exit-code.new state/exit-code
}

main "$@"
)sh";

std::string in_words(const NodeCommand& command) {
  if (command.arguments.empty()) return command.line;
  std::string out;
  for (const std::string& argument : command.arguments) {
    out += (out.empty() ? "" : " ") + argument;
  }
  return out;
}

// The first line, shortened: for the log.
std::string title(const NodeCommand& command) {
  constexpr size_t kLimit = 160;
  const std::string whole = in_words(command);
  const std::string line = whole.substr(0, whole.find('\n'));
  return line.size() <= kLimit ? line : line.substr(0, kLimit) + "...";
}

std::string command_step(const NodeCommand& command) {
  std::string out = "  step " + shell_quoted(title(command));
  if (command.arguments.empty()) return out + " sh -c " + shell_quoted(command.line) + "\n";
  for (const std::string& argument : command.arguments) out += " " + shell_quoted(argument);
  return out + "\n";
}

std::string file_step(size_t index, const NodeFile& file) {
  return "  step " + shell_quoted("writing " + file.path) + " put files/" + std::to_string(index) +
         " " + shell_quoted(file.path) + " " + shell_quoted(file.permissions) + " " +
         shell_quoted(file.owner) + (file.append ? " append" : " replace") + "\n";
}

std::string run_script(const UserData& data) {
  std::string out = kHead;
  for (const NodeCommand& command : data.boot_commands) out += command_step(command);
  for (size_t i = 0; i < data.files.size(); ++i) out += file_step(i, data.files[i]);
  for (const NodeCommand& command : data.commands) out += command_step(command);
  return out + kTail;
}

template <typename Number>
std::optional<Number> number_in(std::string_view text) {
  Number value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::string shell_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::vector<TarEntry> bootstrap_files(const UserData& data) {
  const std::string folder = "capstan/bootstrap";
  std::vector<TarEntry> out = {
      {.name = "capstan", .mode = 0755, .folder = true},
      {.name = folder, .mode = 0700, .folder = true},
      {.name = folder + "/files", .mode = 0700, .folder = true},
      {.name = folder + "/state", .mode = 0700, .folder = true},
  };
  for (size_t i = 0; i < data.files.size(); ++i) {
    out.push_back({.name = folder + "/files/" + std::to_string(i),
                   .content = data.files[i].content,
                   .mode = 0600});
  }
  out.push_back({.name = folder + "/run.sh", .content = run_script(data), .mode = 0700});
  return out;
}

std::vector<std::string> bootstrap_command() {
  return {"/bin/sh", std::string(kBootstrapFolder) + "/run.sh"};
}

BootstrapState read_bootstrap_state(std::string_view tar) {
  BootstrapState state;
  for (const TarEntry& entry : read_tar(tar)) {
    if (entry.name == "state/started") state.started = true;
    if (entry.name == "state/started-at") state.started_at = number_in<int64_t>(entry.content);
    if (entry.name == "state/exit-code")
      state.exit_code = number_in<int>(entry.content).value_or(1);
    if (entry.name == "state/log") state.log = entry.content;
  }
  return state;
}

std::string log_tail(std::string_view log, size_t limit) {
  while (!log.empty() && (log.back() == '\n' || log.back() == ' ')) log.remove_suffix(1);
  if (log.size() <= limit) return std::string(log);
  log.remove_prefix(log.size() - limit);
  const size_t line = log.find('\n');
  return "..." + std::string(line == std::string_view::npos ? log : log.substr(line));
}

}  // namespace capstan::docker
