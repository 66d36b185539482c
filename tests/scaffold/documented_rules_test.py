"""The rules that the conformance kit cites are those of abi.h, and docs/abi.md has each with the
cases that check it."""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

BUILD = pathlib.Path(os.environ["CAPSTAN_BUILD_DIR"])
ROOT = pathlib.Path(__file__).resolve().parents[2]
KIT = BUILD / "bin/capstan-conformance"
PLUGIN = BUILD / "lib/capstan/plugins/memory.so"


def numbers(text):
    return [int(number) for number in re.findall(r"\d+", text)]


class DocumentedRulesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        header = (ROOT / "sdk/include/capstan/abi.h").read_text()
        cls.in_header = [int(n) for n in re.findall(r"(?m)^ \*\s+(\d+)\. ", header)]
        rules = (ROOT / "docs/abi.md").read_text().split("## The rules")[1].split("\n## ")[0]
        cls.documented = {int(n): text for n, text in
                          re.findall(r"(?ms)^(\d+)\. (.*?)(?=^\d+\. |\Z)", rules)}
        listed = subprocess.run([KIT, PLUGIN, "--list", "--level", "10", "-o", "json"],
                                stdout=subprocess.PIPE, text=True, check=True).stdout
        cls.cases = {case["id"].split("/")[0]: case["rule"] for case in json.loads(listed)}

    def test_the_rules_of_the_document_are_those_of_the_header(self):
        self.assertEqual(self.in_header, list(range(1, len(self.in_header) + 1)))
        self.assertEqual(sorted(self.documented), self.in_header)

    def test_the_kit_cites_rules_that_there_are(self):
        for case, rule in self.cases.items():
            for cited in re.findall(r"conventions? ([\d and,]+)", rule):
                self.assertLessEqual(set(numbers(cited)), set(self.in_header), case)

    def test_each_case_of_a_rule_is_named_at_it(self):
        for number, text in self.documented.items():
            named = set(re.findall(r"`([a-z]+-[a-z0-9-]+)`", text)) & set(self.cases)
            cited = {case for case, rule in self.cases.items()
                     for part in re.findall(r"conventions? ([\d and,]+)", rule)
                     if number in numbers(part)}
            self.assertLessEqual(cited - named, set(), f"rule {number} lacks {cited - named}")

    def test_each_case_that_is_named_exists(self):
        for number, text in self.documented.items():
            for part in re.findall(r"(?s)\*Checked by\*(.*)", text):
                named = set(re.findall(r"`([a-z]+-[a-z0-9-]+)`", part))
                groups = {case.split("-")[0] for case in self.cases}
                known = {name for name in named if name.split("-")[0] in groups}
                self.assertLessEqual(known, set(self.cases), f"rule {number}")


if __name__ == "__main__":
    if not KIT.exists() or not PLUGIN.exists():
        print(f"skipped: {KIT} or {PLUGIN} is not built")
        sys.exit(77)
    unittest.main()
