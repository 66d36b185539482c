// The errors of reads and writes in the words of Kubernetes' API server, which clients show and
// scripts look for.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/object/kind.h"

namespace capstan {

// What a client may send in one body; patches must not make more of it.
inline constexpr size_t kLargestObject = 3 * 1024 * 1024;

// "machines.cluster.x-k8s.io", "secrets".
std::string group_resource(const Kind& kind);

Error object_not_found(const Kind& kind, const std::string& name);
Error object_exists(const Kind& kind, const std::string& name);
// The object is not in the state that the write expects.
Error object_modified(const Kind& kind, const std::string& name);
Error precondition_failed(const Kind& kind, const std::string& name, const std::string& what,
                          const std::string& expected, const std::string& found);
Error namespace_not_found(const std::string& name);
Error namespace_terminating(const Kind& kind, const std::string& name, const std::string& ns);
// More than kLargestObject bytes of JSON.
Error object_too_large(const Kind& kind, const std::string& name, size_t bytes);
Error kind_terminating(const Kind& kind, const std::string& name);

}  // namespace capstan
