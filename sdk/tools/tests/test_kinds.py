"""The compiler of kind files: python3 -m unittest discover -s sdk/tools/tests -t sdk/tools"""

import json
import os
import re
import subprocess
import sys
import tempfile
import unittest

from capstan_kinds.crd import compile_file, pluralise
from capstan_kinds.files import load
from capstan_kinds.notation import evaluate, parse_line
from capstan_kinds.problem import Problem

COMPILER = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../capstan-kinds")
HEAD = """
group: example.dev
versions: {v1beta1: deprecated, v1beta2: storage}
"""


def schema(line, version="v1beta2"):
    def unknown(name):
        raise Problem(f"type {name} is not defined", "")
    return evaluate(parse_line(line).for_version(version), unknown)[0]


def compile_text(text):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kinds.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return [crd for document in load(path) for crd in compile_file(document)]


def fields(crd, version="v1beta2"):
    found = next(each for each in crd["spec"]["versions"] if each["name"] == version)
    return found["schema"]["openAPIV3Schema"]["properties"]


class TypeLines(unittest.TestCase):
    def test_each_line_means_its_schema(self):
        table = [
            ("string", {"type": "string"}),
            ("string 1..63", {"type": "string", "minLength": 1, "maxLength": 63}),
            ("int32 0..", {"type": "integer", "format": "int32", "minimum": 0}),
            ("number 0.5..1.5", {"type": "number", "minimum": 0.5, "maximum": 1.5}),
            ("string /^[a-z]+$/", {"type": "string", "pattern": "^[a-z]+$"}),
            ("string /^a/b (c)$/", {"type": "string", "pattern": "^a/b (c)$"}),
            ("A|B", {"type": "string", "enum": ["A", "B"]}),
            ("Only|", {"type": "string", "enum": ["Only"]}),
            ("string 1..5 [] ..9 atomic", {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 5},
                                           "maxItems": 9, "x-kubernetes-list-type": "atomic"}),
            ("string [] set", {"type": "array", "items": {"type": "string"}, "x-kubernetes-list-type": "set"}),
            ("string [] []", {"type": "array", "items": {"type": "array", "items": {"type": "string"}}}),
            ("bool {}", {"type": "object", "additionalProperties": {"type": "boolean"}}),
            ("object open [] by name", {
                "type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
            ("time nullable", {"type": "string", "format": "date-time", "nullable": True}),
            ('string default="a b"', {"type": "string", "default": "a b"}),
            ('object default={"a":{"b":[1, 2]}}', {"type": "object", "default": {"a": {"b": [1, 2]}}}),
            ("string @v1beta2(1..) ..9", {"type": "string", "minLength": 1, "maxLength": 9}),
            ("string @v1beta1(1..) ..9", {"type": "string", "maxLength": 9}),
            ("string @v1beta2(/^(a|b)$/ 1..)", {"type": "string", "pattern": "^(a|b)$", "minLength": 1}),
            ("@v1beta1(string) @v1beta2(int32)", {"type": "integer", "format": "int32"}),
        ]
        for line, expected in table:
            with self.subTest(line):
                self.assertEqual(schema(line), expected)

    def test_a_description_starts_at_the_first_lone_equals_sign(self):
        line = parse_line('string default="=" /^a = b$/ = one = two')
        self.assertEqual(line.description, "one = two")

    def test_mistakes_say_what_was_expected(self):
        table = [
            ("strin", "expected a type first, found `strin`"),
            ("", "expected a type first, found none"),
            ("string many", "`many` is not a word of the notation here"),
            ("bool 1..2", "expected `1..2` after a string, number, list or object"),
            ("string by name", "expected `by` after a list"),
            ("string /open", "expected a slash that ends the pattern"),
            ("string default=nope", "expected JSON after `default=`"),
            ("string @v1beta2(1..", "expected a closing parenthesis"),
            ("Nothing", "type Nothing is not defined"),
        ]
        for line, expected in table:
            with self.subTest(line), self.assertRaises(Problem) as caught:
                schema(line)
            self.assertIn(expected, caught.exception.expected)


class Kinds(unittest.TestCase):
    def test_a_kind_becomes_a_definition(self):
        crd, = compile_text(HEAD + """
defaults: {categories: [cluster-api], labels: {a: b}}
kinds:
  Box:
    about: a box
    short: bx
    status: true
    scale: .spec.replicas .status.replicas .status.selector
    columns:
      - Size@v1beta2: integer .spec.size wide
      - Ready: condition Ready
      - Age: age
    fields:
      spec!:
        size: int32 1..9 = how big it is
        name@v1beta1: string
""")
        self.assertEqual(crd["metadata"]["name"], "boxes.example.dev")
        self.assertEqual(crd["metadata"]["labels"], {"a": "b"})
        self.assertEqual(crd["spec"]["names"], {
            "kind": "Box", "listKind": "BoxList", "plural": "boxes", "singular": "box", "shortNames": ["bx"],
            "categories": ["cluster-api"]})
        old, new = crd["spec"]["versions"]
        self.assertEqual((old["name"], old["served"], old["storage"], old["deprecated"]),
                         ("v1beta1", True, False, True))
        self.assertEqual((new["name"], new["served"], new["storage"], "deprecated" in new),
                         ("v1beta2", True, True, False))
        self.assertEqual(new["subresources"]["scale"]["labelSelectorPath"], ".status.selector")
        self.assertEqual([column["name"] for column in old["additionalPrinterColumns"]], ["Ready", "Age"])
        self.assertEqual(new["additionalPrinterColumns"][0], {
            "name": "Size", "type": "integer", "jsonPath": ".spec.size", "priority": 10})
        self.assertEqual(new["schema"]["openAPIV3Schema"]["required"], ["spec"])
        self.assertEqual(fields(crd)["spec"]["properties"], {
            "size": {"type": "integer", "format": "int32", "minimum": 1, "maximum": 9, "description": "how big it is"}})
        self.assertIn("name", fields(crd, "v1beta1")["spec"]["properties"])

    def test_types_are_shared_mixed_in_and_narrowed(self):
        crd, = compile_text(HEAD + """
types:
  Name@v1beta1: string
  Name@v1beta2: string 1..63
  Base: {name!: Name, size: int32}
  Item:
    _with: [Base]
    _without: [size]
    colour: Red|Blue
kinds:
  Box:
    fields:
      spec:
        items: Item [] 1.. by name
        more[]:
          _: ..5 atomic = further ones
          item: Item
        best: Item = the best one
        limits:
          _: object 1..
          _rules: [{rule: self.a <= self.b, message: a must not exceed b}]
          a: int32
          b: int32
""")
        spec = fields(crd)["spec"]["properties"]
        self.assertEqual(spec["items"]["items"], {
            "type": "object", "required": ["name"], "properties": {
                "name": {"type": "string", "minLength": 1, "maxLength": 63},
                "colour": {"type": "string", "enum": ["Red", "Blue"]}}})
        self.assertEqual(spec["items"]["x-kubernetes-list-map-keys"], ["name"])
        self.assertEqual((spec["more"]["maxItems"], spec["more"]["description"]), (5, "further ones"))
        self.assertEqual(spec["best"]["description"], "the best one")
        self.assertEqual(spec["limits"]["minProperties"], 1)
        self.assertEqual(spec["limits"]["x-kubernetes-validations"][0]["rule"], "self.a <= self.b")
        old = fields(crd, "v1beta1")["spec"]["properties"]["best"]["properties"]["name"]
        self.assertEqual(old, {"type": "string"})

    def test_plurals_follow_the_rules_of_english(self):
        self.assertEqual([pluralise(kind) for kind in ("Box", "Policy", "Key", "Class", "IPAddress", "Machine")],
                         ["boxes", "policies", "keys", "classes", "ipaddresses", "machines"])

    def test_mistakes_name_kind_field_and_remedy(self):
        table = [
            ("kinds: {Box: {feilds: {}}}", "Box: `feilds` is not a part of a kind"),
            ("kinds: {Box: {fields: {spec: {size: int33}}}}", "Box: spec.size: expected a type first"),
            ("kinds: {Box: {fields: {spec: {size: Size}}}}", "Box: spec.size: type Size is not defined for v1beta1"),
            ("types: {A: {b: B}, B: {a: A}}\nkinds: {Box: {fields: {spec: A}}}", "contains itself"),
            ("kinds: {Box: {scope: Nowhere}}", "Box: scope: expected Namespaced or Cluster"),
            ("kinds: {Box: {columns: [{Age: never}]}}", "Box: columns.Age: expected a type and a path"),
            ("kinds: {Box: {scale: .spec.replicas}}", "Box: scale: expected two or three paths"),
            ("kind: {}", "`kind` is not a part of a kind file"),
            ("use: [nowhere.yaml]\nkinds: {}", "use: `use` names nowhere.yaml"),
            ("kinds:\n  Box:\n    about: a: b", "expected YAML on line"),
            ("kinds: {Box: {fields: {spec: {a: string, a: int}}}}", "`a` is written twice"),
        ]
        for text, expected in table:
            with self.subTest(text), self.assertRaises(Problem) as caught:
                compile_text(HEAD + text)
            self.assertIn(expected, str(caught.exception))
            self.assertIn("kinds.yaml", str(caught.exception))
            self.assertGreater(len(caught.exception.remedy), 10)


class Conversions(unittest.TestCase):
    BOX = HEAD + """
conversions:
  Timeouts:
    - seconds wait <-> waitSeconds
kinds:
  Box:
    convert:
      v1beta1: %s
    fields:
      spec:
        wait@v1beta1: string
        waitSeconds@v1beta2: int32
        gone@v1beta1: string
        ok@v1beta1: bool
        count: int32
        fresh@v1beta2: string
        group@v1beta1: {label: string}
        label@v1beta2: string
        part: {_: object @v1beta2(1..), size: "@v1beta2(int32 1..) @v1beta1(int32)"}
        list: {_: object}
        items: "Item [] by name"
types:
  Item: {name!: string, extra@v1beta2: string}
"""

    def conversion(self, steps):
        crd, = compile_text(self.BOX % steps)
        return json.loads(crd["metadata"]["annotations"]["capstan.dev/conversion"])

    def test_steps_are_written_down_and_the_rest_follows_from_the_schemas(self):
        rules = self.conversion("[use Timeouts at spec, move spec.group.label <-> spec.label]")
        self.assertEqual(rules["hub"], "example.dev/v1beta2")
        spoke = rules["spokes"]["example.dev/v1beta1"]
        self.assertEqual(spoke["steps"], [
            {"do": "in", "spoke": ["spec"], "hub": ["spec"],
             "steps": [{"do": "seconds", "spoke": ["wait"], "hub": ["waitSeconds"]}]},
            {"do": "move", "spoke": ["spec", "group", "label"], "hub": ["spec", "label"]}])
        self.assertEqual(spoke["spokeShape"]["fields"]["spec"]["fields"], {
            "gone": {"drop": True}, "items": {"keys": ["name"]}, "ok": {"drop": True}})
        self.assertEqual(spoke["hubShape"]["fields"]["spec"]["fields"], {
            "fresh": {"drop": True},
            "group": {"leftover": True},
            "items": {"keys": ["name"], "items": {"fields": {"extra": {"drop": True}}}},
            "part": {"omit": True, "fields": {"size": {"omit": True}}}})

    def test_a_field_that_follows_from_a_number_leaves_that_where_it_is(self):
        rules = self.conversion("[positive spec.ok <-> spec.count]")
        spoke = rules["spokes"]["example.dev/v1beta1"]
        self.assertEqual(spoke["steps"], [{"do": "positive", "spoke": ["spec", "ok"], "hub": ["spec", "count"]}])
        self.assertEqual(spoke["spokeShape"]["fields"]["spec"]["fields"]["ok"], {"drop": True})
        self.assertNotIn("count", spoke["hubShape"]["fields"]["spec"]["fields"])

    def test_mistakes_name_the_step(self):
        table = [
            ("[go spec.wait]", "step `go spec.wait`: expected one of move"),
            ("[move spec.weight <-> spec.fresh]", "the converted version has no spec.weight"),
            ("[move spec.gone <-> spec.stale]", "the storage version has no spec.stale"),
            ("[move spec.wait <-> spec.waitSeconds]", "spec.wait is string in one version and integer"),
            ("[use Nothing at spec]", "no steps are called Nothing"),
            ('["move spec.items[].name"]', "expected [] and {} only at the end"),
            ("[move spec.gone <-> spec.fresh, move spec.gone <-> spec.label]", "each field in one step only"),
            ("[positive spec.ok <-> spec.fresh]", "spec.fresh is string, not integer"),
            ("[positive spec.gone <-> spec.count]", "spec.gone is string, not boolean"),
            ("[move spec.gone <-> spec.fresh quickly]", "`quickly` is unexpected"),
        ]
        for steps, expected in table:
            with self.subTest(steps), self.assertRaises(Problem) as caught:
                self.conversion(steps)
            self.assertIn(expected, str(caught.exception))
            self.assertIn("Box: convert.v1beta1", str(caught.exception))

    def test_a_field_of_two_types_needs_a_step(self):
        text = HEAD + 'kinds: {Box: {fields: {spec: {a: "@v1beta1(string) @v1beta2(int32)"}}}}'
        with self.assertRaises(Problem) as caught:
            compile_text(text)
        self.assertIn("spec.a is string in one version and integer in the storage version", str(caught.exception))


class Documentation(unittest.TestCase):
    def test_the_example_compiles(self):
        path = os.path.join(os.path.dirname(COMPILER), "../../docs/kinds.md")
        if not os.path.exists(path):
            self.skipTest("the SDK is installed without docs/kinds.md")
        with open(path, encoding="utf-8") as file:
            example = re.search(r"```yaml\n(group:.*?)```", file.read(), re.S).group(1)
        crd, = compile_text(example)
        self.assertEqual(crd["spec"]["names"]["kind"], "AcmeMachine")


class CommandLine(unittest.TestCase):
    def run_compiler(self, *arguments):
        return subprocess.run([sys.executable, COMPILER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, check=False)

    def test_output_is_the_same_every_time_and_names_its_inputs(self):
        with tempfile.TemporaryDirectory() as folder:
            path, out, deps = (os.path.join(folder, name) for name in ("box.yaml", "out.json", "out.d"))
            with open(path, "w", encoding="utf-8") as file:
                file.write(HEAD + "use: [capstan/common]\nkinds: {Box: {fields: {status: {c: Conditions}}}}")
            self.assertEqual(self.run_compiler("crds", path, "-o", out, "--depfile", deps).returncode, 0)
            with open(out, encoding="utf-8") as file:
                first = file.read()
            self.assertEqual(self.run_compiler("crds", path).stdout, first)
            with open(deps, encoding="utf-8") as file:
                self.assertIn("common.yaml", file.read())
            self.assertEqual(self.run_compiler("check", path).stdout, "boxes.example.dev: v1beta1, v1beta2\n")
            self.assertIn("kind: CustomResourceDefinition", self.run_compiler("yaml", path).stdout)

    def test_a_mistake_is_one_line_without_a_trace(self):
        result = self.run_compiler("check", "missing.yaml")
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, "missing.yaml: cannot be read: No such file or directory. Check the path.\n")


if __name__ == "__main__":
    unittest.main()
