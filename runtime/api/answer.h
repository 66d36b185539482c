// The last touches of an answer: content type, YAML, warnings, compression.
//
// Thread safety: pure functions.
#pragma once

#include <string>

#include "runtime/api/http.h"

namespace capstan {

// Sets the content type of a JSON body, which becomes YAML where that was asked for.
void set_content(HttpResponse& response, bool yaml);

// Warning: 299 - "text", which kubectl prints.
void add_warning(HttpResponse& response, std::string_view text);

// Compressed where the client takes gzip and the body is more than 128 KiB.
HttpResponse compressed(HttpResponse response, const HttpRequest& request);

}  // namespace capstan
