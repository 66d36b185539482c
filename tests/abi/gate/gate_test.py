"""The ABI's gate: what the headers declare, compared with the baseline of version 1.0 by libabigail.

The gate itself is tested too: a table that grows at its end passes, anything else does not."""

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from xml.etree import ElementTree

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = os.path.normpath(os.path.join(HERE, "../../../sdk/include/capstan"))
BASELINE = os.path.join(HERE, "abi-1.0.xml")
COMPILER = os.environ.get("CC", "cc")


def compile_probe(headers, folder):
    library = os.path.join(folder, "probe.so")
    include = os.path.join(folder, "include")
    shutil.copytree(headers, os.path.join(include, "capstan"), dirs_exist_ok=True)
    subprocess.run([COMPILER, "-std=gnu11", "-g", "-shared", "-fPIC", "-I", include,
                    os.path.join(HERE, "probe.c"), "-o", library], check=True)
    return library


def describe(library):
    return subprocess.run(["abidw", "--no-show-locs", "--no-comp-dir-path", "--no-corpus-path",
                           library], stdout=subprocess.PIPE, text=True, check=True).stdout


def write_baseline():
    """The description that is checked in: run this once for a new major version."""
    with tempfile.TemporaryDirectory() as folder:
        library = compile_probe(HEADERS, folder)
        text = re.sub(r"path='[^']*/", "path='", describe(library))
        with open(BASELINE, "w", encoding="utf-8") as file:
            file.write(text)


class Description:
    """What abidw writes, with every type spelled out."""

    def __init__(self, text):
        self.root = ElementTree.fromstring(text)
        self.types = {node.get("id"): node for node in self.root.iter() if node.get("id")}

    def structs(self):
        """{name: [(member, offset, type)]}"""
        out = {}
        for node in self.root.iter("class-decl"):
            if node.get("is-declaration-only") == "yes" or not node.get("name"):
                continue
            out[node.get("name")] = [
                (member.find("var-decl").get("name"), int(member.get("layout-offset-in-bits")),
                 self.spell(member.find("var-decl").get("type-id")))
                for member in node.iter("data-member")]
        return out

    def functions(self):
        return {node.get("name"): self.spell_function(node)
                for node in self.root.iter("function-decl")}

    def spell(self, type_id):
        node = self.types[type_id]
        if node.tag in ("typedef-decl", "qualified-type-def", "pointer-type-def"):
            inner = self.spell(node.get("type-id"))
            mark = {"typedef-decl": node.get("name"), "pointer-type-def": "*",
                    "qualified-type-def": "const"}[node.tag]
            return f"{mark}({inner})"
        if node.tag == "function-type":
            return self.spell_function(node)
        size = node.get("size-in-bits") if node.tag == "type-decl" else ""
        return f"{node.get('name')}{':' + size if size else ''}"

    def spell_function(self, node):
        arguments = [self.spell(p.get("type-id")) for p in node.findall("parameter")]
        result = node.find("return")
        return f"{self.spell(result.get('type-id'))} from ({', '.join(arguments)})"


def judge(old, new):
    """"" where every struct of `old` is the beginning of the one in `new`, else what is not."""
    if old.functions() != new.functions():
        return f"functions differ: {set(old.functions().items()) ^ set(new.functions().items())}"
    now = new.structs()
    for name, members in old.structs().items():
        seen = now.get(name, [])
        if name in NEVER_GROW and len(seen) != len(members):
            return f"{name} is passed by value and may not grow"
        for index, member in enumerate(members):
            if index >= len(seen) or seen[index] != member:
                return f"{name}: expected {member}, saw {seen[index:index + 1] or 'nothing'}"
    return ""


# Passed by value or embedded in other tables.
NEVER_GROW = ("capstan_str",)


def difference(library):
    """"" where abidiff sees no change, or only tables that grew at their end; else its words."""
    run = subprocess.run(["abidiff", BASELINE, library], stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode == 0:
        return ""
    # abidiff's own suppression for growth at the end also hides members that go or change.
    with open(BASELINE, encoding="utf-8") as file:
        old = Description(file.read())
    what = judge(old, Description(describe(library)))
    return what + "\n" + run.stdout if what else ""


class GateTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)

    def changed(self, pattern, replacement, header="abi.h"):
        """abidiff's words for headers in which the pattern was replaced."""
        headers = os.path.join(self.folder, "headers")
        shutil.copytree(HEADERS, headers)
        path = os.path.join(headers, header)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        changed, count = re.subn(pattern, replacement, text, count=1)
        self.assertEqual(count, 1, f"the test's pattern {pattern} is not in {header} any more")
        with open(path, "w", encoding="utf-8") as file:
            file.write(changed)
        return difference(compile_probe(headers, self.folder))

    def test_the_headers_keep_the_baseline(self):
        self.assertEqual(difference(compile_probe(HEADERS, self.folder)), "")

    def test_a_table_may_grow_at_its_end(self):
        self.assertEqual(self.changed(r"\} capstan_plugin;",
                                      "void (*later)(void* self);\n} capstan_plugin;"), "")

    def test_an_extension_s_table_may_grow_at_its_end(self):
        self.assertEqual(self.changed(r"\} capstan_objects;",
                                      "void (*later)(void* ctx);\n} capstan_objects;",
                                      "ext/services.h"), "")

    def test_a_member_in_between_is_refused(self):
        self.assertIn("capstan_plugin", self.changed(
            r"(  capstan_status \(\*activate\))", r"  void (*before)(void* self);\n\1"))

    def test_a_member_that_goes_is_refused(self):
        self.assertIn("capstan_call", self.changed(r"  uint32_t attempt;[^\n]*\n", ""))

    def test_members_that_change_places_are_refused(self):
        self.assertIn("capstan_host", self.changed(
            r"(  uint32_t struct_size;\n)(  uint32_t abi_minor;[^\n]*\n)(  void\* ctx;\n)",
            r"\1\3\2"))

    def test_another_type_is_refused(self):
        self.assertIn("capstan_diagnostic", self.changed(
            r"int64_t retry_after_ms;", "int32_t retry_after_ms;"))

    def test_other_arguments_are_refused(self):
        self.assertIn("destroy", self.changed(
            r"void \(\*destroy\)\(void\* self\);", "void (*destroy)(void* self, int32_t how);"))

    def test_a_text_that_grows_is_refused(self):
        self.assertIn("capstan_str", self.changed(
            r"\} capstan_str;", "uint64_t capacity;\n} capstan_str;"))


if __name__ == "__main__":
    if "--write-baseline" in sys.argv:
        write_baseline()
        sys.exit(0)
    if shutil.which("abidiff") is None or platform.machine() != "x86_64":
        print("skipped: needs abidiff (package abigail-tools) on x86-64, whose layout the baseline has")
        sys.exit(77)
    unittest.main()
