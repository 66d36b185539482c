// Every service's call becomes a value and comes back as one, the same through two layers.
#include "runtime/plugin/host_calls/host_call_tables.h"

#include <gtest/gtest.h>

#include "runtime/plugin/host_calls/table_caller.h"
#include "sdk/include/capstan/ext/services.h"

namespace capstan {
namespace {

// Keeps what it was asked and answers as it was told.
class Scripted final : public HostCallHandler {
 public:
  bool offers(std::string_view service) override { return service != absent; }
  HostAnswer call(const HostCall& call) override {
    if (throws) throw std::runtime_error("broken");
    seen.push_back(call);
    return answer;
  }
  std::vector<HostCall> seen;
  HostAnswer answer;
  std::string absent;
  bool throws = false;
};

class HostCallTablesTest : public testing::Test {
 protected:
  // What the call looks like after a caller, tables and a second handler.
  HostCall round_trip(const HostCall& call) {
    TableCaller caller(std::make_unique<HostCallTables>(scripted));
    last = caller.call(call);
    return scripted->seen.empty() ? HostCall{} : scripted->seen.back();
  }
  std::shared_ptr<Scripted> scripted = std::make_shared<Scripted>();
  HostAnswer last;
};

TEST_F(HostCallTablesTest, each_function_of_each_service_arrives_with_its_arguments) {
  const std::vector<HostCall> calls = {
      {CAPSTAN_EXT_LOG, "write", {{"level", 3}, {"message", "m"}, {"fields", "{}"}}},
      {CAPSTAN_EXT_CLOCK, "unix_nanos", Json::object()},
      {CAPSTAN_EXT_CLOCK, "monotonic_nanos", Json::object()},
      {CAPSTAN_EXT_METRICS, "define", {{"type", 1}, {"name", "n"}, {"help", "h"}, {"labels", ""}}},
      {CAPSTAN_EXT_METRICS, "record", {{"handle", 7}, {"value", 0.5}}},
      {CAPSTAN_EXT_SECRETS, "get", {{"name", "token"}}},
      {CAPSTAN_EXT_OBJECTS,
       "get",
       {{"apiVersion", "v1"}, {"kind", "Secret"}, {"namespace", "ns"}, {"name", "n"}}},
      {CAPSTAN_EXT_OBJECTS, "list", {{"query", "{}"}}},
      {CAPSTAN_EXT_EVENTS, "record", {{"event", "{}"}}},
      {CAPSTAN_EXT_WAKE,
       "wake",
       {{"apiVersion", "v1"}, {"kind", "K"}, {"namespace", "ns"}, {"name", "n"}}},
      {CAPSTAN_EXT_WORKLOAD, "request", {{"namespace", "ns"}, {"cluster", "c"}, {"request", "{}"}}},
      {CAPSTAN_EXT_WORKLOAD,
       "pod_request",
       {{"namespace", "ns"}, {"cluster", "c"}, {"request", "{}"}}},
      {CAPSTAN_EXT_WORKLOAD, "nodes", {{"namespace", "ns"}, {"cluster", "c"}}},
      {CAPSTAN_EXT_PKI, "run", {{"request", "{}"}}},
  };
  for (const HostCall& call : calls) {
    const HostCall seen = round_trip(call);
    EXPECT_EQ(seen.service, call.service);
    EXPECT_EQ(seen.function, call.function);
    EXPECT_EQ(seen.arguments, call.arguments) << call.service << " " << call.function;
  }
}

TEST_F(HostCallTablesTest, an_answer_comes_back_with_status_text_and_diagnostics) {
  scripted->answer = {.status = Code::kUnavailable, .text = "partly"};
  scripted->answer.diagnostics.push_back(
      {false, "no answer", "try later", "/a", std::chrono::milliseconds(5), true});
  (void)round_trip({CAPSTAN_EXT_PKI, "run", {{"request", "{}"}}});
  EXPECT_EQ(last.status, Code::kUnavailable);
  EXPECT_EQ(last.text, "partly");
  ASSERT_EQ(last.diagnostics.size(), 1u);
  EXPECT_EQ(last.diagnostics[0].detail, "try later");
  EXPECT_EQ(last.diagnostics[0].retry_after, std::chrono::milliseconds(5));
  EXPECT_TRUE(last.diagnostics[0].terminal);
}

TEST_F(HostCallTablesTest, a_number_comes_back) {
  scripted->answer.number = 42;
  (void)round_trip({CAPSTAN_EXT_CLOCK, "unix_nanos", Json::object()});
  EXPECT_EQ(last.number, 42);
}

TEST_F(HostCallTablesTest, a_service_that_is_not_offered_is_null_and_not_called) {
  scripted->absent = CAPSTAN_EXT_SECRETS;
  (void)round_trip({CAPSTAN_EXT_SECRETS, "get", {{"name", "token"}}});
  EXPECT_TRUE(scripted->seen.empty());
  EXPECT_EQ(last.status, Code::kUnimplemented);
}

TEST_F(HostCallTablesTest, what_a_handler_throws_becomes_a_status) {
  scripted->throws = true;
  (void)round_trip({CAPSTAN_EXT_SECRETS, "get", {{"name", "token"}}});
  EXPECT_EQ(last.status, Code::kInternal);
}

}  // namespace
}  // namespace capstan
