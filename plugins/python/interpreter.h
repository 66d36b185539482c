// The Python interpreter of this process: made at first use, never ended (modules written in C do
// not survive a second one), isolated from the environment and from the user's and the system's
// packages. What plugins import is the standard library, the SDK, their folder and their venv.
//
// Thread safety: start_interpreter from any thread; it returns with the interpreter's lock free.
#pragma once

#include <capstan/status.h>

namespace capstan::python {

// Errors: kFailedPrecondition where the Python library that is loaded is not the one that this was
// built for, or the SDK's Python package is not found; kInternal with Python's own words.
sdk::Status start_interpreter();

}  // namespace capstan::python
