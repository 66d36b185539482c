// A program that starts itself anew, as the same process.
//
// Thread safety: execute_again() ends all other threads.
#pragma once

#include <string>

#include "runtime/base/result.h"

namespace capstan {

// The path of the running program's file, links resolved: what is installed with it is beside it.
// "" where the system does not say.
std::string program_path();

// The path by which to execute it again: as it was called, where that names it, since a link may
// lead to another version by then; else program_path(). At its start: later there may be another
// file.
std::string path_to_execute_again();

// Errors: kFailedPrecondition where it is no file that may be executed.
Result<void> check_executable(const std::string& program);

// From now on only what is marked otherwise afterwards stays open for the next program.
void close_all_on_exec();

// Executes the program with the arguments of this one and the environment as it is now; what has
// to be closed is to be marked so. Only returns with an error: kUnavailable with the system's word.
Error execute_again(const std::string& program);

}  // namespace capstan
