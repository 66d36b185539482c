#include "plugins/kubeadm/bootstrap/cloud_config.h"

#include "plugins/kubeadm/bootstrap/yaml_text.h"

namespace capstan::kubeadm {
namespace {

using sdk::find_at;
using sdk::string_at;

Json file_entry(const MachineFile& file) {
  Json entry = {{"path", file.path}, {"content", file.content}};
  if (!file.owner.empty()) entry["owner"] = file.owner;
  if (!file.permissions.empty()) entry["permissions"] = file.permissions;
  if (!file.encoding.empty()) entry["encoding"] = file.encoding;
  if (file.append) entry["append"] = true;
  return entry;
}

std::string document_path(Join join) {
  return join == Join::kInit ? "/run/kubeadm/kubeadm.yaml"
                             : "/run/kubeadm/kubeadm-join-config.yaml";
}

Json write_files(const CloudConfigInput& input) {
  Json list = Json::array();
  for (const MachineFile& file : input.certificates) list.push_back(file_entry(file));
  for (const MachineFile& file : input.files) list.push_back(file_entry(file));
  list.push_back(file_entry({document_path(input.join), input.kubeadm_document, "0640"}));
  // Makes the directory that the sentinel goes into.
  list.push_back(file_entry({"/run/cluster-api/placeholder",
                             "This placeholder file is used to create the /run/cluster-api sub "
                             "directory in a way that is compatible with both Linux and Windows\n",
                             "0640"}));
  return list;
}

std::string kubeadm_command(const CloudConfigInput& input) {
  std::string command = input.join == Join::kInit ? "kubeadm init" : "kubeadm join";
  command += " --config " + document_path(input.join);
  if (const Json* verbosity = find_at(input.spec, "verbosity"))
    command += " --v " + verbosity->dump();
  return command + " && echo success > " + kSentinelFile;
}

void append_all(const Json& spec, const char* name, Json& list) {
  const Json* commands = find_at(spec, name);
  if (commands == nullptr || !commands->is_array()) return;
  for (const Json& command : *commands) list.push_back(command);
}

Json user_entry(const Json& user) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"name", "name"},         {"gecos", "gecos"},
      {"groups", "groups"},     {"homeDir", "homedir"},
      {"inactive", "inactive"}, {"lockPassword", "lock_passwd"},
      {"passwd", "passwd"},     {"primaryGroup", "primary_group"},
      {"shell", "shell"},       {"sshAuthorizedKeys", "ssh_authorized_keys"},
      {"sudo", "sudo"}};
  Json entry = Json::object();
  for (const auto& [from, to] : kNames) {
    if (const Json* value = find_at(user, from)) entry[to] = *value;
  }
  return entry;
}

// cloud-init's disk_setup is a map by device.
Json disk_setup(const Json& partitions) {
  Json out = Json::object();
  for (const Json& partition : partitions) {
    Json& entry = out[string_at(partition, "device")];
    entry = {{"layout", sdk::bool_at(partition, "layout")}};
    if (const Json* overwrite = find_at(partition, "overwrite")) entry["overwrite"] = *overwrite;
    if (const Json* table = find_at(partition, "tableType")) entry["table_type"] = *table;
  }
  return out;
}

Json fs_setup(const Json& filesystems) {
  constexpr std::pair<const char*, const char*> kNames[] = {
      {"label", "label"},         {"filesystem", "filesystem"}, {"device", "device"},
      {"partition", "partition"}, {"overwrite", "overwrite"},   {"replaceFS", "replace_fs"},
      {"extraOpts", "extra_opts"}};
  Json out = Json::array();
  for (const Json& filesystem : filesystems) {
    Json entry = Json::object();
    for (const auto& [from, to] : kNames) {
      if (const Json* value = find_at(filesystem, from)) entry[to] = *value;
    }
    out.push_back(entry);
  }
  return out;
}

void section(const char* name, const Json& value, std::string& out) {
  if (value.is_null() || (value.is_structured() && value.empty())) return;
  out += to_yaml({{name, value}});
}

}  // namespace

std::string cloud_config(const CloudConfigInput& input) {
  // Sections in the order of Cluster API's template; cloud-init fills the jinja variables.
  std::string out = "## template: jinja\n#cloud-config\n\n";
  section("write_files", write_files(input), out);
  const Json& spec = input.spec;
  if (const Json* boot = find_at(spec, "bootCommands")) section("bootcmd", *boot, out);
  Json commands = Json::array();
  append_all(spec, "preKubeadmCommands", commands);
  commands.push_back(kubeadm_command(input));
  append_all(spec, "postKubeadmCommands", commands);
  section("runcmd", commands, out);
  if (const Json* ntp = find_at(spec, "ntp")) section("ntp", *ntp, out);
  Json users = Json::array();
  for (const Json& user : input.users) users.push_back(user_entry(user));
  section("users", users, out);
  if (const Json* partitions = find_at(spec, "diskSetup/partitions")) {
    section("disk_setup", disk_setup(*partitions), out);
  }
  if (const Json* filesystems = find_at(spec, "diskSetup/filesystems")) {
    section("fs_setup", fs_setup(*filesystems), out);
  }
  if (const Json* mounts = find_at(spec, "mounts")) section("mounts", *mounts, out);
  return out;
}

}  // namespace capstan::kubeadm
