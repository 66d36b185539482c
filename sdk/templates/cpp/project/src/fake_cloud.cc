#include "fake_cloud.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>

namespace @PACKAGE@ {

namespace fs = std::filesystem;
using capstan::sdk::Code;

namespace {

// The same for the same name in every process.
std::string address_of(const std::string& id) {
  uint32_t hash = 2166136261;
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
  return "10." + std::to_string(hash >> 16 & 255) + "." + std::to_string(hash >> 8 & 255) + "." +
         std::to_string(1 + hash % 254);
}

Thing thing_of(const fs::path& path, const Json& record) {
  const std::string id = path.stem().string();
  return {id, address_of(id), capstan::sdk::bool_at(record, "ready"),
          record.value("properties", Json::object())};
}

// Nothing where there is no such file.
std::optional<std::string> read(const fs::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A tag becomes a file's name, whatever it is.
std::string file_name(const std::string& tag) {
  std::string name;
  for (const char c : tag) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    name += plain ? c : '_';
  }
  return name.substr(0, 100);
}

}  // namespace

Status FakeCloud::open(const std::string& folder) {
  if (!fs::path(folder).is_absolute()) {
    return Error::invalid("settings.folder \"" + folder + "\" is no absolute path", "/folder");
  }
  folder_ = folder;
  return {};
}

fs::path FakeCloud::path_of(const std::string& type, const std::string& tag) const {
  return folder_ / (type + "-" + file_name(tag) + ".json");
}

// A crash leaves the old record or the new one.
Status FakeCloud::write(const fs::path& path, const Json& record) const {
  static std::atomic<int> count{0};
  std::error_code error;
  fs::create_directories(folder_, error);
  const fs::path draft =
      folder_ / (".draft-" + std::to_string(getpid()) + "-" + std::to_string(++count));
  std::ofstream(draft) << capstan::sdk::dump_json(record) << "\n";
  fs::rename(draft, path, error);
  if (error) return Error::unavailable("cannot write " + path.string() + ": " + error.message());
  return {};
}

Expected<std::optional<Thing>> FakeCloud::find(const std::string& type, const std::string& tag) {
  const fs::path path = path_of(type, tag);
  const auto text = read(path);
  if (!text) return std::optional<Thing>();
  Json record = CAPSTAN_TRY(capstan::sdk::parse_json(*text));
  const Thing seen = thing_of(path, record);
  if (!seen.ready) {  // the cloud goes on building meanwhile
    record["ready"] = true;
    CAPSTAN_TRY(write(path, record));
  }
  return std::optional(seen);
}

Expected<Thing> FakeCloud::create(const std::string& type, const std::string& tag,
                                  const Json& properties) {
  const auto there = CAPSTAN_TRY(find(type, tag));
  if (there) return *there;
  const fs::path path = path_of(type, tag);
  const Json record = {{"type", type}, {"ready", false}, {"properties", properties}};
  CAPSTAN_TRY(write(path, record));
  return thing_of(path, record);
}

Status FakeCloud::update(const std::string& type, const std::string& tag, const Json& properties) {
  const fs::path path = path_of(type, tag);
  const auto text = read(path);
  if (!text) return Error::not_found("there is no " + path.stem().string());
  Json record = CAPSTAN_TRY(capstan::sdk::parse_json(*text));
  record["properties"] = properties;
  return write(path, record);
}

Status FakeCloud::remove(const std::string& type, const std::string& tag) {
  std::error_code error;
  fs::remove(path_of(type, tag), error);
  if (error) return Error::unavailable("cannot remove from the cloud: " + error.message());
  return {};
}

}  // namespace @PACKAGE@
