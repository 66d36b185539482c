// The files of a package's folder against its index.
//
// Thread safety: free functions.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/trust/package_index.h"

namespace capstan {

// Every file of the index is there with its digest, and nothing else is. Errors: kDataLoss with the
// file that differs, is missing or does not belong there.
Result<void> check_package_files(const std::string& folder, const PackageIndex& index);

}  // namespace capstan
