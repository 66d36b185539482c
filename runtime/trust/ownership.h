// Who besides root and the running user could change or exchange a file: by its owner and mode, and
// by those of every folder above it.
//
// Thread safety: free functions.
#pragma once

#include <unistd.h>

#include <string>
#include <vector>

#include "runtime/trust/sealed_file.h"

namespace capstan {

struct OwnershipProblem {
  // Anybody on this host could; otherwise a user or a group whom the operator may know.
  bool anybody = false;
  std::string message;  // what is wrong and what to do
};

// A folder that anybody may write is safe where it is sticky (/tmp): only the owner of a file
// there can move it. A group that is only its user's own, as distributions make them, counts as the
// user.
std::vector<OwnershipProblem> check_ownership(const SealedFile& file, uid_t user = ::geteuid());

// The same for what is at the path now, a file or a folder. Nothing where there is nothing.
std::vector<OwnershipProblem> check_ownership_at(const std::string& path, uid_t user = ::geteuid());

// The same for a folder and everything in it.
std::vector<OwnershipProblem> check_ownership_below(const std::string& folder,
                                                    uid_t user = ::geteuid());

}  // namespace capstan
