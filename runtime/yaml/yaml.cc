#include "runtime/yaml/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <istream>
#include <map>
#include <streambuf>

#include "runtime/yaml/yaml_scalar.h"

namespace capstan {
namespace {

struct YamlFailure {
  std::string message;
};

[[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) {
  throw YamlFailure{"line " + std::to_string(mark.line + 1) + ", column " +
                    std::to_string(mark.column + 1) + ": " + message};
}

// Of its texts and names; every other value has a bounded size.
size_t text_size(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  if (!value.is_structured()) return 0;
  size_t size = 0;
  for (const auto& [name, item] : value.items()) {
    size += text_size(item) + (value.is_object() ? name.size() : 0);
  }
  return size;
}

// Builds JSON from the parser's events, so that limits hold while the text is read.
class JsonBuilder final : public YAML::EventHandler {
 public:
  explicit JsonBuilder(const YamlLimits& limits) : limits_(limits) {}

  std::vector<Json> take() { return std::move(documents_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    // The parser gives empty documents for ever where it cannot go on.
    if (mark.pos == document_start_) fail(mark, "unexpected text");
    document_start_ = mark.pos;
    anchors_.clear();
    root_ = nullptr;
  }
  void OnDocumentEnd() override {
    if (!root_.is_null()) documents_.push_back(std::move(root_));
    root_ = nullptr;
  }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(mark, anchor, nullptr);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) fail(mark, "an alias stands inside what it names");
    count(mark, found->second.nodes);
    repeat(mark, found->second.bytes);
    add(mark, 0, Json(found->second.value));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    count(mark, 1);
    // The parser gives "?" for plain scalars and "!" for quoted ones.
    const bool plain = tag.empty() || tag == "?";
    const bool is_key = !open_.empty() && open_.back().value.is_object() && !open_.back().has_key;
    if (is_key && !(plain && text == "<<")) return take_key(mark, anchor, text);
    if (is_key) {
      open_.back().has_key = open_.back().merging = true;
      return;
    }
    Json value = plain ? plain_scalar(text) : Json(text);
    if (value.is_discarded()) fail(mark, "\"" + text + "\" has no JSON value");
    add(mark, anchor, std::move(value));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, anchor, Json::array());
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, anchor, Json::object());
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Json value;
    YAML::Mark mark;
    YAML::anchor_t anchor = 0;
    size_t nodes_before = 0;
    std::string key;
    bool has_key = false;
    bool merging = false;  // the key is "<<"
    Json merged = Json::object();
  };
  struct Anchored {
    Json value;
    size_t nodes = 1;
    size_t bytes = 0;
  };

  // What an anchor names is kept beside the document.
  void keep(const YAML::Mark& mark, YAML::anchor_t anchor, const Json& value, size_t nodes) {
    const size_t bytes = text_size(value);
    repeat(mark, bytes);
    anchors_[anchor] = {value, nodes, bytes};
  }

  void repeat(const YAML::Mark& mark, size_t bytes) {
    repeated_ += bytes;
    if (repeated_ > limits_.repeated) {
      fail(mark, "anchors and aliases repeat more than " + std::to_string(limits_.repeated) +
                     " bytes of text");
    }
  }

  void count(const YAML::Mark& mark, size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > limits_.nodes) {
      fail(mark, "the text has more than " + std::to_string(limits_.nodes) + " values");
    }
  }

  void take_key(const YAML::Mark& mark, YAML::anchor_t anchor, const std::string& text) {
    Open& map = open_.back();
    if (map.value.contains(text)) fail(mark, "key \"" + text + "\" is already set in this map");
    map.key = text;
    map.has_key = true;
    if (anchor != 0) keep(mark, anchor, text, 1);
  }

  void open(const YAML::Mark& mark, YAML::anchor_t anchor, Json empty) {
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      fail(mark, "nested more than " + std::to_string(limits_.depth) + " levels deep");
    }
    if (!open_.empty() && open_.back().value.is_object() && !open_.back().has_key) {
      fail(mark, "a key must be a scalar");
    }
    Open next;
    next.value = std::move(empty);
    next.mark = mark;
    next.anchor = anchor;
    next.nodes_before = nodes_;
    count(mark, 1);
    open_.push_back(std::move(next));
  }

  void close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.value.is_object()) {
      for (const auto& [key, value] : done.merged.items()) {
        if (!done.value.contains(key)) done.value[key] = value;
      }
    }
    const size_t nodes = nodes_ - done.nodes_before;
    if (done.anchor != 0) keep(done.mark, done.anchor, done.value, nodes);
    add(done.mark, 0, std::move(done.value));
  }

  void add(const YAML::Mark& mark, YAML::anchor_t anchor, Json value) {
    if (anchor != 0) keep(mark, anchor, value, 1);
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    Open& parent = open_.back();
    if (parent.value.is_array()) {
      parent.value.push_back(std::move(value));
      return;
    }
    if (!parent.has_key) return add_key(mark, value);
    parent.has_key = false;
    if (std::exchange(parent.merging, false)) return merge(mark, parent.merged, value);
    parent.value[std::move(parent.key)] = std::move(value);
  }

  // An alias or an empty scalar in the place of a key.
  void add_key(const YAML::Mark& mark, const Json& value) {
    if (!value.is_string()) fail(mark, "a key must be a string");
    take_key(mark, 0, value.get<std::string>());
  }

  static void merge(const YAML::Mark& mark, Json& into, const Json& from) {
    if (from.is_array()) {
      for (const Json& item : from) merge(mark, into, item);
      return;
    }
    if (!from.is_object()) fail(mark, "\"<<\" takes a map or a list of maps");
    for (const auto& [key, value] : from.items()) {
      if (!into.contains(key)) into[key] = value;
    }
  }

  const YamlLimits& limits_;
  std::vector<Json> documents_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Json root_;
  size_t nodes_ = 0;
  size_t repeated_ = 0;
  int document_start_ = -1;
};

// Reads borrowed bytes; std::istringstream would copy them.
class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* start = const_cast<char*>(text.data());  // only ever read
    setg(start, start, start + text.size());
  }
};

}  // namespace

Result<std::vector<Json>> parse_yaml_documents(std::string_view text, const YamlLimits& limits) {
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    JsonBuilder builder(limits);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take();
  } catch (const YamlFailure& failure) {
    return Error::invalid("the YAML is malformed at " + failure.message);
  } catch (const YAML::Exception& error) {
    return Error::invalid("the YAML is malformed at line " + std::to_string(error.mark.line + 1) +
                          ", column " + std::to_string(error.mark.column + 1) + ": " + error.msg);
  } catch (const std::exception& error) {
    return Error::invalid(std::string("the YAML is malformed: ") + error.what());
  }
}

Result<Json> parse_yaml(std::string_view text, const YamlLimits& limits) {
  std::vector<Json> documents = TRY(parse_yaml_documents(text, limits));
  if (documents.empty()) return Json(nullptr);
  if (documents.size() > 1) {
    return Error::invalid("the YAML has " + std::to_string(documents.size()) +
                          " documents where one was expected");
  }
  return std::move(documents.front());
}

}  // namespace capstan
