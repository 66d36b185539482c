#include "runtime/base/plain_json.h"

#include <array>
#include <charconv>

#include "runtime/base/raw_json.h"
#include "runtime/base/simdjson_parser.h"

namespace capstan {
namespace {

namespace dom = simdjson::dom;

bool build(const dom::element& from, Json& to);

bool build_object(const dom::object& from, Json& to) {
  to = Json::object();
  auto& members = to.get_ref<Json::object_t&>();
  for (const auto& [name, value] : from) {
    const size_t before = members.size();
    // Stored texts are sorted, so that the end is the place.
    const auto member = members.emplace_hint(members.end(), std::string(name), nullptr);
    if (members.size() == before || !build(value, member->second)) return false;
  }
  return true;
}

bool build_array(const dom::array& from, Json& to) {
  to = Json::array();
  auto& items = to.get_ref<Json::array_t&>();
  items.reserve(from.size());
  for (const dom::element item : from) {
    if (!build(item, items.emplace_back())) return false;
  }
  return true;
}

// An object on the way to the raw member; the rest of the path leads there.
bool build_around(const dom::element& from, std::span<const std::string_view> path,
                  std::string_view raw, Json& to) {
  if (!from.is_object()) return build(from, to);
  to = Json::object();
  auto& members = to.get_ref<Json::object_t&>();
  for (const auto& [name, value] : dom::object(from)) {
    const size_t before = members.size();
    const auto member = members.emplace_hint(members.end(), std::string(name), nullptr);
    if (members.size() == before) return false;
    if (name != path.front()) {
      if (!build(value, member->second)) return false;
    } else if (path.size() == 1) {
      member->second = raw_json(raw);
    } else if (!build_around(value, path.subspan(1), raw, member->second)) {
      return false;
    }
  }
  return true;
}

bool build(const dom::element& from, Json& to) {
  switch (from.type()) {
    case dom::element_type::OBJECT:
      return build_object(dom::object(from), to);
    case dom::element_type::ARRAY:
      return build_array(dom::array(from), to);
    case dom::element_type::STRING:
      to = std::string(std::string_view(from));
      return true;
    case dom::element_type::BOOL:
      to = bool(from);
      return true;
    case dom::element_type::INT64: {
      const int64_t number = int64_t(from);
      // As the general parser has it: unsigned unless negative.
      if (number < 0) {
        to = number;
      } else {
        to = static_cast<uint64_t>(number);
      }
      return true;
    }
    case dom::element_type::UINT64:
      to = uint64_t(from);
      return true;
    case dom::element_type::DOUBLE:
      to = double(from);
      return true;
    case dom::element_type::NULL_VALUE:
      return true;
  }
  return false;
}

// What becomes of a byte in a string's text.
enum class Byte : uint8_t { kPlain, kEscaped, kHigh };

constexpr std::array<Byte, 256> kBytes = [] {
  std::array<Byte, 256> bytes{};
  for (size_t i = 0; i < 256; ++i) bytes[i] = i < 0x20 ? Byte::kEscaped : Byte::kPlain;
  for (size_t i = 0x80; i < 256; ++i) bytes[i] = Byte::kHigh;
  bytes['"'] = bytes['\\'] = Byte::kEscaped;
  return bytes;
}();

void append_escaped(std::string& out, char byte) {
  constexpr const char* kDigits = "0123456789abcdef";
  constexpr std::string_view kShort = "\"\"\\\\\bb\ff\nn\rr\tt";
  for (size_t i = 0; i < kShort.size(); i += 2) {
    if (kShort[i] != byte) continue;
    out.append({'\\', kShort[i + 1]});
    return;
  }
  out.append("\\u00");
  out.append({kDigits[static_cast<uint8_t>(byte) >> 4], kDigits[byte & 15]});
}

void append_object(std::string& out, const Json::object_t& members) {
  char before = '{';
  for (const auto& [name, value] : members) {
    out += std::exchange(before, ',');
    append_json_string(out, name);
    out += ':';
    append_json(out, value);
  }
  if (before == '{') out += '{';
  out += '}';
}

void append_array(std::string& out, const Json::array_t& items) {
  char before = '[';
  for (const Json& item : items) {
    out += std::exchange(before, ',');
    append_json(out, item);
  }
  if (before == '[') out += '[';
  out += ']';
}

template <typename Number>
void append_number(std::string& out, Number number) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end.ptr);
}

template <typename Build>
std::optional<Json> parse_and(std::string_view text, Build build_root) {
  if (text.empty() || may_have_surrogates(text)) return std::nullopt;
  SimdjsonParser parser(text.size());
  if (parser.get() == nullptr) return std::nullopt;
  dom::element root;
  if (parser.get()->parse(text.data(), text.size()).get(root) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  std::optional<Json> tree(std::in_place);
  if (!build_root(root, *tree)) tree.reset();
  return tree;
}

}  // namespace

std::optional<Json> parse_plain_json(std::string_view text) {
  return parse_and(text, [](const dom::element& root, Json& to) { return build(root, to); });
}

std::optional<Json> parse_plain_json(std::string_view text, const RawMember& raw) {
  return parse_and(text, [&](const dom::element& root, Json& to) {
    const std::optional<std::string_view> found = raw.find(text);
    return found.has_value() ? build_around(root, raw.path, *found, to) : build(root, to);
  });
}

void append_json_string(std::string& out, std::string_view text) {
  const size_t start = out.size();
  out += '"';
  size_t written = 0;
  bool checked = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const Byte kind = kBytes[static_cast<uint8_t>(text[i])];
    if (kind == Byte::kPlain || (kind == Byte::kHigh && checked)) continue;
    if (kind == Byte::kHigh) {
      if (!simdjson::validate_utf8(text.data(), text.size())) {
        out.resize(start);
        out += Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
        return;
      }
      checked = true;
      continue;
    }
    out.append(text, written, i - written);
    append_escaped(out, text[i]);
    written = i + 1;
  }
  out.append(text, written).append(1, '"');
}

void append_json(std::string& out, const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return append_object(out, value.get_ref<const Json::object_t&>());
    case Json::value_t::array:
      return append_array(out, value.get_ref<const Json::array_t&>());
    case Json::value_t::string:
      return append_json_string(out, value.get_ref<const std::string&>());
    case Json::value_t::boolean:
      out += value.get<bool>() ? "true" : "false";
      return;
    case Json::value_t::number_integer:
      return append_number(out, value.get<int64_t>());
    case Json::value_t::number_unsigned:
      return append_number(out, value.get<uint64_t>());
    case Json::value_t::null:
      out += "null";
      return;
    case Json::value_t::binary:
      out += raw_text(value);
      return;
    default:
      out += value.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
}

}  // namespace capstan
