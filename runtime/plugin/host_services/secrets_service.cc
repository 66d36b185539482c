#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "runtime/base/text.h"
#include "runtime/plugin/host_services/services_tables.h"

namespace capstan {
namespace {

constexpr size_t kMaxSecret = size_t{1} << 20;

Result<std::string> read_secret_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return Error::not_found("cannot read secret file " + path + ": " + std::strerror(errno));
  }
  // One buffer of its final size: growing would leave copies behind.
  std::string text(kMaxSecret, '\0');
  size_t size = 0;
  ssize_t count = 0;
  while (size < text.size() && (count = ::read(fd, text.data() + size, text.size() - size)) > 0) {
    size += static_cast<size_t>(count);
  }
  ::close(fd);
  text.resize(size);
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> HostServices::read_secret(const std::string& reference) {
  if (reference.starts_with("file:")) return read_secret_file(reference.substr(5));
  if (!reference.starts_with("env:")) {
    return Error::invalid("a secret is given as env:NAME or file:PATH, not in the config itself");
  }
  const char* value = std::getenv(reference.c_str() + 4);
  if (value == nullptr) {
    return Error::not_found("environment variable " + reference.substr(4) + " is not set");
  }
  // Never so short that the value would stand in the string itself, which is copied when moved.
  std::string text;
  text.reserve(std::max<size_t>(64, std::strlen(value)));
  text = value;
  return text;
}

void HostServices::know_secrets() {
  for (const auto& [name, reference] : options_.secrets) {
    auto text = reference.empty() ? Error::not_found("") : read_secret(reference);
    if (!text.ok()) continue;
    redactor_.remember(*text);
    wipe(*text);
  }
}

std::string HostServices::secrets_stamp() const {
  std::string all;
  for (const auto& [name, reference] : options_.secrets) {
    auto text = reference.empty() ? Error::not_found("") : read_secret(reference);
    const std::string value = text.ok() ? hex_encode(sha256(*text)) : "none";
    if (text.ok()) wipe(*text);
    all += name + "=" + reference + "=" + value + "\n";
  }
  return hex_encode(sha256(all));
}

namespace services {
namespace {

capstan_status get(void* ctx, capstan_str name, const capstan_sink* value) {
  return guarded(ctx, CAPSTAN_EXT_SECRETS, [&]() -> capstan_status {
    const HostServicesOptions& options = options_of(ctx);
    const auto reference = options.secrets.find(string(name));
    if (reference == options.secrets.end()) {
      spdlog::warn("[{}] asked for secret \"{}\", which its manifest's needs.secrets does not name",
                   options.plugin, view(name));
      return CAPSTAN_PERMISSION_DENIED;
    }
    if (reference->second.empty()) return CAPSTAN_NOT_FOUND;
    auto text = HostServices::read_secret(reference->second);
    if (!text.ok()) {
      spdlog::error("[{}] secret \"{}\": {}", options.plugin, view(name), text.error().message);
      return static_cast<capstan_status>(text.code());
    }
    redactor_of(ctx).remember(*text);
    write(value, *text);
    wipe(*text);
    return CAPSTAN_OK;
  });
}

}  // namespace

const capstan_secrets kSecrets = {sizeof(capstan_secrets), &get};

}  // namespace services
}  // namespace capstan
