#include "runtime/lifecycle/cluster/cluster_kubeconfig.h"

#include <gtest/gtest.h>

#include "runtime/base/text.h"
#include "runtime/lifecycle/common/names.h"
#include "runtime/lifecycle/common/owner_references.h"
#include "runtime/store/store.h"
#include "runtime/system/tls.h"
#include "runtime/workload/kubeconfig.h"

namespace capstan::lifecycle {
namespace {

const Instant kNow = parse_time("2026-01-01T00:00:00Z").value();
constexpr Duration kDay = std::chrono::hours(24);

// A Cluster with an endpoint, of which machines are made by hand.
class ClusterKubeconfigTest : public testing::Test {
 protected:
  void put(const Json& json) {
    auto object = Object::from_json(json);
    ASSERT_TRUE(object.ok());
    const ObjectKey key = (*object)->key();
    ASSERT_TRUE(store->commit({{Write::Op::kCreate, key, *object}}).ok());
  }
  void put_authority() {
    authority = make_certificate_authority("kubernetes", {}, kNow).value();
    put({{"apiVersion", "v1"},
         {"kind", "Secret"},
         {"metadata", {{"name", "a-ca"}, {"namespace", "default"}}},
         {"data",
          {{"tls.crt", base64_encode(authority.certificate_pem)},
           {"tls.key", base64_encode(authority.key_pem)}}}});
  }
  // What is to be done about the Secret at this time.
  std::vector<Change> changes(Instant now = kNow) {
    Outcome outcome;
    const ClusterScope scope = gather_cluster(Object::from_json(cluster).value(), kinds, *cache);
    const auto made = ensure_kubeconfig(scope, *cache, now, outcome);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return outcome.changes;
  }
  static Kubeconfig config_in(const Json& body) {
    return parse_kubeconfig(base64_decode(get_string(body, {"data", "value"})).value()).value();
  }

  Json cluster = {{"apiVersion", kClusterApiVersion},
                  {"kind", "Cluster"},
                  {"metadata", {{"name", "a"}, {"namespace", "default"}, {"uid", "cluster-uid"}}},
                  {"spec", {{"controlPlaneEndpoint", {{"host", "fd00::1"}, {"port", 6443}}}}}};
  KindRegistry kinds;
  KeyPair authority;
  std::unique_ptr<Store> store = make_memory_store();
  std::unique_ptr<WatchCache> cache = make_watch_cache(*store).value();
};

TEST_F(ClusterKubeconfigTest, it_is_made_once_there_is_an_authority) {
  EXPECT_EQ(changes().size(), 0u);
  put_authority();
  const auto made = changes();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].op, Change::Op::kCreate);
  EXPECT_EQ(get_string(made[0].body, {"type"}), "cluster.x-k8s.io/secret");
  EXPECT_EQ(get_string(made[0].body, {"metadata", "labels", kClusterNameLabel}), "a");
  EXPECT_EQ(made[0].body["metadata"]["ownerReferences"][0]["uid"], "cluster-uid");
  const Kubeconfig config = config_in(made[0].body);
  EXPECT_EQ(config.server, "https://[fd00::1]:6443");
  EXPECT_EQ(config.context, "a-admin@a");
  EXPECT_EQ(config.ca_pem, authority.certificate_pem);
  EXPECT_EQ(certificate_expiry(config.certificate_pem).value(), kNow + 365 * kDay);
}

TEST_F(ClusterKubeconfigTest, its_certificate_is_renewed_when_half_a_year_is_left) {
  put_authority();
  put(changes().at(0).body);
  EXPECT_EQ(changes(kNow + 182 * kDay).size(), 0u);
  const Instant later = kNow + 183 * kDay;
  const auto renewed = changes(later);
  ASSERT_EQ(renewed.size(), 1u);
  EXPECT_EQ(renewed[0].op, Change::Op::kPatch);
  EXPECT_EQ(certificate_expiry(config_in(renewed[0].body).certificate_pem).value(),
            later + 365 * kDay);
}

TEST_F(ClusterKubeconfigTest, one_that_the_cluster_does_not_own_is_left_alone) {
  put_authority();
  Json theirs = changes().at(0).body;
  theirs["metadata"].erase("ownerReferences");
  put(theirs);
  EXPECT_EQ(changes(kNow + 364 * kDay).size(), 0u);
}

TEST_F(ClusterKubeconfigTest, a_control_plane_provider_makes_its_own) {
  put_authority();
  cluster["spec"]["controlPlaneRef"] = {
      {"apiGroup", "controlplane.cluster.x-k8s.io"}, {"kind", "SomeControlPlane"}, {"name", "a"}};
  EXPECT_EQ(changes().size(), 0u);
}

TEST_F(ClusterKubeconfigTest, without_an_endpoint_nothing_is_made) {
  put_authority();
  cluster["spec"].erase("controlPlaneEndpoint");
  EXPECT_EQ(changes().size(), 0u);
}

}  // namespace
}  // namespace capstan::lifecycle
