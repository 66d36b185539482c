#include "runtime/object/conversion_step.h"

#include <algorithm>
#include <optional>
#include <span>

#include "runtime/object/conversion_value.h"

namespace capstan {

namespace {

using Path = std::span<const std::string>;

std::string path_text(Path path) {
  std::string text;
  for (const std::string& name : path) text += (text.empty() ? "" : ".") + name;
  return text;
}

// The error with its field seen from further out.
Error below(std::string_view place, Error error) {
  if (error.fields.empty()) error.fields.push_back({"", "FieldValueInvalid", error.message});
  std::string& field = error.fields.front().field;
  field = std::string(place) + (field.empty() || field.starts_with('[') ? "" : ".") + field;
  return error;
}

Result<FieldPath> read_path(const Json& compiled) {
  FieldPath path;
  if (compiled.is_array()) {
    for (const Json& name : compiled) {
      if (name.is_string()) path.push_back(name.get<std::string>());
    }
  }
  if (path.empty()) return Error::invalid("conversion rules: a step without a path");
  return path;
}

std::optional<StepKind> step_kind(std::string_view name) {
  if (name == "move") return StepKind::kMove;
  if (name == "seconds") return StepKind::kSeconds;
  if (name == "reference") return StepKind::kReference;
  if (name == "named") return StepKind::kNamed;
  if (name == "positive") return StepKind::kPositive;
  if (name == "in") return StepKind::kIn;
  return std::nullopt;
}

Result<ConversionStep> create_step(const Json& compiled) {
  if (!compiled.is_object()) return Error::invalid("conversion rules: a step must be an object");
  ConversionStep step;
  const auto kind = step_kind(get_string(compiled, {"do"}));
  if (!kind) {
    return Error::invalid("conversion rules: unknown step `" + get_string(compiled, {"do"}) +
                          "`; the provider may need a newer Capstan");
  }
  step.kind = *kind;
  step.options = compiled;
  step.spoke = TRY(read_path(compiled.value("spoke", Json())));
  step.hub.push_back(TRY(read_path(compiled.value("hub", Json()))));
  if (const Json* also = find(compiled, {"also"}); also != nullptr && also->is_array()) {
    for (const Json& path : *also) step.hub.push_back(TRY(read_path(path)));
  }
  if (const Json* each = find(compiled, {"each"}); each != nullptr) step.each = each->size();
  if (step.kind == StepKind::kIn) {
    const Json* steps = find(compiled, {"steps"});
    if (steps == nullptr) return Error::invalid("conversion rules: `in` without steps");
    step.steps = std::make_unique<ConversionSteps>(TRY(ConversionSteps::create(*steps)));
  }
  return step;
}

// Takes the value at `path` out of `scope`, with the objects around it that become empty.
std::optional<Json> take(Json& scope, Path path) {
  if (!scope.is_object()) return std::nullopt;
  const auto found = scope.find(path.front());
  if (found == scope.end()) return std::nullopt;
  if (path.size() == 1) {
    std::optional<Json> value = std::move(*found);
    scope.erase(found);
    return value;
  }
  std::optional<Json> value = take(*found, path.subspan(1));
  if (value && found->empty()) scope.erase(found);
  return value;
}

void merge(Json& target, Json value) {
  if (!target.is_object() || !value.is_object()) {
    target = std::move(value);
    return;
  }
  for (auto& [name, inner] : value.get_ref<Json::object_t&>()) {
    const auto found = target.find(name);
    if (found == target.end()) {
      target[name] = std::move(inner);
    } else {
      merge(*found, std::move(inner));
    }
  }
}

// Puts `value` at `path`, making objects on the way; what two steps put into one object is merged.
Result<void> put(Json& scope, Path path, Json value) {
  Json* place = &scope;
  for (size_t depth = 0; depth < path.size(); ++depth) {
    if (place->is_null()) *place = Json::object();
    if (!place->is_object()) {
      Error error = Error::invalid("expected an object, found " + describe_value(*place));
      return depth == 0 ? std::move(error) : below(path_text(path.first(depth)), std::move(error));
    }
    place = &(*place)[path[depth]];
  }
  merge(*place, std::move(value));
  return {};
}

Json* reach(Json& scope, Path path) {
  Json* place = &scope;
  for (const std::string& name : path) {
    if (!place->is_object()) return nullptr;
    const auto found = place->find(name);
    if (found == place->end()) return nullptr;
    place = &*found;
  }
  return place;
}

// The steps inside of `value`, or of all its items `each` levels down.
Result<void> apply_inside(Json& value, const ConversionStep& step, size_t each,
                          const StepContext& context) {
  if (value.is_null()) return {};
  if (each == 0) {
    if (value.is_object()) return step.steps->apply(value, context);
    return Error::invalid("expected an object, found " + describe_value(value));
  }
  if (!value.is_structured()) {
    return Error::invalid("expected a list or map, found " + describe_value(value));
  }
  size_t index = 0;
  for (Json& item : value) {
    Result<void> result = apply_inside(item, step, each - 1, context);
    if (!result.ok()) {
      return below("[" + std::to_string(index) + "]", std::move(result).error());
    }
    ++index;
  }
  return {};
}

Result<Json> transform(Json value, const ConversionStep& step, const StepContext& context) {
  switch (step.kind) {
    case StepKind::kSeconds:
      return convert_seconds(value, context.direction);
    case StepKind::kReference:
      return convert_reference(value, step.options, context);
    case StepKind::kNamed:
      return convert_named(std::move(value), step.options, context.direction);
    case StepKind::kIn: {
      TRY(apply_inside(value, step, step.each, context));
      return value;
    }
    case StepKind::kMove:
    case StepKind::kPositive:
      break;
  }
  return value;
}

struct Taken {
  const ConversionStep* step;
  Json value;
};

// What follows from the numbers of the hub's object, before they move. Where there is no number
// nothing is said.
std::vector<Taken> look_at_numbers(Json& scope, const ConversionSteps& steps, Direction direction) {
  std::vector<Taken> all;
  if (direction == Direction::kToHub) return all;
  for (const size_t index : steps.positive) {
    const Json* number = reach(scope, steps.all[index].hub.front());
    if (number == nullptr || !number->is_number_integer()) continue;
    all.push_back({&steps.all[index], Json(*number > 0)});
  }
  return all;
}

std::vector<Taken> take_all(Json& scope, const ConversionSteps& steps, Direction direction) {
  std::vector<Taken> all;
  for (const size_t index : steps.deepest_first[static_cast<size_t>(direction)]) {
    const ConversionStep& step = steps.all[index];
    std::optional<Json> value = take(scope, step.source(direction));
    if (direction == Direction::kFromHub) {
      for (const FieldPath& also : std::span(step.hub).subspan(1)) {
        std::optional<Json> other = take(scope, also);
        if (!value) value = std::move(other);
      }
    }
    if (value) all.push_back({&step, *std::move(value)});
  }
  return all;
}

// Puts a value that was taken where it belongs, in its new form.
Result<void> put_taken(Json& scope, Taken taken, const StepContext& context) {
  const ConversionStep& step = *taken.step;
  const bool was_null = taken.value.is_null();
  Result<Json> value = transform(std::move(taken.value), step, context);
  if (!value.ok()) {
    return below(path_text(step.source(context.direction)), std::move(value).error());
  }
  if (value->is_null() && !was_null) return {};
  if (context.direction == Direction::kFromHub) return put(scope, step.spoke, std::move(*value));
  for (const FieldPath& also : std::span(step.hub).subspan(1)) TRY(put(scope, also, *value));
  return put(scope, step.hub.front(), std::move(*value));
}

}  // namespace

Result<ConversionSteps> ConversionSteps::create(const Json& compiled) {
  ConversionSteps steps;
  if (!compiled.is_array()) return Error::invalid("conversion rules: steps must be a list");
  for (const Json& step : compiled) {
    steps.all.push_back(TRY(create_step(step)));
    const size_t index = steps.all.size() - 1;
    if (steps.all.back().kind == StepKind::kPositive) {
      steps.positive.push_back(index);
    } else if (steps.all.back().in_place()) {
      steps.in_place.push_back(index);
    } else {
      for (auto& order : steps.deepest_first) order.push_back(index);
    }
  }
  for (const Direction direction : {Direction::kToHub, Direction::kFromHub}) {
    std::ranges::stable_sort(
        steps.deepest_first[static_cast<size_t>(direction)], std::ranges::greater(),
        [&](size_t index) { return steps.all[index].source(direction).size(); });
  }
  return steps;
}

Result<void> ConversionSteps::apply(Json& scope, const StepContext& context) const {
  const std::vector<Taken> followed = look_at_numbers(scope, *this, context.direction);
  std::vector<Taken> taken = take_all(scope, *this, context.direction);
  for (const size_t index : in_place) {
    Json* value = reach(scope, all[index].spoke);
    if (value == nullptr) continue;
    Result<void> result = apply_inside(*value, all[index], all[index].each, context);
    if (!result.ok()) return below(path_text(all[index].spoke), std::move(result).error());
  }
  for (Taken& one : taken) TRY(put_taken(scope, std::move(one), context));
  for (const Taken& one : followed) TRY(put(scope, one.step->spoke, one.value));
  return {};
}

}  // namespace capstan
