#include "runtime/object/object.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

constexpr const char* kMachine = R"({
  "apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Machine",
  "metadata": {"name": "m1", "namespace": "default", "uid": "u1", "resourceVersion": "7",
    "labels": {"a": "b"}, "finalizers": ["f"],
    "ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u0", "controller": true}]},
  "spec": {"clusterName": "c"}})";

TEST(ObjectTest, metadata_is_read_once_and_the_tree_on_demand) {
  const ObjectPtr machine = *Object::parse(kMachine);
  EXPECT_EQ(machine->key(), (ObjectKey{{"cluster.x-k8s.io", "Machine"}, "default", "m1"}));
  EXPECT_EQ(machine->meta().resource_version, 7U);
  EXPECT_EQ(machine->meta().label("a"), "b");
  EXPECT_TRUE(machine->meta().has_finalizer("f"));
  ASSERT_NE(machine->meta().controller(), nullptr);
  EXPECT_EQ(machine->meta().controller()->uid, "u0");
  machine->drop_tree();
  EXPECT_EQ(get_string(*machine->tree(), {"spec", "clusterName"}), "c");
}

TEST(ObjectTest, a_new_revision_stands_in_the_text) {
  const ObjectPtr next = (*Object::parse(kMachine))->at_revision(42);
  EXPECT_EQ(next->meta().resource_version, 42U);
  EXPECT_EQ((*Object::parse(next->text()))->meta().resource_version, 42U);
}

TEST(ObjectTest, a_tree_that_nobody_has_moves_to_the_new_revision) {
  const ObjectPtr made = *Object::from_json(Json::parse(kMachine));
  const ObjectPtr next = made->at_revision(42);
  EXPECT_EQ(get_string(*next->tree(), {"metadata", "resourceVersion"}), "42");
  EXPECT_EQ(*next->tree(), Json::parse(next->text()));
  EXPECT_EQ(*made->tree(), Json::parse(made->text()));
}

TEST(ObjectTest, a_tree_that_was_given_out_never_changes) {
  const ObjectPtr made = *Object::from_json(Json::parse(kMachine));
  const JsonPtr tree = made->tree();
  const ObjectPtr next = made->at_revision(42);
  EXPECT_EQ(get_string(*tree, {"metadata", "resourceVersion"}), "7");
  EXPECT_EQ(get_string(*next->tree(), {"metadata", "resourceVersion"}), "42");
}

TEST(ObjectTest, the_tree_equals_the_text_where_bytes_had_to_be_replaced) {
  Json machine = Json::parse(kMachine);
  machine["spec"]["clusterName"] = "c\xff";
  const ObjectPtr next = (*Object::from_json(machine))->at_revision(42);
  EXPECT_EQ(*next->tree(), Json::parse(next->text()));
}

TEST(ObjectTest, what_is_no_object_is_refused_with_the_field_named) {
  EXPECT_EQ(Object::parse("[]").code(), Code::kInvalid);
  EXPECT_EQ(Object::parse(R"({"kind":"X","metadata":{}})").error().fields[0].field, "apiVersion");
  EXPECT_EQ(Object::parse(R"({"apiVersion":"v1","kind":"X","metadata":{"labels":{"a":1}}})")
                .error()
                .fields[0]
                .field,
            "metadata.labels[a]");
  EXPECT_FALSE(
      Object::parse(R"({"apiVersion":"v1","kind":"X","metadata":{"resourceVersion":"abc"}})").ok());
}

}  // namespace
}  // namespace capstan
