#include "plugins/docker/machine/preload.h"

#include <cstdio>

#include "plugins/docker/client/containers.h"
#include "plugins/docker/client/images.h"
#include "plugins/docker/client/tar.h"
#include "plugins/docker/cloudinit/script.h"

namespace capstan::docker {
namespace {

using sdk::Done;
using sdk::Expected;
using sdk::Step;

// An image comes without its size, an archive needs it first: so it is copied in parts, of which
// one at a time is in memory.
constexpr size_t kPart = 16u << 20;

class PartWriter {
 public:
  PartWriter(Engine& engine, std::string node, std::string folder)
      : engine_(engine), node_(std::move(node)), folder_(std::move(folder)) {}

  bool add(std::string_view piece) {
    part_ += piece;
    if (part_.size() >= kPart) flush();
    return result_.ok();
  }
  // Of what was written so far.
  const Status& result() const { return result_; }
  Status finish() {
    if (result_.ok() && !part_.empty()) flush();
    if (result_.ok()) write({.name = folder_ + "/complete"});
    return result_;
  }

 private:
  void flush() {
    char name[32];
    std::snprintf(name, sizeof(name), "/part-%06d", number_++);
    write({.name = folder_ + name, .content = std::move(part_), .mode = 0600});
    part_.clear();
  }
  void write(TarEntry file) {
    result_ = write_archive(engine_, node_, kBootstrapParent,
                            tar_archive({{.name = "capstan", .mode = 0755, .folder = true},
                                         {.name = "capstan/preload", .mode = 0700, .folder = true},
                                         {.name = folder_, .mode = 0700, .folder = true},
                                         std::move(file)}));
  }

  Engine& engine_;
  const std::string node_;
  const std::string folder_;
  std::string part_;
  int number_ = 0;
  Status result_;
};

Status copy_image(Engine& engine, const std::string& node, const std::string& image,
                  const std::string& number) {
  PartWriter writer(engine, node, "capstan/preload/" + number);
  auto saved = save_image(engine, image, [&](std::string_view piece) { return writer.add(piece); });
  if (saved.ok()) return writer.finish();
  // What the node refused is the reason why the transfer was ended; where it refused nothing, half
  // of the image may be there.
  return writer.result().ok() ? saved : writer.result();
}

}  // namespace

Step<Done> preload_images(Engine& engine, ImagePuller& puller, const std::string& node,
                          const std::vector<std::string>& images) {
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string number = std::to_string(i);
    const std::string mark = std::string(kPreloadFolder) + "/" + number + "/complete";
    if (CAPSTAN_TRY(read_archive(engine, node, mark))) continue;
    const auto image = puller.ensure(images[i]);
    if (!image.done()) return image;
    CAPSTAN_TRY(copy_image(engine, node, images[i], number));
  }
  return Done{};
}

}  // namespace capstan::docker
