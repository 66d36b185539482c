// Why the init of a node ends at once and without a word: it finds no inotify instance left. All
// nodes of an engine are one user's, and each takes some 13 (inotify(7), max_user_instances).
//
// Thread safety: a pure function of the file.
#pragma once

#include <string>

namespace capstan::docker {

// "" where this machine's limit is no reason, or is not known. The engine is taken to be here.
std::string inotify_hint(const std::string& limit_file = "/proc/sys/fs/inotify/max_user_instances");

}  // namespace capstan::docker
