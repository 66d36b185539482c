#include "runtime/api/authentication.h"

#include "runtime/base/text.h"

namespace capstan {
namespace {

Error unauthenticated(const std::string& message) {
  return {Code::kUnauthenticated, message, {}, {}};
}

// Fields of one line; a quoted field may have commas.
std::vector<std::string> csv_fields(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  for (std::string& field : fields) field = std::string(trim(field));
  return fields;
}

}  // namespace

bool ApiUser::in_group(std::string_view group) const {
  for (const std::string& name : groups) {
    if (name == group) return true;
  }
  return false;
}

Result<Authenticator> Authenticator::from_token_file(std::string_view content) {
  Authenticator authenticator;
  int number = 0;
  for (const std::string& line : split(content, '\n')) {
    ++number;
    const std::string_view text = trim(line);
    if (text.empty() || text[0] == '#') continue;
    const std::vector<std::string> fields = csv_fields(text);
    if (fields.size() < 3 || fields[0].empty() || fields[1].empty()) {
      return Error::invalid("line " + std::to_string(number) +
                            " of the token file must be: token,user,uid[,\"group1,group2\"]");
    }
    ApiUser user{fields[1], {}};
    if (fields.size() > 3) {
      for (const std::string& group : split(fields[3], ',')) {
        if (!trim(group).empty()) user.groups.emplace_back(trim(group));
      }
    }
    user.groups.emplace_back("system:authenticated");
    authenticator.tokens_[fields[0]] = std::move(user);
  }
  return authenticator;
}

Result<ApiUser> Authenticator::authenticate(const HttpRequest& request) const {
  const HttpPeer& peer = *request.peer;
  if (peer.has_certificate) {
    if (!peer.certificate_error.empty()) {
      return unauthenticated("the client certificate is not accepted: " + peer.certificate_error);
    }
    if (!peer.common_name.empty()) {
      ApiUser user{peer.common_name, peer.organizations};
      user.groups.emplace_back("system:authenticated");
      return user;
    }
  }
  const std::string_view header = request.header("authorization");
  if (header.empty()) return ApiUser{"system:anonymous", {"system:unauthenticated"}};
  if (to_lower(header.substr(0, 7)) != "bearer ") {
    return unauthenticated("only bearer tokens and client certificates are accepted");
  }
  const auto found = tokens_.find(trim(header.substr(7)));
  if (found == tokens_.end()) return unauthenticated("the bearer token is not known");
  return found->second;
}

}  // namespace capstan
