// How cloud-init's write_files encodes contents.
//
// Thread safety: functions of values.
#pragma once

#include <capstan/status.h>

#include <string>
#include <string_view>

namespace capstan::docker {

// `encoding`: "", text/plain, b64, base64, gz, gzip, and gz or gzip with +b64 or +base64.
// Errors: kInvalid for other names, damaged data, and what unpacks to more than 64 MiB.
sdk::Expected<std::string> decode_content(std::string_view content, std::string_view encoding);

}  // namespace capstan::docker
