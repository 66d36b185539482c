#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>

#include "runtime/object/schema/schema.h"

namespace capstan {
namespace {

// As large and as deep as a Machine in use: about 150 fields with descriptions, 4 KB of values.
Json machine_schema() {
  const Json string = {{"type", "string"}, {"minLength", 1}, {"maxLength", 256}};
  const Json condition = *parse_json(R"({"type": "object",
    "required": ["lastTransitionTime", "message", "reason", "status", "type"], "properties": {
    "lastTransitionTime": {"type": "string", "format": "date-time"},
    "message": {"type": "string", "maxLength": 32768},
    "observedGeneration": {"type": "integer", "format": "int64", "minimum": 0},
    "reason": {"type": "string", "maxLength": 1024, "minLength": 1, "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"},
    "status": {"type": "string", "enum": ["True", "False", "Unknown"]},
    "type": {"type": "string", "maxLength": 316, "pattern": "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"}}})");
  Json spec = Json::object();
  for (int i = 0; i < 30; ++i) spec["field" + std::to_string(i)] = string;
  Json status = {{"conditions",
                  {{"type", "array"},
                   {"maxItems", 32},
                   {"x-kubernetes-list-type", "map"},
                   {"x-kubernetes-list-map-keys", {"type"}},
                   {"items", condition}}}};
  status["phase"] = {
      {"type", "string"}, {"enum", Json::array({"Pending", "Running"})}, {"default", "Pending"}};
  return {{"type", "object"},
          {"properties",
           {{"metadata", {{"type", "object"}}},
            {"spec", {{"type", "object"}, {"required", {"field0"}}, {"properties", spec}}},
            {"status", {{"type", "object"}, {"properties", status}}}}}};
}

Json machine() {
  Json object = {{"apiVersion", "g/v1"}, {"kind", "Machine"}};
  object["metadata"] = {{"name", "worker-1"}, {"namespace", "default"}, {"labels", {{"a", "b"}}}};
  for (int i = 0; i < 30; i += 2)
    object["spec"]["field" + std::to_string(i)] = "a value of some length";
  for (int i = 0; i < 14; ++i) {
    object["status"]["conditions"].push_back({{"type", "Condition" + std::to_string(i)},
                                              {"status", "True"},
                                              {"reason", "AllIsWell"},
                                              {"message", std::string(60, 'm')},
                                              {"observedGeneration", 3},
                                              {"lastTransitionTime", "2026-01-02T03:04:05Z"}});
  }
  object["status"]["phase"] = "Running";
  return object;
}

SchemaPtr compiled() {
  Result<SchemaPtr> schema = Schema::compile(machine_schema());
  if (schema.ok()) return *schema;
  std::fprintf(stderr, "%s\n", schema.error().message.c_str());
  std::abort();
}

void prune_default_and_validate(benchmark::State& state) {
  const SchemaPtr schema = compiled();
  Json object = machine();
  for (auto _ : state) {
    benchmark::DoNotOptimize(schema->prune(object));
    schema->apply_defaults(object);
    benchmark::DoNotOptimize(schema->validate(object));
  }
  state.counters["bytes"] = static_cast<double>(dump_json(object).size());
}
BENCHMARK(prune_default_and_validate);

void validate_against_an_old_object(benchmark::State& state) {
  const SchemaPtr schema = compiled();
  const Json old = machine();
  Json object = old;
  object["spec"]["field0"] = "another";
  for (auto _ : state) benchmark::DoNotOptimize(schema->validate(object, &old));
}
BENCHMARK(validate_against_an_old_object);

void compile(benchmark::State& state) {
  const Json document = machine_schema();
  for (auto _ : state) benchmark::DoNotOptimize(Schema::compile(document));
}
BENCHMARK(compile);

}  // namespace
}  // namespace capstan
