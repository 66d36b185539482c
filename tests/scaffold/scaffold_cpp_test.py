"""A provider in C++ from the scaffold, with no edit: it builds with the installed SDK alone, its
tests and the conformance kit pass, and it runs against its fake cloud.
"""

import shutil
import unittest

from installed import ROOT, InstalledTest, run

ROLES = ("infrastructure", "bootstrap", "control-plane", "resource")
TYPES = ("resource", "cluster", "machine", "bootstrap", "control-plane")


class ScaffoldCppTest(InstalledTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.everything = cls.home / "acme"
        run([cls.prefix / "bin/capstan", "plugin", "new", "acme", "--language", "cpp", "--kind",
             ",".join(ROLES), "--output", cls.everything], env=cls.environment)
        cls.build(cls.everything)

    @classmethod
    def build(cls, folder, *targets):
        run(["cmake", "-G", "Ninja", "-S", folder, "-B", folder / "build",
             f"-DCMAKE_PREFIX_PATH={cls.prefix}"], env=cls.environment)
        words = [word for target in targets for word in ("--target", target)]
        run(["cmake", "--build", folder / "build", *words], timeout=600, env=cls.environment)

    def unit_tests(self, folder):
        return run([folder / "build/acme_test", "--gtest_brief=1"], env=self.environment)

    def test_a_provider_of_every_role_passes_its_tests_and_conforms(self):
        used = (self.everything / "build/CMakeCache.txt").read_text()
        self.assertIn(f"capstan-sdk_DIR:PATH={self.prefix}", used)
        self.assertNotIn(str(ROOT), used, "nothing is taken from the source tree")
        self.unit_tests(self.everything)
        report = self.expect_conforming(self.everything / "build/acme.so", least=150)
        self.expect_only_known_skips(report)

    def test_the_kit_is_also_one_test_a_case(self):
        program = self.everything / "build/capstan_plugin_acme_conformance"
        listed = run([program, "--gtest_list_tests"], env=self.environment).stdout
        self.assertIn("crash_anywhere/AcmeMachine", listed)
        done = run([program, "--gtest_filter=*semantics_ready/AcmeMachine"], env=self.environment)
        self.assertIn("1 test from 1 test suite ran", done.stdout)

    def test_the_code_is_formatted_as_its_own_style_says(self):
        if shutil.which("clang-format-14") is None:
            self.skipTest("clang-format-14 is missing")
        files = sorted(self.everything.glob("src/*")) + sorted(self.everything.glob("tests/*"))
        run(["clang-format-14", "--dry-run", "--Werror", *files])

    def test_it_runs_against_its_fake_cloud(self):
        self.run_samples("acme", self.everything, self.everything / "build/acme.so")

    def test_kinds_of_every_type_are_added_and_pass(self):
        folder = self.home / "more"
        shutil.copytree(self.everything, folder, ignore=shutil.ignore_patterns("build", "cloud"))
        for type_ in TYPES:
            kind = "Acme" + type_.title().replace("-", "") + "Two"
            self.capstan("plugin", "add", "kind", kind, "--type", type_, "--folder", folder)
        self.build(folder, "capstan_plugin_acme", "acme_test")
        self.unit_tests(folder)
        self.expect_conforming(folder / "build/acme.so", level=6, only="Two$", least=100)

    def test_each_role_is_a_provider_by_itself(self):
        for role in ROLES:
            with self.subTest(role=role):
                folder, made = self.new("acme", "cpp", role, folder=self.home / role)
                self.build(folder, "capstan_plugin_acme")
                self.expect_conforming(folder / "build/acme.so", level=4,
                                       least=15 + 8 * len(made["kinds"]))


if __name__ == "__main__":
    unittest.main()
