// How a template's text becomes a file's: words in @, and lines put above a marker.
//
// Thread safety: pure functions.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/scaffold/names.h"

namespace capstan::scaffold {

// The text with each @WORD@ that is known replaced; others, as @VERSION@, stay.
std::string filled_in(std::string_view text, const Words& words);

// The text with the lines of `more` above the line that ends in `marker`. Lines that the text has
// already are left out, so that doing it twice is doing it once.
// Errors: kNotFound where no line ends in the marker.
Result<std::string> put_above(const std::string& text, const std::string& marker,
                              const std::string& more);

}  // namespace capstan::scaffold
