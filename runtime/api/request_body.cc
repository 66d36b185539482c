#include "runtime/api/request_body.h"

#include <set>

#include "runtime/api/media_type.h"
#include "runtime/api/protobuf_objects.h"
#include "runtime/object/object_tree.h"
#include "runtime/yaml/yaml.h"

namespace capstan {
namespace {

constexpr int kMaxDepth = 100;

// Follows the parser through the document to know the path of a doubled member.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(std::vector<std::string>& found) : found_(found) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth > kMaxDepth) return false;
    switch (event) {
      case Event::object_start:
      case Event::array_start:
        count_item();
        open_.push_back({event == Event::array_start, -1, {}, {}});
        break;
      case Event::object_end:
      case Event::array_end:
        open_.pop_back();
        break;
      case Event::key:
        take_key(parsed.get_ref<const std::string&>());
        break;
      case Event::value:
        count_item();
        break;
    }
    return true;
  }

 private:
  struct Level {
    bool array;
    int index;
    std::string key;
    std::set<std::string> keys;
  };

  void count_item() {
    if (!open_.empty() && open_.back().array) ++open_.back().index;
  }

  void take_key(const std::string& key) {
    open_.back().key = key;
    if (!open_.back().keys.insert(key).second) found_.push_back(path());
  }

  std::string path() const {
    std::string path;
    for (const Level& level : open_) {
      if (level.array) {
        path += "[" + std::to_string(level.index) + "]";
      } else {
        path += (path.empty() ? "" : ".") + level.key;
      }
    }
    return path;
  }

  std::vector<std::string>& found_;
  std::vector<Level> open_;
};

std::string plain_message(const std::exception& error) {
  const std::string_view text = error.what();
  const size_t start = text.find("parse error ");
  return std::string(start == std::string_view::npos ? text : text.substr(start + 12));
}

bool is_blank(std::string_view body) {
  return body.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

}  // namespace

Result<DecodedBody> decode_json_body(std::string_view body) {
  DecodedBody decoded;
  if (is_blank(body)) return decoded;
  // It takes no member that is given twice.
  if (std::optional<Json> plain = parse_plain_object(body)) {
    decoded.value = *std::move(plain);
    return decoded;
  }
  DuplicateFinder finder(decoded.duplicates);
  bool too_deep = false;
  try {
    decoded.value = Json::parse(body, [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (too_deep || !finder(depth, event, parsed)) too_deep = true;
      return !too_deep;
    });
  } catch (const std::exception& error) {
    return Error::invalid("the body of the request is malformed JSON " + plain_message(error));
  }
  if (too_deep) return Error::invalid("the body of the request is nested too deeply");
  return decoded;
}

Result<DecodedBody> decode_body(std::string_view content_type, std::string_view body) {
  const std::string type = media_type(content_type);
  if (type == "application/vnd.kubernetes.protobuf") {
    if (body.empty()) return DecodedBody{};
    return DecodedBody{TRY(decode_protobuf_object(body)), {}};
  }
  if (type == "application/yaml" || type == "application/x-yaml" ||
      type == "application/apply-patch+yaml") {
    // JSON is YAML; reading it as such also finds what is doubled.
    const size_t start = body.find_first_not_of(" \t\r\n");
    if (start != std::string_view::npos && body[start] == '{') return decode_json_body(body);
    return DecodedBody{TRY(parse_yaml(body)), {}};
  }
  if (type.empty() || type == "application/json" || type == "application/merge-patch+json" ||
      type == "application/json-patch+json" || type == "application/strategic-merge-patch+json") {
    return decode_json_body(body);
  }
  return Error{Code::kUnimplemented,
               "the body of the request was in an unknown format - accepted media types include: "
               "application/json, application/yaml, application/vnd.kubernetes.protobuf",
               {},
               {}};
}

}  // namespace capstan
