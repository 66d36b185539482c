"""A Capstan that is installed outside of the source tree, for authors who have nothing else."""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from capstan_server import BUILD, run  # noqa: E402


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
