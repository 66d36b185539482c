"""Reading kind files, and finding the named types and conversions that a file can see."""

import os
import re

import yaml

from .notation import VERSION
from .problem import Problem

LIBRARY = os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../kinds"))
TOP_LEVEL = {"group", "builtin", "use", "versions", "defaults", "types", "conversions", "kinds"}
MARKED = re.compile(rf"^(.+?)(?:@({VERSION}(?:,{VERSION})*))?$")


class _Loader(yaml.SafeLoader):
    """YAML with strings, numbers and booleans only, that refuses a key written twice."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise Problem(f"expected text as a key on line {key_node.start_mark.line + 1}, found `{key}`",
                              f'Put it in quotes: "{key_node.value}".')
            if key in seen:
                raise Problem(f"`{key}` is written twice (line {key_node.start_mark.line + 1})",
                              "Remove one of the two, or mark them for different versions with @VERSION.")
            seen.add(key)
        return super().construct_mapping(node, deep)


# Words such as `yes`, `on` and times stay text: only true, false and numbers are more than that.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def split_marker(key):
    """`name@v1beta1,v1beta2` as the name and its versions; None stands for all versions."""
    name, versions = MARKED.match(key).groups()
    return name, versions.split(",") if versions else None


def load(path, loading=()):
    """The kind files in `path`: one for each YAML document."""
    if os.path.realpath(path) in loading:
        raise Problem("the file uses itself, directly or through another",
                      "Move what both files need to a third file.", file=path)
    loading = (*loading, os.path.realpath(path))
    documents = [KindFile(path, content, loading) for content in _read(path)]
    for document in documents:
        document.siblings = documents
    return documents


def _read(path):
    try:
        with open(path, encoding="utf-8") as file:
            return list(yaml.load_all(file, _Loader))
    except OSError as error:
        raise Problem(f"cannot be read: {error.strerror}", "Check the path.", file=path)
    except Problem as problem:
        raise problem.at(file=path)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" on line {mark.line + 1}" if mark else ""
        raise Problem(f"expected YAML{line}: {getattr(error, 'problem', error)}",
                      "Put text that has a colon followed by a blank, or ` #`, in quotes.", file=path)


class KindFile:
    """A document of a kind file and, through `use`, those whose types and conversions it borrows."""

    def __init__(self, path, content, loading):
        self.path = path
        self.content = content
        self.siblings = [self]
        if not isinstance(content, dict):
            raise Problem("expected a mapping with `kinds` or `types`", "See docs/kinds.md.", file=path)
        unknown = sorted(set(content) - TOP_LEVEL)
        if unknown:
            raise Problem(f"`{unknown[0]}` is not a part of a kind file",
                          "Known are: " + ", ".join(sorted(TOP_LEVEL)) + ".", file=path)
        self.used = [used for name in content.get("use") or [] for used in load(self._find(name), loading)]

    @property
    def kinds(self):
        return self.content.get("kinds") or {}

    def find(self, section, name, version=None):
        """The definition `name` of `types` or `conversions` for `version`, and the file that has it."""
        for key, definition in (self.content.get(section) or {}).items():
            found, versions = split_marker(key)
            if found == name and (versions is None or version in versions):
                return definition, self
        for used in self.used:
            definition, owner = used.find(section, name, version)
            if owner:
                return definition, owner
        return None, None

    def names(self, section):
        """All names that this file can use of `section`, for messages."""
        names = {split_marker(key)[0] for key in self.content.get(section) or {}}
        for used in self.used:
            names |= used.names(section)
        return names

    def inputs(self):
        """All files that the outcome depends on."""
        paths = [self.path]
        for used in self.used:
            paths.extend(used.inputs())
        return list(dict.fromkeys(paths))

    def _find(self, name):
        if name.startswith("capstan/"):
            path = os.path.join(LIBRARY, name[len("capstan/"):] + ".yaml")
        else:
            path = os.path.join(os.path.dirname(self.path), name)
        if not os.path.exists(path):
            raise Problem(f"`use` names {name}, which is not at {path}",
                          "Name a file relative to this one, or capstan/NAME for one of the SDK's.",
                          file=self.path, field="use")
        return path
