#include "runtime/isolation/host_program.h"

#include <filesystem>

#include "runtime/system/execute_again.h"

namespace capstan::isolation {

Result<std::string> plugin_host_program() {
  namespace fs = std::filesystem;
  constexpr const char* kName = "capstan-plugin-host";
  std::error_code failure;
  const fs::path folder = fs::path(program_path()).parent_path();
  const fs::path places[] = {folder / kName, folder.parent_path() / "libexec" / "capstan" / kName};
  for (const fs::path& place : places) {
    if (fs::exists(place, failure)) return place.string();
  }
  return Error::not_found("plugins in a process of their own need " + places[0].string() + " or " +
                          places[1].string() + "; install it, or set isolation: in-process");
}

}  // namespace capstan::isolation
