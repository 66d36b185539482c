#include "plugins/docker/client/images.h"

#include <map>

namespace capstan::docker {
namespace {

using sdk::Code;
using sdk::string_at;

// The engine's progress: one JSON object a line, in pieces that end anywhere.
class PullProgress {
 public:
  void add(std::string_view piece) {
    pending_ += piece;
    size_t end = 0;
    while ((end = pending_.find('\n')) != std::string::npos) {
      line(std::string_view(pending_).substr(0, end));
      pending_.erase(0, end + 1);
    }
  }
  void finish() { line(pending_); }
  const std::string& error() const { return error_; }
  std::string text() const {
    size_t done = 0;
    for (const auto& [layer, complete] : layers_) done += complete ? 1 : 0;
    return std::to_string(done) + " of " + std::to_string(layers_.size()) + " layers";
  }

 private:
  void line(std::string_view text) {
    const auto parsed = sdk::parse_json(text);
    if (!parsed.ok() || !parsed->is_object()) return;
    const std::string error = string_at(*parsed, "error");
    if (!error.empty()) error_ = error;
    const std::string layer = string_at(*parsed, "id");
    const std::string status = string_at(*parsed, "status");
    if (layer.empty() || status.starts_with("Pulling from")) return;
    layers_[layer] = status == "Pull complete" || status == "Already exists";
  }

  std::string pending_;
  std::string error_;
  std::map<std::string, bool> layers_;
};

Error cannot_pull(const std::string& image, const std::string& why, const std::string& host) {
  return Error::make(Code::kNotFound,
                     "image " + image + " is not on the engine at " + host +
                         " and cannot be pulled: " + why,
                     "Build or load it there, or name another image.")
      .with_reason("ImagePullFailed");
}

}  // namespace

Expected<bool> has_image(Engine& engine, const std::string& image) {
  auto found = engine.call({.path = "/images/" + percent_encoded(image) + "/json"},
                           "looking for image " + image);
  if (found.ok()) return true;
  if (found.code() == Code::kNotFound) return false;
  return std::move(found).error();
}

Status pull_image(Engine& engine, const std::string& image,
                  const std::function<bool(const std::string&)>& progress) {
  // Without a tag the engine would fetch all of them.
  const size_t slash = image.rfind('/');
  const bool tagged = image.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
  PullProgress lines;
  auto answer = engine.stream(
      {.method = "POST",
       .path = "/images/create" + query({{"fromImage", tagged ? image : image + ":latest"}}),
       .timeout = std::chrono::seconds(60)},
      "pulling image " + image, [&](std::string_view piece) {
        lines.add(piece);
        return progress(lines.text());
      });
  lines.finish();
  if (!lines.error().empty()) return cannot_pull(image, lines.error(), engine.host());
  if (answer.ok()) return {};
  Error error = std::move(answer).error();
  if (error.code == Code::kCancelled || error.reason == "EngineUnavailable") return error;
  return cannot_pull(image, error.summary, engine.host());
}

Status save_image(Engine& engine, const std::string& image, const ChunkSink& sink) {
  auto answer = engine.stream(
      {.path = "/images/" + percent_encoded(image) + "/get", .timeout = std::chrono::seconds(120)},
      "saving image " + image, sink);
  if (answer.ok()) return {};
  return std::move(answer).error();
}

}  // namespace capstan::docker
