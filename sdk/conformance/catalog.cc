#include "sdk/conformance/case.h"

namespace capstan::conformance {

std::vector<Case> all_cases() {
  std::vector<Case> out;
  for (const auto cases : {file_cases, lifecycle_cases, abi_cases, payload_cases, semantics_cases,
                           deletion_cases, call_cases, concurrency_cases, fault_cases, crash_cases,
                           secrets_cases, fuzz_cases, isolation_cases}) {
    const std::vector<Case> some = cases();
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

}  // namespace capstan::conformance
