"""The bundled plugins and the examples pass the strictest level, as far as they reach without their
world; what is skipped is named. In the other modes than in-process the cases of a lower level are
repeated, and have to give the same; CAPSTAN_CONFORMANCE_LONG=1 repeats all, and tries those with many
kinds at the strictest level too, which takes minutes each.

The example in C++ has a test of its own, as an author would make it."""

import json
import os
import subprocess
import sys
import unittest

BUILD = os.environ["CAPSTAN_BUILD_DIR"]
SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
KIT = os.path.join(BUILD, "bin/capstan-conformance")
PYTHON = os.path.exists(os.path.join(BUILD, "lib/capstan/languages/capstan_python.so"))
LONG = os.environ.get("CAPSTAN_CONFORMANCE_LONG") == "1"
MODES = "in-process,process,sandbox"
# Crashes at every call of the host, for five kinds and more.
MANY_KINDS = ("plugins/kubeadm", "examples/k3s")


def run(plugin, folder, modes=MODES):
    level = "7" if folder in MANY_KINDS and not LONG else "10"
    command = [KIT, plugin, "--level", level, "--repeat-level", "10" if LONG else "5",
               "--mode", modes, "-o", "json",
               "--config", os.path.join(SOURCE, folder, "conformance.yaml")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, timeout=3000)
    return json.loads(done.stdout)


class PluginsTest(unittest.TestCase):
    def expect_conforming(self, plugin, folder, modes=MODES):
        report = run(plugin, folder, modes)
        self.assertEqual([f"{c['id']} {c.get('mode', '')}: {c['message']}"
                          for c in report["cases"] if c["verdict"] == "failed"], [])
        passed = {}
        for case in report["cases"]:
            if case["verdict"] == "passed":
                passed[case.get("mode", "")] = passed.get(case.get("mode", ""), 0) + 1
        for mode in modes.split(","):
            self.assertGreater(passed[mode], 20, passed)
        seconds = sum(c["ms"] for c in report["cases"]) / 1000
        print(f"{folder}: {passed}, {report['skipped']} skipped, {seconds:.0f} s of work",
              flush=True)

    def bundled(self, plugin, modes=MODES):
        self.expect_conforming(os.path.join(BUILD, f"lib/capstan/plugins/{plugin}.so"),
                               f"plugins/{plugin}", modes)

    def test_memory(self):
        self.bundled("memory")

    def test_kubeadm(self):
        self.bundled("kubeadm")

    def test_docker_without_an_engine(self):
        self.bundled("docker")

    @unittest.skipUnless(PYTHON, "no plugins in Python")
    def test_an_example_in_python(self):
        self.expect_conforming(os.path.join(SOURCE, "examples/hello-python"),
                               "examples/hello-python")

    @unittest.skipUnless(PYTHON, "no plugins in Python")
    def test_k3s_in_python(self):
        self.expect_conforming(os.path.join(SOURCE, "examples/k3s"), "examples/k3s")


if __name__ == "__main__":
    if not os.path.exists(KIT):
        print(f"skipped: {KIT} is not built")
        sys.exit(77)
    unittest.main()
