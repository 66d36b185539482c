"""A provider in Python from the scaffold, with no edit: its tests and the conformance kit pass, its
types are right, and it runs against its fake cloud.
"""

import shutil
import sys
import unittest

from installed import InstalledTest, run

ROLES = ("infrastructure", "bootstrap", "control-plane", "resource")
TYPES = ("resource", "cluster", "machine", "bootstrap", "control-plane")
PYTHON = "/usr/bin/python3" if shutil.which("/usr/bin/python3") else sys.executable


class ScaffoldPythonTest(InstalledTest):
    def unit_tests(self, folder):
        return run([PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", folder,
                    folder / "tests", "-c", folder / "pyproject.toml"], env=self.environment)

    def test_a_provider_of_every_role_passes_its_tests_and_conforms(self):
        folder, made = self.new("acme", "python", *ROLES)
        self.assertEqual(len(made["kinds"]), 5)
        self.assertIn("passed", self.unit_tests(folder).stdout)
        report = self.expect_conforming(folder, least=100)
        self.expect_only_known_skips(report)

    def test_its_types_are_right(self):
        if shutil.which("mypy") is None:
            self.skipTest("mypy is missing")
        folder, _ = self.new("typed", "python", *ROLES)
        environment = dict(self.environment, MYPYPATH=f"{self.environment['PYTHONPATH']}:{folder}")
        run(["mypy", "--strict", "--cache-dir", self.home / "mypy", folder / "typed_provider",
             folder / "tests"], env=environment)

    def test_it_runs_against_its_fake_cloud(self):
        folder, _ = self.new("acme", "python", *ROLES, folder=self.home / "run")
        self.run_samples("acme", folder, folder)

    def test_kinds_of_every_type_are_added_and_pass(self):
        folder, _ = self.new("acme", "python", "resource", folder=self.home / "more")
        for type_ in TYPES:
            kind = "Acme" + type_.title().replace("-", "") + "Two"
            self.capstan("plugin", "add", "kind", kind, "--type", type_, "--folder", folder)
        self.assertIn("passed", self.unit_tests(folder).stdout)
        self.expect_conforming(folder, level=5, only="Two$", least=60)

    def test_each_role_is_a_provider_by_itself(self):
        for role in ROLES:
            with self.subTest(role=role):
                folder, _ = self.new("acme", "python", role, folder=self.home / role)
                self.assertIn("passed", self.unit_tests(folder).stdout)
                self.expect_conforming(folder, level=3, least=15)


if __name__ == "__main__":
    unittest.main()
