// A program that starts itself anew, as the same process.
//
// Thread safety: execute_again() ends all other threads.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace capstan {

// The path of the running program; "" where the system does not say. As it was called, where that
// names it: a link that leads to another version later then does so. At its start: later there may
// be another file.
std::string program_path();

// Errors: kFailedPrecondition where it is no file that may be executed.
Result<void> check_executable(const std::string& program);

// From now on only what is marked otherwise afterwards stays open for the next program.
void close_all_on_exec();

// Executes the program with the arguments of this one and the environment as it is now; what has
// to be closed is to be marked so. Only returns with an error: kUnavailable with the system's word.
Error execute_again(const std::string& program);

}  // namespace capstan
