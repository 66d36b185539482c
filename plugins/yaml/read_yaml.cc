#include "plugins/yaml/read_yaml.h"

#include <capstan/text.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>

namespace capstan::yaml {
namespace {

using sdk::Error;

// Aliases let a short text name a huge tree, or a long text many times.
constexpr int kMaxNodes = 200'000;
constexpr size_t kMaxBytes = 16 << 20;
constexpr int kMaxDepth = 64;

template <typename Number>
bool read_number(const std::string& text, Number& out) {
  const char* begin = text.data() + (text.starts_with('+') ? 1 : 0);
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, out);
  return parsed.ec == std::errc() && parsed.ptr == end;
}

bool leading_zero(const std::string& text) {
  return text.size() > 1 && text[0] == '0' && text[1] != '.';
}

Json plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  const bool digits = text.find_first_not_of("+-.0123456789eE") == std::string::npos &&
                      text.find_first_of("0123456789") != std::string::npos;
  if (!digits || leading_zero(text)) return text;
  int64_t integer = 0;
  if (read_number(text, integer)) return integer;
  double real = 0;
  if (read_number(text, real) && std::isfinite(real)) return real;
  return text;
}

class Converter {
 public:
  Json convert(const YAML::Node& node, int depth = 0) {
    if (++nodes_ > kMaxNodes || depth > kMaxDepth) {
      throw YAML::Exception(node.Mark(), "the document is too large or too deep");
    }
    switch (node.Type()) {
      case YAML::NodeType::Scalar:
        count(node);
        return scalar(node);
      case YAML::NodeType::Sequence: {
        Json out = Json::array();
        for (const auto& item : node) out.push_back(convert(item, depth + 1));
        return out;
      }
      case YAML::NodeType::Map: {
        Json out = Json::object();
        for (const auto& member : node) {
          count(member.first);
          out[member.first.as<std::string>()] = convert(member.second, depth + 1);
        }
        return out;
      }
      default:
        return {};
    }
  }

 private:
  void count(const YAML::Node& node) {
    bytes_ += node.IsScalar() ? node.Scalar().size() : 0;
    if (bytes_ > kMaxBytes) throw YAML::Exception(node.Mark(), "the document's texts are too long");
  }
  static Json scalar(const YAML::Node& node) {
    const std::string& tag = node.Tag();
    if (tag == "tag:yaml.org,2002:binary") return sdk::base64_decode(node.Scalar());
    // "!" marks a scalar in quotes.
    return tag == "?" || tag.empty() ? plain_scalar(node.Scalar()) : Json(node.Scalar());
  }

  int nodes_ = 0;
  size_t bytes_ = 0;
};

}  // namespace

Expected<std::vector<Json>> parse_yaml(std::string_view text) {
  try {
    std::vector<Json> out;
    Converter converter;
    for (const YAML::Node& document : YAML::LoadAll(std::string(text))) {
      Json value = converter.convert(document);
      if (!value.is_null()) out.push_back(std::move(value));
    }
    return out;
  } catch (const YAML::Exception& error) {
    return Error::invalid("YAML, line " + std::to_string(error.mark.line + 1) + ": " + error.msg);
  }
}

}  // namespace capstan::yaml
