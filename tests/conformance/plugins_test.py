"""The bundled plugins pass the strictest level, as far as they reach without their world; what is
skipped is named. The example has a test of its own, as an author would make it."""

import json
import os
import subprocess
import sys
import unittest

BUILD = os.environ["CAPSTAN_BUILD_DIR"]
SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
KIT = os.path.join(BUILD, "bin/capstan-conformance")


def run(plugin):
    command = [KIT, os.path.join(BUILD, f"lib/capstan/plugins/{plugin}.so"), "--level", "10", "-o",
               "json", "--config", os.path.join(SOURCE, f"plugins/{plugin}/conformance.yaml")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=1500)
    return json.loads(done.stdout)


class PluginsTest(unittest.TestCase):
    def expect_conforming(self, plugin):
        report = run(plugin)
        self.assertEqual([f"{c['id']}: {c['message']}" for c in report["cases"]
                          if c["verdict"] == "failed"], [])
        self.assertGreater(report["passed"], 40)

    def test_memory(self):
        self.expect_conforming("memory")

    def test_kubeadm(self):
        self.expect_conforming("kubeadm")

    def test_docker_without_an_engine(self):
        self.expect_conforming("docker")


if __name__ == "__main__":
    if not os.path.exists(KIT):
        print(f"skipped: {KIT} is not built")
        sys.exit(77)
    unittest.main()
