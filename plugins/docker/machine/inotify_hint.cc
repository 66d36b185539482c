#include "plugins/docker/machine/inotify_hint.h"

#include <fstream>

namespace capstan::docker {
namespace {

constexpr long kNodesHaveEnough = 512;

}  // namespace

std::string inotify_hint(const std::string& limit_file) {
  std::ifstream file(limit_file);
  long limit = 0;
  if (!(file >> limit) || limit >= kNodesHaveEnough) return "";
  return "its init may have found no inotify instance left, of which a user has " +
         std::to_string(limit) +
         " here and a node takes some 13: sysctl -w fs.inotify.max_user_instances=1024";
}

}  // namespace capstan::docker
