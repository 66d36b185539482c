// What a plugin's process prints becomes log lines with the plugin's name: standard output as
// information, standard error as warnings. Lines are bounded and have no control characters.
//
// Thread safety: one owner; a thread of its own reads until the process closes the pipes.
#pragma once

#include <string>
#include <thread>

#include "runtime/isolation/fd.h"

namespace capstan::isolation {

class OutputReader {
 public:
  OutputReader(std::string plugin, Fd output, Fd errors);
  // Reads what is left and ends, also where somebody still holds the other end.
  ~OutputReader();

 private:
  void run();
  const std::string plugin_;
  Fd pipes_[2];
  Fd stop_;
  std::thread thread_;
};

}  // namespace capstan::isolation
