// The plugin: one object a kind, and the cloud that they share. Lines with `capstan:` are where
// `capstan plugin add kind` puts more.
#pragma once

#include <capstan/plugin.h>

#include <string>

#include "fake_cloud.h"
// capstan:includes

namespace @PACKAGE@ {

using capstan::sdk::Call;
using capstan::sdk::Host;
using capstan::sdk::Reply;
using capstan::sdk::Request;

class @PREFIX@Plugin {
 public:
  // The host's services may be used from activate on.
  explicit @PREFIX@Plugin(Host& host)
      : host_(host) {}

  Status activate(const Json& settings) {
    const Json* folder = capstan::sdk::find_at(settings, "folder");
    if (folder != nullptr && !folder->is_string()) {
      return Error::invalid("settings.folder is no text", "/folder");
    }
    CAPSTAN_TRY(cloud_.open(string_at(settings, "folder", kFolder)));
    host_.log().info("the fake cloud is open", {{"folder", cloud_.folder()}});
    return {};
  }

  Status reconcile(const Request& request, Reply& reply, const Call& call) {
    const std::string kind = request.kind();
    // capstan:reconcile
    return Error::make(capstan::sdk::Code::kUnimplemented, "there is no handler for kind " + kind);
  }

 private:
  static constexpr const char* kFolder = "/var/tmp/@NAME@-cloud";

  Host& host_;
  FakeCloud cloud_;
  // capstan:members
};

}  // namespace @PACKAGE@
