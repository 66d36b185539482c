// Who a request comes from: a client certificate (CN is the user, O the groups) or a bearer token
// from a static file. Members of system:masters may do everything; others may look at discovery and
// ask about themselves.
//
// Thread safety: immutable.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "runtime/api/http.h"
#include "runtime/base/result.h"

namespace capstan {

struct ApiUser {
  std::string name;
  std::vector<std::string> groups;

  bool in_group(std::string_view group) const;
  bool is_admin() const { return in_group("system:masters"); }
  bool is_anonymous() const { return name == "system:anonymous"; }
};

class Authenticator {
 public:
  Authenticator() = default;  // no tokens

  // Lines `token,user,uid,"group1,group2"`, as kube-apiserver's --token-auth-file has them; empty
  // lines and lines that start with # are skipped. Errors: kInvalid with the line's number.
  static Result<Authenticator> from_token_file(std::string_view content);

  // Anonymous where neither certificate nor token was sent.
  // Errors: kUnauthenticated where what was sent is not known.
  Result<ApiUser> authenticate(const HttpRequest& request) const;

 private:
  std::map<std::string, ApiUser, std::less<>> tokens_;
};

}  // namespace capstan
