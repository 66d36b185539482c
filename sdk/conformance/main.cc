// capstan-conformance FILE: the kit as a program of the SDK, for authors who have no Capstan.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "sdk/conformance/command_line.h"

int main(int argc, char** argv) {
  capstan::conformance::CommandLine line;
  CLI::App app("Proves that a Capstan plugin keeps the rules (docs/conformance.md).",
               "capstan-conformance");
  capstan::conformance::add_flags(app, line);
  CLI11_PARSE(app, argc, argv);
  const auto done = capstan::conformance::run(line, std::cout, ::isatty(STDOUT_FILENO) == 1);
  if (done.ok()) return 0;
  std::cerr << "capstan-conformance: " << done.error().message << "\n";
  return 1;
}
