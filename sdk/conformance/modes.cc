#include "runtime/plugin/native_provider.h"
#include "sdk/conformance/subject.h"

namespace capstan::conformance {
namespace {

Result<std::unique_ptr<Provider>> in_process(const PluginFile& file,
                                             std::unique_ptr<HostTable> host) {
  return std::unique_ptr<Provider>(TRY(NativeProvider::load(file, std::move(host))));
}

}  // namespace

std::vector<Mode> all_modes() {
  return {{"in-process", &in_process}};
}

}  // namespace capstan::conformance
