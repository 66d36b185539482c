"""A kind of a kind file to its CustomResourceDefinition."""

import json
import re

from .files import split_marker
from .notation import parse_line
from .problem import Problem
from .schema import SchemaBuilder
from .shapes import compile_conversion

KIND_KEYS = {"about", "plural", "singular", "list", "short", "categories", "scope", "labels", "annotations",
             "versions", "status", "scale", "columns", "fields", "convert", "stored-as"}
VERSION_WORDS = {"storage", "deprecated", "unserved"}
COLUMN_TYPES = {"string", "integer", "number", "boolean", "date"}
CONVERSION = "capstan.dev/conversion"
STORED_AS = "capstan.dev/stored-as"
BUILTIN = "capstan.dev/builtin"
COMPUTE = "compute"


def compile_file(kind_file):
    """The CustomResourceDefinitions of all kinds of a file, in the order of their names."""
    definitions = []
    for name, definition in kind_file.kinds.items():
        try:
            definitions.append(KindCompiler(kind_file, name, definition).compile())
        except Problem as problem:
            raise problem.at(file=kind_file.path, kind=name)
    return sorted(definitions, key=lambda crd: crd["metadata"]["name"])


def pluralise(kind):
    """The lower-case plural, by the rules that fit nearly all kinds; `plural` overrides it."""
    word = kind.lower()
    if re.search(r"(s|x|z|ch|sh)$", word):
        return word + "es"
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + "s"


class KindCompiler:
    """Compiles one kind. `defaults` of the file stand in for what the kind does not say itself."""

    def __init__(self, kind_file, name, definition):
        self.kind_file = kind_file
        self.name = name
        self.definition = definition
        self.defaults = kind_file.content.get("defaults") or {}
        unknown = sorted({split_marker(key)[0] for key in (*definition, *self.defaults)} - KIND_KEYS)
        if unknown:
            raise Problem(f"`{unknown[0]}` is not a part of a kind",
                          "Known are: " + ", ".join(sorted(KIND_KEYS)) + ".")
        self.group = kind_file.content.get("group")
        if self.group is None:
            raise Problem("expected `group` at the top of the file", 'Write `group: NAME`, or "" for core/v1.')
        self.versions = self._versions()

    def compile(self):
        names = self._names()
        full_name = f"{names['plural']}.{self.group}" if self.group else names["plural"]
        schemas = {version: self.schema(version) for version in self.versions}
        versions = [self._version(version, schemas[version]) for version in self.versions]
        metadata = {"name": full_name}
        annotations = self._annotations(schemas)
        if annotations:
            metadata["annotations"] = annotations
        labels = {**(self.defaults.get("labels") or {}), **(self.definition.get("labels") or {})}
        if labels:
            metadata["labels"] = labels
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": metadata,
            "spec": {"group": self.group, "names": names, "scope": self._scope(), "versions": versions},
        }

    def _get(self, key, version=None, default=None):
        """What the kind, or else the file's defaults, say under `key` or `key@version`."""
        for source in (self.definition, self.defaults):
            for written, value in source.items():
                name, versions = split_marker(written)
                if name == key and (versions is None or version in versions):
                    return value
        return default

    def _versions(self):
        versions = self.definition.get("versions") or self.kind_file.content.get("versions")
        if not isinstance(versions, dict) or not versions:
            raise Problem("expected `versions`", "Write `versions: {v1beta1: deprecated, v1beta2: storage}`.")
        words = {}
        for version, text in versions.items():
            line, _, warning = (text or "").partition(" = ")
            words[version] = (set(line.split()), warning.strip())
            unknown = words[version][0] - VERSION_WORDS
            if unknown:
                raise Problem(f"`{sorted(unknown)[0]}` says nothing about a version",
                              "Known are: storage, unserved, deprecated, and `deprecated = WARNING`.",
                              field=f"versions.{version}")
        if len(words) == 1:
            next(iter(words.values()))[0].add("storage")
        if sum("storage" in word for word, _ in words.values()) != 1:
            raise Problem("expected one version that is marked `storage`",
                          "Mark the version in which objects are kept.", field="versions")
        return words

    @property
    def hub(self):
        return next(version for version, (words, _) in self.versions.items() if "storage" in words)

    def _names(self):
        plural = self.definition.get("plural") or pluralise(self.name)
        names = {
            "kind": self.name,
            "listKind": self.definition.get("list") or self.name + "List",
            "plural": plural,
            "singular": self.definition.get("singular") or self.name.lower(),
        }
        short = self._get("short")
        if short:
            names["shortNames"] = short if isinstance(short, list) else short.split()
        categories = self._get("categories")
        if categories:
            names["categories"] = categories
        return names

    def _scope(self):
        scope = self._get("scope", default="Namespaced")
        if scope not in ("Namespaced", "Cluster"):
            raise Problem(f"expected Namespaced or Cluster, found `{scope}`", "Write one of them.", field="scope")
        return scope

    def schema(self, version):
        """The structural schema of one version."""
        builder = SchemaBuilder(self.kind_file, version)
        try:
            schema, _ = builder.build(self.definition.get("fields") or {})
        except Problem as problem:
            raise problem.at(field=version)
        schema["properties"] = {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            **schema.get("properties", {}),
        }
        if self.definition.get("about"):
            schema["description"] = self.definition["about"]
        return schema

    def _version(self, version, schema):
        words, warning = self.versions[version]
        result = {
            "name": version,
            "served": "unserved" not in words,
            "storage": "storage" in words,
            "schema": {"openAPIV3Schema": schema},
        }
        if "deprecated" in words:
            result["deprecated"] = True
            if warning:
                result["deprecationWarning"] = warning
        subresources = {}
        if self._get("status", version, False):
            subresources["status"] = {}
        scale = self._get("scale", version)
        if scale:
            paths = scale.split()
            keys = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
            if not 2 <= len(paths) <= 3:
                raise Problem("expected two or three paths",
                              "Write `scale: .spec.replicas .status.replicas .status.selector`.", field="scale")
            subresources["scale"] = dict(zip(keys, paths))
        if subresources:
            result["subresources"] = subresources
        columns = [self._column(column) for column in self._columns(version)]
        if columns:
            result["additionalPrinterColumns"] = columns
        return result

    def _columns(self, version):
        for column in self._get("columns", version) or []:
            if not isinstance(column, dict) or len(column) != 1:
                raise Problem(f"expected one `NAME: TYPE PATH` in each column, found `{column}`",
                              "Write `- Phase: string .status.phase`.", field="columns")
            written, text = next(iter(column.items()))
            name, versions = split_marker(written)
            if versions is None or version in versions:
                yield name, text

    def _column(self, column):
        name, text = column
        line = parse_line(text)
        words = [word for word in line.words if isinstance(word, str)]
        result = {"name": name}
        if words and words[0] == "age":
            result.update(type="date", jsonPath=".metadata.creationTimestamp")
            words = words[1:]
        elif len(words) > 1 and words[0] == "condition":
            path = f'.status.conditions[?(@.type=="{words[1]}")].status'
            result.update(type="string", jsonPath=path)
            words = words[2:]
        elif len(words) > 1 and words[0] in COLUMN_TYPES:
            result.update(type=words[0], jsonPath="")
            if words[1].startswith("."):
                result["jsonPath"] = words[1]
                words = words[1:]
            words = words[1:]
        else:
            raise Problem(f"expected a type and a path in `{text}`",
                          "Write `string .status.phase`, `condition Ready` or `age`.", field=f"columns.{name}")
        for word in words:
            if word == "wide":
                result["priority"] = 10
            elif re.match(r"^priority=\d+$", word):
                result["priority"] = int(word[len("priority="):])
            elif word.startswith("compute="):
                result[COMPUTE] = word[len("compute="):]
            elif word.startswith("format="):
                result["format"] = word[len("format="):]
            else:
                raise Problem(f"`{word}` says nothing about a column",
                              "Known are: wide, priority=N, format=NAME and compute=NAME.", field=f"columns.{name}")
        if line.description:
            result["description"] = line.description
        return result

    def _annotations(self, schemas):
        annotations = {**(self.defaults.get("annotations") or {}), **(self.definition.get("annotations") or {})}
        if self.kind_file.content.get("builtin"):
            annotations[BUILTIN] = "true"
        stored_as = self.definition.get("stored-as")
        if stored_as:
            annotations[STORED_AS] = stored_as
        conversion = compile_conversion(self, schemas)
        if conversion:
            annotations[CONVERSION] = json.dumps(conversion, sort_keys=True, separators=(",", ":"))
        return annotations
