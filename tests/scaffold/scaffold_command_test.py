"""`capstan plugin new` and `add kind` as commands: what they refuse, what they tell, and
that they overwrite nothing.
"""

import subprocess
import unittest

from installed import InstalledTest

ROLES = ("infrastructure", "bootstrap", "control-plane", "resource")


class CommandTest(InstalledTest):
    def test_a_wrong_name_is_one_error_and_makes_nothing(self):
        for name in ("Acme", "acme_cloud", "docker", "null"):
            done = self.capstan("plugin", "new", name, "--language", "cpp", "--kind", "resource",
                                "--output", self.home / "never", check=False)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
            self.assertIn(f'plugin name "{name}"', done.stderr)
        self.assertFalse((self.home / "never").exists())

    def test_an_unknown_language_or_kind_is_wrong_usage(self):
        for words in (["--language", "rust", "--kind", "resource"],
                      ["--language", "cpp", "--kind", "network"], ["--language", "cpp"]):
            done = self.capstan("plugin", "new", "acme", *words, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)

    def test_nothing_is_overwritten(self):
        folder, _ = self.new("acme", "cpp", "resource", folder=self.home / "mine")
        (folder / "manifest.yaml").write_text((folder / "manifest.yaml").read_text() + "# mine\n")
        before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        new = ["new", "acme", "--language", "cpp", "--kind", "resource", "--output", folder]
        for words in (new, ["add", "kind", "AcmeVolume", "--folder", folder]):
            done = self.capstan("plugin", *words, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("exist", done.stderr)
        after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        self.assertEqual(after, before)

    def test_what_was_made_is_told_as_json(self):
        _, made = self.new("my-cloud", "cpp", "infrastructure", folder=self.home / "told")
        self.assertEqual([kind["kind"] for kind in made["kinds"]],
                         ["MyCloudCluster", "MyCloudMachine"])
        self.assertEqual(made["id"], "com.example.my-cloud")
        self.assertIn("src/my_cloud_machine.h", made["created"])
        self.assertEqual(made["changed"], [])

    def test_no_word_of_a_template_is_left(self):
        for language in ("cpp", "python"):
            folder, _ = self.new("my-cloud", language, *ROLES,
                                 folder=self.home / f"left-{language}")
            left = subprocess.run(
                ["grep", "-rnE", "@(NAME|ID|DOMAIN|PREFIX|PACKAGE|KIND|FILE|LOWER|GROUP|MANIFEST)@",
                 str(folder)], capture_output=True, text=True, check=False).stdout
            self.assertEqual(left, "")
            self.assertEqual([path for path in folder.rglob("*@*")], [])

    def test_help_has_examples_and_completion_knows_the_commands(self):
        for words in (["new"], ["add"], ["add", "kind"]):
            self.assertIn("Examples:", self.capstan("plugin", *words, "--help").stdout)
        script = self.capstan("completion", "bash").stdout
        self.assertIn("plugin add kind", script)
        self.assertIn("--language", script)


if __name__ == "__main__":
    unittest.main()
