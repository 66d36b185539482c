// Cells of tables that no JSONPath gives: what kubectl shows of the builtin kinds.
//
// Thread safety: pure functions.
#pragma once

#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/json.h"

namespace capstan {

// `name` is PrinterColumn::compute; null where it is not known.
Json computed_cell(std::string_view name, const Json& object, Instant now);

}  // namespace capstan
