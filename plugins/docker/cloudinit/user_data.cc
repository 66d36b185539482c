#include "plugins/docker/cloudinit/user_data.h"

#include <capstan/json.h>

#include <set>

#include "plugins/docker/cloudinit/encoding.h"
#include "plugins/docker/cloudinit/jinja.h"
#include "plugins/yaml/read_yaml.h"

namespace capstan::docker {
namespace {

using sdk::bool_at;
using sdk::Error;
using sdk::find_at;
using sdk::Json;
using sdk::string_at;
using yaml::parse_yaml;

// Numbers are commands' arguments and file modes, too.
std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

Expected<NodeFile> read_file(const Json& entry) {
  NodeFile file;
  file.path = string_at(entry, "path");
  if (file.path.empty() || file.path.front() != '/') {
    return Error::invalid("path: expected an absolute path, got \"" + file.path + "\"");
  }
  const Json* content = find_at(entry, "content");
  if (content != nullptr && !content->is_null()) {
    auto decoded = decode_content(text_of(*content), string_at(entry, "encoding"));
    if (!decoded.ok()) return std::move(decoded).error().with_context("content");
    file.content = *std::move(decoded);
  }
  file.owner = string_at(entry, "owner");
  if (const Json* mode = find_at(entry, "permissions")) file.permissions = text_of(*mode);
  if (file.permissions.empty() ||
      file.permissions.find_first_not_of("01234567") != std::string::npos) {
    return Error::invalid("permissions: \"" + file.permissions + "\" is no octal number");
  }
  file.append = bool_at(entry, "append");
  return file;
}

Expected<NodeCommand> read_command(const Json& entry) {
  if (entry.is_string()) return NodeCommand{{}, entry.get<std::string>()};
  if (!entry.is_array() || entry.empty()) {
    return Error::invalid("expected text or a list of texts, got " + entry.dump());
  }
  NodeCommand command;
  for (const Json& argument : entry) {
    if (argument.is_structured()) return Error::invalid("an argument is no text");
    command.arguments.push_back(text_of(argument));
  }
  return command;
}

template <typename Item, typename Read>
sdk::Status read_list(const Json& config, const std::string& name, std::vector<Item>& out,
                      Read read) {
  const Json* list = find_at(config, name);
  if (list == nullptr || list->is_null()) return {};
  if (!list->is_array()) return Error::invalid("user data: " + name + ": expected a list");
  for (size_t i = 0; i < list->size(); ++i) {
    auto item = read((*list)[i]);
    if (!item.ok()) {
      return std::move(item).error().with_context("user data: " + name + "[" + std::to_string(i) +
                                                  "]");
    }
    out.push_back(*std::move(item));
  }
  return {};
}

JinjaVariables variables_of(const InstanceMetadata& instance) {
  JinjaVariables variables;
  for (const char* name : {"ds.meta_data.local_hostname", "ds.meta_data.hostname",
                           "ds.meta_data.instance_id", "ds.meta_data.name", "local_hostname",
                           "hostname", "instance_id", "v1.local_hostname", "v1.instance_id"}) {
    variables[name] = instance.hostname;
  }
  return variables;
}

std::string_view without_blank_start(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

Expected<UserData> parse_user_data(std::string_view text, const InstanceMetadata& instance) {
  std::string rendered(text);
  if (is_jinja_template(text)) {
    rendered = CAPSTAN_TRY(
        render_jinja(text.substr(std::min(text.find('\n'), text.size())), variables_of(instance)));
  }
  if (!without_blank_start(rendered).starts_with("#cloud-config")) {
    return Error::invalid("user data: expected \"#cloud-config\" in its first line, got \"" +
                          std::string(without_blank_start(rendered).substr(0, 40)) + "\"");
  }
  auto documents = parse_yaml(rendered);
  if (!documents.ok()) return std::move(documents).error().with_context("user data");
  UserData out;
  if (documents->empty()) return out;
  const Json& config = documents->front();
  if (!config.is_object()) return Error::invalid("user data: expected sections by name");
  CAPSTAN_TRY(read_list(config, "bootcmd", out.boot_commands, read_command));
  CAPSTAN_TRY(read_list(config, "write_files", out.files, read_file));
  CAPSTAN_TRY(read_list(config, "runcmd", out.commands, read_command));
  static const std::set<std::string> kRead = {"bootcmd", "write_files", "runcmd"};
  for (const auto& [name, section] : config.items()) {
    const bool empty = section.is_null() || (section.is_structured() && section.empty());
    if (!kRead.contains(name) && !empty) out.ignored.push_back(name);
  }
  return out;
}

}  // namespace capstan::docker
