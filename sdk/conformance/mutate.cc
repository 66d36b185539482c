#include "sdk/conformance/mutate.h"

#include <vector>

#include "runtime/base/json.h"

namespace capstan::conformance {
namespace {

void collect(Json& value, std::vector<Json*>& out) {
  out.push_back(&value);
  if (!value.is_structured()) return;
  for (Json& item : value) collect(item, out);
}

Json other_value(Random& random) {
  switch (random.next() % 8) {
    case 0:
      return Json();
    case 1:
      return Json(static_cast<int64_t>(random.next()));
    case 2:
      return Json(std::string(random.next() % 5000, 'x'));
    case 3:
      return Json::array({1, "two", Json::object()});
    case 4:
      return Json::object();
    case 5:
      return Json("2026-13-45T99:99:99Z");
    case 6:
      return Json(1e308);
    default:
      return Json(random.next() % 2 == 0);
  }
}

void change_member(Json& value, Random& random) {
  if (value.is_object() && !value.empty()) {
    auto member = value.begin();
    std::advance(member, static_cast<int64_t>(random.next() % value.size()));
    if (random.next() % 2 == 0) {
      value.erase(member);
    } else {
      *member = other_value(random);
    }
  } else {
    value = other_value(random);
  }
}

}  // namespace

std::string mutated(std::string_view json_text, Random& random) {
  const auto parsed = parse_json(json_text);
  std::string text(json_text);
  if (parsed.ok() && random.next() % 4 != 0) {
    Json json = *parsed;
    for (uint64_t i = 0, times = 1 + random.next() % 3; i < times; ++i) {
      std::vector<Json*> values;
      collect(json, values);
      change_member(*values[random.next() % values.size()], random);
    }
    text = dump_json(json);
  }
  if (random.next() % 4 == 0 && !text.empty()) {
    for (uint64_t i = 0, times = 1 + random.next() % 4; i < times; ++i) {
      text[random.next() % text.size()] = static_cast<char>(random.next());
    }
  }
  if (random.next() % 16 == 0) text.resize(random.next() % (text.size() + 1));
  return text;
}

}  // namespace capstan::conformance
