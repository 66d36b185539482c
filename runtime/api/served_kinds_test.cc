#include "runtime/api/served_kinds.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace capstan {
namespace {

TEST(ServedKindsTest, stable_and_newer_versions_come_first) {
  std::vector<std::string> versions = {"v1alpha1", "v1beta1", "foo", "v2", "v1beta2", "v1", "v10"};
  std::sort(versions.begin(), versions.end(), version_precedes);
  EXPECT_EQ(versions,
            (std::vector<std::string>{"v10", "v2", "v1", "v1beta2", "v1beta1", "v1alpha1", "foo"}));
}

}  // namespace
}  // namespace capstan
