// What an operator trusts: the section `trust` of the server's config.
//
//   trust:
//     require: digest                 # of files that no directory below says otherwise of
//     publishers:
//     - name: acme
//       key: /etc/capstan/acme.pub    # PEM, a file
//       notAfter: 2027-01-01T00:00:00Z
//     directories:
//     - path: /opt/acme
//       require: signed
//       publishers: [acme]            # of all that are known where absent
//     digests:
//       /opt/other/other.so: sha256:9f86d081884c7d65...
//
// Thread safety: values.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"
#include "runtime/base/result.h"

namespace capstan {

// What must be known of a file before its code runs, weakest first.
enum class TrustLevel { kNone, kDigest, kSigned };

const char* trust_level_name(TrustLevel level);  // "none", "digest", "signed"

struct PublisherConfig {
  std::string name;
  std::string key_file;
  std::optional<Instant> not_after;
};

struct TrustDirectory {
  std::string path;
  TrustLevel require = TrustLevel::kNone;
  std::vector<std::string> publishers;  // empty: any that is known
};

struct TrustConfig {
  TrustLevel require = TrustLevel::kNone;
  std::vector<PublisherConfig> publishers;
  std::vector<TrustDirectory> directories;
  std::map<std::string, std::string> digests;  // path -> hex

  // Errors: kInvalid; the field is named below `at`.
  static Result<TrustConfig> from_json(const Json& json, const std::string& at = "trust");
};

Result<TrustLevel> parse_trust_level(const std::string& name);

}  // namespace capstan
