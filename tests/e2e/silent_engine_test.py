"""An engine that accepts and does not answer must not keep the server from ending."""

import pathlib
import socket
import tempfile
import time
import unittest

from capstan_server import Server

MANIFEST = """
apiVersion: cluster.x-k8s.io/v1beta2
kind: Cluster
metadata: {name: silent, namespace: default}
spec:
  infrastructureRef: {apiGroup: infrastructure.cluster.x-k8s.io, kind: DockerCluster, name: silent}
---
apiVersion: infrastructure.cluster.x-k8s.io/v1beta2
kind: DockerCluster
metadata: {name: silent, namespace: default}
spec: {}
"""


class SilentEngineTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="engine-")
        path = pathlib.Path(self.folder.name) / "docker.sock"
        self.engine = socket.socket(socket.AF_UNIX)
        self.engine.bind(str(path))
        self.engine.listen(8)
        self.engine.settimeout(60)
        self.config = f'plugins: [{{name: docker, settings: {{host: "unix://{path}"}}}}]'

    def tearDown(self):
        self.engine.close()
        self.folder.cleanup()

    def test_the_server_ends_soon_while_a_call_waits_for_the_engine(self):
        with Server(config=self.config) as server:
            server.apply(MANIFEST)
            asked, _ = self.engine.accept()
            self.assertTrue(asked.recv(1))
            begun = time.monotonic()
            self.assertEqual(server.stop(), 0)
            self.assertLess(time.monotonic() - begun, 5, server.log())
            asked.close()


if __name__ == "__main__":
    unittest.main()
