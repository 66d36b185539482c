#include "runtime/lifecycle/machine_set/deletion_order.h"

#include <gtest/gtest.h>

namespace capstan::lifecycle {
namespace {

const Instant kNow = parse_time("2026-06-01T00:00:00Z").value();

ObjectPtr machine(const std::string& name, const std::string& created,
                  Json extra = Json::object()) {
  Json tree = {{"apiVersion", "cluster.x-k8s.io/v1beta2"},
               {"kind", "Machine"},
               {"metadata", {{"name", name}, {"creationTimestamp", created}}},
               {"status", {{"nodeRef", {{"name", name}}}}}};
  merge_patch(tree, extra);
  return Object::from_json(std::move(tree)).value();
}

std::string order(const std::string& policy, const Objects& machines) {
  std::string names;
  for (const ObjectPtr& m : sort_for_deletion(machines, policy, kNow)) names += m->meta().name;
  return names;
}

TEST(DeletionOrderTest, random_is_alphabetical) {
  EXPECT_EQ(
      order("Random", {machine("c", "2026-05-01T00:00:00Z"), machine("a", "2026-05-20T00:00:00Z"),
                       machine("b", "2026-05-10T00:00:00Z")}),
      "abc");
}

TEST(DeletionOrderTest, oldest_and_newest_go_by_age) {
  const Objects machines = {machine("a", "2026-05-10T00:00:00Z"),
                            machine("b", "2026-05-30T00:00:00Z"),
                            machine("c", "2026-05-01T00:00:00Z")};
  EXPECT_EQ(order("Oldest", machines), "cab");
  EXPECT_EQ(order("Newest", machines), "bac");
}

TEST(DeletionOrderTest, deleting_then_annotated_then_unhealthy_go_before_all_policies) {
  const Objects machines = {
      machine("healthy", "2020-01-01T00:00:00Z"),
      machine("-nodeless", "2026-05-30T00:00:00Z", {{"status", {{"nodeRef", nullptr}}}}),
      machine("-marked", "2026-05-30T00:00:00Z",
              {{"metadata", {{"annotations", {{"cluster.x-k8s.io/delete-machine", ""}}}}}}),
      machine("-going", "2026-05-30T00:00:00Z",
              {{"metadata", {{"deletionTimestamp", "2026-05-31T00:00:00Z"}}}}),
  };
  for (const char* policy : {"Random", "Oldest", "Newest", ""}) {
    EXPECT_EQ(order(policy, machines), "-going-marked-nodelesshealthy") << policy;
  }
}

}  // namespace
}  // namespace capstan::lifecycle
