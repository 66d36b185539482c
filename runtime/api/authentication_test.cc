#include "runtime/api/authentication.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

HttpRequest request(HttpPeer peer, const std::string& authorization = "") {
  HttpRequest request;
  request.peer = std::make_shared<const HttpPeer>(std::move(peer));
  if (!authorization.empty()) request.headers.emplace_back("authorization", authorization);
  return request;
}

TEST(AuthenticationTest, a_certificate_names_user_and_groups) {
  HttpPeer peer;
  peer.has_certificate = true;
  peer.common_name = "admin";
  peer.organizations = {"system:masters"};
  const auto user = Authenticator().authenticate(request(peer));
  ASSERT_TRUE(user.ok());
  EXPECT_EQ(user->name, "admin");
  EXPECT_TRUE(user->is_admin());
}

TEST(AuthenticationTest, a_bad_certificate_is_no_anonymous_request) {
  HttpPeer peer;
  peer.has_certificate = true;
  peer.certificate_error = "certificate has expired";
  const auto user = Authenticator().authenticate(request(peer));
  EXPECT_EQ(user.code(), Code::kUnauthenticated);
  EXPECT_NE(user.error().message.find("expired"), std::string::npos);
}

TEST(AuthenticationTest, tokens_come_from_a_file) {
  const auto authenticator = Authenticator::from_token_file(
      "# comment\n\nsecret,ann,1,\"dev, system:masters\"\nother,bob,2\n");
  ASSERT_TRUE(authenticator.ok()) << authenticator.error().message;
  const auto ann = authenticator->authenticate(request({}, "Bearer secret"));
  ASSERT_TRUE(ann.ok());
  EXPECT_EQ(ann->name, "ann");
  EXPECT_TRUE(ann->is_admin());
  EXPECT_FALSE(authenticator->authenticate(request({}, "Bearer other"))->is_admin());
  EXPECT_FALSE(authenticator->authenticate(request({}, "Bearer wrong")).ok());
  EXPECT_FALSE(authenticator->authenticate(request({}, "Basic secret")).ok());
  EXPECT_TRUE(authenticator->authenticate(request({}))->is_anonymous());
}

TEST(AuthenticationTest, a_bad_token_file_says_which_line) {
  const auto authenticator = Authenticator::from_token_file("good,a,1\nbad\n");
  ASSERT_FALSE(authenticator.ok());
  EXPECT_NE(authenticator.error().message.find("line 2"), std::string::npos);
}

}  // namespace
}  // namespace capstan
