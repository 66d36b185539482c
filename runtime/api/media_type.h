// What form of answer a client accepts, and in what form it sends.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace capstan {

enum class AnswerForm {
  kObject,       // as it is
  kTable,        // meta.k8s.io Table
  kPartial,      // PartialObjectMetadata
  kPartialList,  // PartialObjectMetadataList
};

struct AcceptedForm {
  AnswerForm form = AnswerForm::kObject;
  std::string version = "v1";  // of meta.k8s.io
  bool yaml = false;
};

// The first that can be given. An empty header takes anything.
// Errors: kUnimplemented where there is none (406).
Result<AcceptedForm> negotiate_object(std::string_view accept);

enum class DiscoveryForm { kLegacy, kAggregatedV2, kAggregatedV2Beta1 };
DiscoveryForm negotiate_discovery(std::string_view accept);

// "application/json; charset=utf-8" -> "application/json".
std::string media_type(std::string_view content_type);

}  // namespace capstan
