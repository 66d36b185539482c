"""The Python client of Kubernetes against the API server."""

import sys
import threading
import unittest

from api_test_server import SKIPPED, ApiTestServer

try:
    from kubernetes import client, config, watch
except ImportError:
    print("the Python package kubernetes is not here")
    sys.exit(SKIPPED)


class PythonClientTest(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(ApiTestServer())
        self.api = config.new_client_from_config(str(self.server.kubeconfig))

    def test_objects_are_created_read_changed_and_deleted(self):
        core = client.CoreV1Api(self.api)
        meta = client.V1ObjectMeta(name="c")
        core.create_namespaced_config_map("default", client.V1ConfigMap(metadata=meta,
                                                                        data={"k": "v"}))
        self.assertEqual(core.read_namespaced_config_map("c", "default").data, {"k": "v"})
        core.patch_namespaced_config_map("c", "default", {"data": {"k": "w"}})
        listed = core.list_namespaced_config_map("default")
        self.assertEqual([item.data for item in listed.items], [{"k": "w"}])
        core.delete_namespaced_config_map("c", "default")
        with self.assertRaises(client.ApiException) as raised:
            core.read_namespaced_config_map("c", "default")
        self.assertEqual(raised.exception.status, 404)

    def test_custom_objects_are_like_others(self):
        custom = client.CustomObjectsApi(self.api)
        where = ("cluster.x-k8s.io", "v1beta2", "default", "clusters")
        custom.create_namespaced_custom_object(*where, {
            "apiVersion": "cluster.x-k8s.io/v1beta2", "kind": "Cluster",
            "metadata": {"name": "c1"}, "spec": {"paused": True}})
        found = custom.get_namespaced_custom_object(*where, "c1")
        self.assertEqual(found["spec"]["paused"], True)
        custom.delete_namespaced_custom_object(*where, "c1")

    def test_a_watch_sees_changes(self):
        core = client.CoreV1Api(self.api)

        def change():
            core.create_namespaced_config_map(
                "default", client.V1ConfigMap(metadata=client.V1ObjectMeta(name="seen")))

        timer = threading.Timer(0.2, change)
        timer.start()
        for event in watch.Watch().stream(core.list_namespaced_config_map, "default",
                                          timeout_seconds=20):
            self.assertEqual((event["type"], event["object"].metadata.name), ("ADDED", "seen"))
            break
        timer.join()


if __name__ == "__main__":
    unittest.main()
