// What a user may ask about itself: SelfSubjectAccessReview, SelfSubjectRulesReview and
// SelfSubjectReview. They are answered, not stored.
//
// Thread safety: pure functions.
#pragma once

#include <optional>
#include <string>

#include "runtime/api/authentication.h"
#include "runtime/base/json.h"

namespace capstan {

// The review's kind by its path ("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"); "" for
// other paths.
std::string self_review_kind(std::string_view path);

// `review` with its status filled in.
Json answer_self_review(const std::string& kind, Json review, const ApiUser& user);

}  // namespace capstan
