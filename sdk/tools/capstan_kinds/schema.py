"""Type definitions to structural schemas, for one version, with all named types expanded."""

import copy
import re

from .files import split_marker
from .notation import evaluate, parse_line
from .problem import Problem

FIELD = re.compile(r"^([A-Za-z$][A-Za-z0-9$_./-]*)((?:\[\]|\{\})*)(!?)$")
OWN_KEYS = {"_", "_with", "_without", "_rules", "_schema"}


class SchemaBuilder:
    """Builds the schemas of one version of the kinds in one file.

    Named types are built once and copied where they are used, since each use may narrow its copy.
    """

    def __init__(self, kind_file, version):
        self.kind_file = kind_file
        self.version = version
        self._built = {}
        self._building = []

    def build(self, definition, field=None):
        """The schema of a type line or of a mapping of fields, its description, and whether required."""
        try:
            if isinstance(definition, str):
                line = parse_line(definition)
                node, required = evaluate(line.for_version(self.version), self.named)
                return self._described(node, line), required
            if isinstance(definition, dict):
                return self._object(definition)
        except Problem as problem:
            raise problem.at(field=field)
        raise Problem(f"expected a type line or a mapping of fields, found `{definition}`",
                      "Write `name: string ..63 = what it is for`.", field=field)

    def named(self, name):
        """A copy of the schema of the named type `name`."""
        if name in self._building:
            raise Problem(f"type {name} contains itself",
                          "A structural schema has an end: use `object open` where any depth is allowed.")
        if name not in self._built:
            definition, owner = self.kind_file.find("types", name, self.version)
            if owner is None:
                raise Problem(f"type {name} is not defined for {self.version}", self._suggest(name))
            self._building.append(name)
            try:
                self._built[name] = self.build(definition)[0]
            except Problem as problem:
                raise problem.at(field=f"type {name}")
            finally:
                self._building.pop()
        return copy.deepcopy(self._built[name])

    def _suggest(self, name):
        names = sorted(self.kind_file.names("types"))
        near = [known for known in names if known.lower() == name.lower() or known[:4] == name[:4]]
        known = ", ".join(near or names) or "none"
        return f"Define it under `types`, or `use` the file that does; known here: {known}."

    def _described(self, node, line):
        if line.description:
            node["description"] = line.description
        return node

    def _object(self, definition):
        base = {"type": "object"}
        node, required, line = base, False, None
        for key, value in definition.items():
            name, versions = split_marker(key)
            if name == "_" and (versions is None or self.version in versions):
                line = parse_line(value)
        fields = self._fields(definition)
        if fields:
            base["properties"] = {name: schema for name, (schema, _) in fields.items()}
            names = sorted(name for name, (_, needed) in fields.items() if needed)
            if names:
                base["required"] = names
        if line:
            node, required = evaluate(line.for_version(self.version), self.named, base)
            if fields and node.get("properties") is not base.get("properties"):
                raise Problem("expected `object` in `_` beside fields", "Drop the other type, or the fields.")
            self._described(node, line)
        self._extras(definition, node)
        return node, required

    def _fields(self, definition):
        """The fields of an object with those that it takes from other types, as name -> (schema, required)."""
        fields = {}
        for name in definition.get("_with") or []:
            other = self.named(name)
            for field, schema in other.get("properties", {}).items():
                fields[field] = (schema, field in other.get("required", []))
        for field in definition.get("_without") or []:
            if fields.pop(field, None) is None:
                raise Problem(f"`_without` names {field}, which is in no type of `_with`", "Remove the name.")
        for key, value in definition.items():
            name, versions = split_marker(key)
            if name in OWN_KEYS or (versions is not None and self.version not in versions):
                continue
            parts = FIELD.match(name)
            if not parts:
                raise Problem(f"`{key}` is not a field name or one of {', '.join(sorted(OWN_KEYS))}",
                              "Write NAME, NAME! where it is required, NAME[] or NAME{} for a list or map "
                              "of the fields below it, and NAME@v1beta1 where one version has it.")
            name, wraps, mark = parts.groups()
            fields[name] = self._field(name, wraps, mark, value)
        return fields

    def _field(self, name, wraps, mark, value):
        try:
            if wraps:
                schema, required = self._wrapped(wraps, value)
            else:
                schema, required = self.build(value)
            return schema, required or bool(mark)
        except Problem as problem:
            problem.field = name + ("." + problem.field if problem.field else "")
            raise

    def _wrapped(self, wraps, value):
        """`taints[]:` with fields below: the fields are an item's, the `_` line is the list's."""
        if not isinstance(value, dict):
            raise Problem("expected fields below a name that ends in [] or {}",
                          f"Write the type line without it: `string {wraps}`.")
        inner = {key: part for key, part in value.items() if split_marker(key)[0] != "_"}
        node, _ = self.build(inner)
        for wrap in re.findall(r"\[\]|\{\}", wraps):
            node = ({"type": "array", "items": node} if wrap == "[]" else
                    {"type": "object", "additionalProperties": node})
        for key, text in value.items():
            name, versions = split_marker(key)
            if name == "_" and (versions is None or self.version in versions):
                line = parse_line(text)
                node, required = evaluate(line.for_version(self.version), self.named, node)
                return self._described(node, line), required
        return node, False

    def _extras(self, definition, node):
        for key, value in definition.items():
            name, versions = split_marker(key)
            if versions is not None and self.version not in versions:
                continue
            if name == "_rules":
                node["x-kubernetes-validations"] = [self._rule(rule) for rule in value]
            elif name == "_schema":
                node.update(copy.deepcopy(value))

    def _rule(self, rule):
        if not isinstance(rule, dict) or not isinstance(rule.get("rule"), str):
            raise Problem("expected `rule` and `message` in each of `_rules`",
                          "Write {rule: \"self.a <= self.b\", message: a must not exceed b}.")
        return dict(rule)
