// A program that starts itself anew, as the same process.
//
// Thread safety: execute_again() ends all other threads.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace capstan {

// The path of the running program; "" where the system does not say. At its start: later there may
// be another file.
std::string program_path();

// Executes the program with the arguments of this one and the environment as it is now; what has
// to be closed is to be marked so. Only returns with an error: kUnavailable with the system's word.
Error execute_again(const std::string& program);

}  // namespace capstan
