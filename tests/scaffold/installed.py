"""A Capstan that is installed outside of the source tree, for authors who have nothing else."""

import json
import os
import pathlib
import re
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from capstan_server import (  # noqa: E402
    BUILD, ROOT, Server, condition, eventually, find_tool, run)

__all__ = ["BUILD", "ROOT", "InstalledTest", "Server", "condition", "eventually", "find_tool",
           "run"]


class InstalledTest(unittest.TestCase):
    """`prefix`, and `home` for what a test makes."""

    @classmethod
    def setUpClass(cls):
        if not (BUILD / "bin" / "capstan").exists():
            raise unittest.SkipTest("capstan is not built")
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="capstan-scaffold-"))
        if not os.environ.get("CAPSTAN_KEEP_TEST_FILES"):
            cls.addClassCleanup(shutil.rmtree, cls.home, ignore_errors=True)
        cls.prefix = cls.home / "prefix"
        run(["cmake", "--install", BUILD, "--prefix", cls.prefix])
        cls.environment = dict(
            os.environ, PYTHONPATH=str(cls.prefix / "share/capstan-sdk/python"),
            PYTHONDONTWRITEBYTECODE="1", PREFIX=str(cls.prefix),
            PATH=f"{cls.prefix}/bin:{os.environ['PATH']}",
            # The result is the same, sooner: without optimisation, and from the cache of
            # compilations though the folder is another.
            CMAKE_BUILD_TYPE="Debug", CCACHE_BASEDIR=str(cls.home), CCACHE_NOHASHDIR="1")
        if shutil.which("ccache"):
            cls.environment["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
        for variable in ("CAPSTAN_BUILD_DIR", "KUBECONFIG", "CAPSTAN_PLUGIN_PATH"):
            cls.environment.pop(variable, None)

    def capstan(self, *words, check=True, timeout=600):
        return run([self.prefix / "bin" / "capstan", *words], check=check, timeout=timeout,
                   env=self.environment)

    def new(self, name, language, *kinds, folder=None):
        folder = folder or self.home / f"{name}-{language}"
        done = self.capstan("plugin", "new", name, "--language", language, "--kind",
                            ",".join(kinds), "--output", folder, "-o", "json")
        return folder, json.loads(done.stdout)

    def expect_conforming(self, plugin, level=10, only="", modes="in-process", least=1):
        """The kit's report; nothing failed, and what was skipped says why."""
        done = self.capstan("plugin", "test", plugin, "--level", str(level), "--mode", modes,
                            "--only", only, "-o", "json", check=False)
        self.assertTrue(done.stdout.startswith("{"), done.stdout + done.stderr)
        report = json.loads(done.stdout)
        failed = [f"{case['id']} {case.get('mode', '')}: {case['message']}"
                  for case in report["cases"] if case["verdict"] == "failed"]
        self.assertEqual(failed, [])
        self.assertGreaterEqual(report["passed"], least)
        return report

    def expect_only_known_skips(self, report):
        """What the kit has no object or no fault for; everything else was looked at."""
        known = ("fault-", "semantics-ready/AcmeControlPlane", "semantics-terminal/AcmeConfig",
                 "semantics-terminal/AcmeVolume")
        self.assertEqual([f"{case['id']}: {case['message']}" for case in report["cases"]
                          if case["verdict"] == "skipped" and not case["id"].startswith(known)], [])

    def config_of(self, folder, plugin):
        """The config that came with the provider, with a fake cloud of this test's own."""
        cloud = folder / "cloud"
        cloud.mkdir(exist_ok=True)
        text = (folder / "capstan.yaml").read_text()
        self.assertIn("settings: {folder: /var/tmp/", text)
        text = re.sub(r"(?m)^(dataDir|listen):.*\n", "", text)
        text = re.sub(r"(?m)^  file: .*$", f"  file: {plugin}", text)
        return cloud, re.sub(r"folder: /var/tmp/\S+}", f"folder: {cloud}}}", text)

    def run_samples(self, name, folder, plugin):
        """kubectl apply of all samples makes everything in the fake cloud, and deleting them leaves
        nothing there."""
        if find_tool("kubectl") is None:
            self.skipTest("kubectl is missing")
        cloud, config = self.config_of(folder, plugin)
        with Server(config=config, program=self.prefix / "bin" / "capstan") as server:
            server.kubectl("apply", "-f", folder / "samples")
            for kind, what, type_ in ((f"{name}cluster", f"{name}-sample", "Ready"),
                                      (f"{name}machine", f"{name}-sample-0", "Ready"),
                                      (f"{name}config", f"{name}-boot-0", "Ready"),
                                      (f"{name}controlplane", f"{name}-hosted", "Available"),
                                      (f"{name}volume", f"{name}-sample", "Ready")):
                eventually(lambda: condition(server.get(kind, what), type_) == "True", 60,
                           f"{kind} {what} is {type_}; {server.log(2000)}")
            made = sorted(path.name.partition("-uid")[0].split("-")[0] for path in cloud.iterdir()
                          if not path.name.startswith("."))
            self.assertEqual(made, ["control", "network", "server", "token", "volume"])
            self.assertIsNotNone(server.get("secret", f"{name}-hosted-kubeconfig"))
            # A control plane machine that stands by itself is not the Cluster's to delete.
            server.kubectl("delete", "machine", f"{name}-boot-0", "--timeout=60s")
            for cluster in ("sample", "hosted", "boot"):
                server.kubectl("delete", "cluster", f"{name}-{cluster}", "--timeout=60s")
            server.kubectl("delete", f"{name}volume", f"{name}-sample", "--timeout=60s")
            self.assertEqual([path.name for path in cloud.iterdir()], [])
