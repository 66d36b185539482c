#include "runtime/api/media_type.h"

#include <gtest/gtest.h>

namespace capstan {
namespace {

TEST(MediaTypeTest, the_first_form_that_can_be_given_is_taken) {
  struct Case {
    const char* accept;
    AnswerForm form;
    const char* version;
  };
  const Case cases[] = {
      {"", AnswerForm::kObject, "v1"},
      {"*/*", AnswerForm::kObject, "v1"},
      {"application/vnd.kubernetes.protobuf,application/json", AnswerForm::kObject, "v1"},
      {"application/json;as=Table;v=v1;g=meta.k8s.io,application/json", AnswerForm::kTable, "v1"},
      {"application/json;as=Table;v=v2;g=meta.k8s.io,"
       "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json",
       AnswerForm::kTable, "v1beta1"},
      {"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", AnswerForm::kPartialList,
       "v1"},
  };
  for (const Case& c : cases) {
    const auto form = negotiate_object(c.accept);
    ASSERT_TRUE(form.ok()) << c.accept;
    EXPECT_EQ(form->form, c.form) << c.accept;
    EXPECT_EQ(form->version, c.version) << c.accept;
  }
  EXPECT_TRUE(negotiate_object("application/yaml")->yaml);
  EXPECT_FALSE(negotiate_object("application/vnd.kubernetes.protobuf").ok());
}

TEST(MediaTypeTest, discovery_is_aggregated_for_who_knows_it) {
  EXPECT_EQ(negotiate_discovery("application/json;g=apidiscovery.k8s.io;v=v2;"
                                "as=APIGroupDiscoveryList,application/json"),
            DiscoveryForm::kAggregatedV2);
  EXPECT_EQ(negotiate_discovery("application/json;g=apidiscovery.k8s.io;v=v2beta1;"
                                "as=APIGroupDiscoveryList,application/json"),
            DiscoveryForm::kAggregatedV2Beta1);
  EXPECT_EQ(negotiate_discovery("application/json"), DiscoveryForm::kLegacy);
  EXPECT_EQ(negotiate_discovery(""), DiscoveryForm::kLegacy);
}

}  // namespace
}  // namespace capstan
