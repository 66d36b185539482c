"""The manifest of a plugin that is a folder."""

import json
import os
import subprocess
import tempfile
import unittest

TOOL = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../capstan-manifest")
PLUGIN = """
id: test.one
name: one
version: 1.2.3
python: {module: one.provider}
"""
KIND = """
group: example.dev
versions: {v1: storage}
kinds:
  Thing:
    fields:
      spec:
        size: int32
"""


class FolderManifestTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.write("plugin.yaml", PLUGIN)
        self.write("one/provider.py", "raise SystemExit('this is not to be run')\n")

    def write(self, name, text):
        path = os.path.join(self.folder.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def run_tool(self, *more):
        return subprocess.run([TOOL, "--folder", self.folder.name, *more], capture_output=True,
                              text=True, check=False)

    def manifest(self):
        done = self.run_tool("-o", "-")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def refused(self, words):
        done = self.run_tool("-o", "-")
        self.assertEqual(done.returncode, 1)
        self.assertIn(words, done.stderr)
        self.assertEqual(done.stdout, "")

    def test_kinds_and_templates_are_those_of_the_folder(self):
        self.write("kinds/thing.yaml", KIND)
        self.write("templates/cluster-template.yaml", "kind: Cluster\n")
        manifest = self.manifest()
        self.assertEqual(manifest["version"], "1.2.3")
        self.assertEqual(manifest["abi"], {"major": 1, "minMinor": 0, "maxMinor": 0})
        self.assertEqual([kind["metadata"]["name"] for kind in manifest["kinds"]],
                         ["things.example.dev"])
        self.assertEqual(manifest["templates"], {"cluster-template.yaml": "kind: Cluster\n"})

    def test_it_is_written_into_the_folder(self):
        self.assertEqual(self.run_tool().returncode, 0)
        with open(os.path.join(self.folder.name, "manifest.json"), encoding="utf-8") as file:
            self.assertEqual(json.load(file)["name"], "one")

    def test_code_that_is_not_there_is_named(self):
        self.write("plugin.yaml", PLUGIN.replace("one.provider", "one.other"))
        self.refused("there is no file")

    def test_a_module_is_required(self):
        self.write("plugin.yaml", PLUGIN.replace("python:", "other:"))
        self.refused("python.module must name")

    def test_an_unknown_member_of_python_is_named(self):
        self.write("plugin.yaml", PLUGIN.replace("one.provider}", "one.provider, modul: X}"))
        self.refused("python.modul is unknown")

    def test_a_mistake_in_a_kind_is_told_as_the_kind_compiler_does(self):
        self.write("kinds/thing.yaml", KIND.replace("int32", "int33"))
        self.refused("thing.yaml")

    def test_a_folder_without_plugin_yaml_is_told(self):
        os.remove(os.path.join(self.folder.name, "plugin.yaml"))
        self.refused("plugin.yaml: No such file")


if __name__ == "__main__":
    unittest.main()
