// What a plugin's process prints becomes log lines with the plugin's name: standard output as
// information, standard error as warnings. Lines are bounded and have no control characters.
//
// Thread safety: one owner; a thread of its own reads until the process closes the pipes.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include "runtime/isolation/fd.h"

namespace capstan::isolation {

class OutputReader {
 public:
  OutputReader(std::string plugin, Fd output, Fd errors);
  // Reads what is left and ends, also where somebody still holds the other end.
  ~OutputReader();

  // Reads what there is, ends, and gives the pipes' ends, each once: output, then errors. What the
  // process writes from now on waits in them.
  std::pair<Fd, Fd> release();

 private:
  void run();
  void end();
  const std::string plugin_;
  Fd pipes_[2];
  Fd stop_;
  std::thread thread_;
};

}  // namespace capstan::isolation
