"""The bundled plugins and the example pass the strictest level, as far as they reach without their
world; what is skipped is named."""

import json
import os
import subprocess
import sys
import unittest

BUILD = os.environ["CAPSTAN_BUILD_DIR"]
SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
KIT = os.path.join(BUILD, "bin/capstan-conformance")


def run(plugin, config):
    command = [KIT, os.path.join(BUILD, f"lib/capstan/plugins/{plugin}.so"), "--level", "10", "-o",
               "json"]
    if config:
        command += ["--config", os.path.join(SOURCE, config)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=1500)
    return json.loads(done.stdout)


class PluginsTest(unittest.TestCase):
    def expect_conforming(self, plugin, config):
        report = run(plugin, config)
        self.assertEqual([f"{c['id']}: {c['message']}" for c in report["cases"]
                          if c["verdict"] == "failed"], [])
        self.assertGreater(report["passed"], 40)

    def test_hello(self):
        self.expect_conforming("hello", None)

    def test_memory(self):
        self.expect_conforming("memory", "plugins/memory/conformance.yaml")

    def test_kubeadm(self):
        self.expect_conforming("kubeadm", "plugins/kubeadm/conformance.yaml")

    def test_docker_without_an_engine(self):
        self.expect_conforming("docker", "plugins/docker/conformance.yaml")


if __name__ == "__main__":
    if not os.path.exists(KIT):
        print(f"skipped: {KIT} is not built")
        sys.exit(77)
    unittest.main()
