// Runs one case in a process of its own, so that what crashes, hangs, leaks or ends the process
// there costs that case only.
//
// Thread safety: start() from a process without threads; the rest by one owner.
//
// Example:
//   CaseProcess process = CaseProcess::start(body, std::chrono::seconds(60));
//   const ProcessResult result = process.finish();
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>

#include "sdk/conformance/case.h"

namespace capstan::conformance {

struct ProcessResult {
  Finding finding;
  std::string output;  // the last of what it wrote to stdout and stderr
  std::chrono::milliseconds took{0};
};

class CaseProcess {
 public:
  static CaseProcess start(const std::function<Finding()>& body, std::chrono::milliseconds timeout);
  CaseProcess(CaseProcess&& other) noexcept;
  CaseProcess(const CaseProcess&) = delete;
  // Ends it where it still runs.
  ~CaseProcess();

  // Readable when there is something for advance(). -1 where it could not be started.
  int descriptor() const { return report_; }
  std::chrono::milliseconds left() const;  // until its timeout
  // Takes what it has written so far. True once it has ended, or its time is over.
  bool advance();
  // Ends it, with what it started, and says what came of it.
  ProcessResult finish();

 private:
  CaseProcess() = default;
  pid_t child_ = -1;
  int report_ = -1;
  int output_ = -1;
  bool ended_ = false;
  std::string text_;
  std::chrono::milliseconds timeout_{0};
  std::chrono::steady_clock::time_point begin_{};
};

}  // namespace capstan::conformance
