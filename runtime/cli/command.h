// What every command shares: where it writes, how it fails, and the flags that all of clusterctl's
// verbs have. A command is one file: it adds its flags to the program and sets a callback.
//
// Exit codes: 0 done; 1 failed; 2 wrong usage; 3 what was named does not exist; 4 the server could
// not be reached.
//
// Thread safety: none.
#pragma once

#include <functional>
#include <iosfwd>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/cli/api_client.h"

namespace CLI {
class App;
}

namespace capstan::cli {

struct Program {
  std::ostream& out;
  std::ostream& err;
  bool colors = false;
  Clock& clock;
  std::string executable;  // path of the running program, to find what is installed beside it
  // Set by the chosen command's callback; run after the flags were read.
  std::function<Result<void>()> command;
};

// --kubeconfig, --kubeconfig-context
void add_server_flags(CLI::App& app, ApiClientOptions& options);

// One file each.
void add_serve(CLI::App& app, Program& program);
void add_init(CLI::App& app, Program& program);
void add_generate(CLI::App& app, Program& program);
void add_describe(CLI::App& app, Program& program);
void add_get(CLI::App& app, Program& program);
void add_delete(CLI::App& app, Program& program);
void add_plugin(CLI::App& app, Program& program);
void add_version(CLI::App& app, Program& program);
void add_completion(CLI::App& app, Program& program);

int exit_code(const Error& error);

// The whole program.
int run(int argc, char** argv);

}  // namespace capstan::cli
