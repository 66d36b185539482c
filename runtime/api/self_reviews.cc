#include "runtime/api/self_reviews.h"

namespace capstan {
namespace {

Json access_status(const Json& review, const ApiUser& user) {
  if (user.is_admin()) return {{"allowed", true}};
  const std::string group = get_string(review, {"spec", "resourceAttributes", "group"});
  const bool about_itself = group == "authorization.k8s.io" || group == "authentication.k8s.io";
  return {{"allowed", about_itself},
          {"reason", about_itself ? "" : "only members of system:masters may use this server"}};
}

Json rules_status(const ApiUser& user) {
  Json status = {
      {"incomplete", false}, {"resourceRules", Json::array()}, {"nonResourceRules", Json::array()}};
  if (user.is_admin()) {
    status["resourceRules"].push_back(
        {{"verbs", {"*"}}, {"apiGroups", {"*"}}, {"resources", {"*"}}});
    status["nonResourceRules"].push_back({{"verbs", {"*"}}, {"nonResourceURLs", {"*"}}});
  } else {
    status["nonResourceRules"].push_back(
        {{"verbs", {"get"}}, {"nonResourceURLs", {"/api", "/apis", "/openapi/*", "/version"}}});
  }
  return status;
}

}  // namespace

std::string self_review_kind(std::string_view path) {
  if (path == "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews") {
    return "SelfSubjectAccessReview";
  }
  if (path == "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews") {
    return "SelfSubjectRulesReview";
  }
  if (path == "/apis/authentication.k8s.io/v1/selfsubjectreviews") return "SelfSubjectReview";
  return "";
}

Json answer_self_review(const std::string& kind, Json review, const ApiUser& user) {
  if (!review.is_object()) review = Json::object();
  review["kind"] = kind;
  review["apiVersion"] =
      kind == "SelfSubjectReview" ? "authentication.k8s.io/v1" : "authorization.k8s.io/v1";
  if (!review.contains("metadata")) review["metadata"] = {{"creationTimestamp", nullptr}};
  if (kind == "SelfSubjectAccessReview") review["status"] = access_status(review, user);
  if (kind == "SelfSubjectRulesReview") review["status"] = rules_status(user);
  if (kind == "SelfSubjectReview") {
    review["status"] = {{"userInfo", {{"username", user.name}, {"groups", user.groups}}}};
  }
  return review;
}

}  // namespace capstan
