// Feeds a recording to a plugin again and says where it answers otherwise. The host's services are
// answered from the recording, so neither a cloud account nor the objects are needed; what the
// plugin does outside by itself it does again, so replay a plugin against its fake.
//
// Calls are made one after the other in the order in which they began. What is compared: status,
// reply, diagnostics, and which services are asked for what (but for logs, metrics and time).
//
// Thread safety: one replay at a time.
#pragma once

#include <string>
#include <vector>

#include "runtime/plugin/plugin_file.h"

namespace capstan {

struct Recording {
  std::string plugin;  // name
  std::string version;
  std::vector<Json> lines;  // without the first
};

// Errors: kInvalid with the line that is none of a recording's.
Result<Recording> read_recording(const std::string& path);
Result<Recording> parse_recording(const std::string& text);

struct ReplayResult {
  size_t calls = 0;        // that were made
  std::string difference;  // the first, with its call; "" where there is none
};

// Errors: kInvalid where the recording is another plugin's; those of loading.
Result<ReplayResult> replay(const Recording& recording, const PluginFile& file);

}  // namespace capstan
