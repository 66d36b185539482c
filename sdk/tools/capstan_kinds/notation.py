"""The notation of one type line: `string 1..63 /^[a-z]+$/ = what the field is for`.

A line is read from left to right. The first word names a type; every later word narrows what stands
before it, and `[]` or `{}` makes a list or a map of it: `string 1..512 [] 1..100 atomic` is a list of
one to a hundred strings of 1 to 512 bytes. `@v1beta2(...)` holds words that count in that version only.
"""

import copy
import json
import re

from .problem import Problem

QUANTITY = (
    r"^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$"
)
INT_OR_STRING = {
    "anyOf": [{"type": "integer"}, {"type": "string"}],
    "x-kubernetes-int-or-string": True,
}
BUILT_IN = {
    "string": {"type": "string"},
    "bool": {"type": "boolean"},
    "int": {"type": "integer"},
    "int32": {"type": "integer", "format": "int32"},
    "int64": {"type": "integer", "format": "int64"},
    "number": {"type": "number"},
    "time": {"type": "string", "format": "date-time"},
    "bytes": {"type": "string", "format": "byte"},
    "duration": {"type": "string"},
    "object": {"type": "object"},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
    "int-or-string": INT_OR_STRING,
    "quantity": {**INT_OR_STRING, "pattern": QUANTITY},
}
BOUNDS = {
    "string": ("minLength", "maxLength"),
    "integer": ("minimum", "maximum"),
    "number": ("minimum", "maximum"),
    "array": ("minItems", "maxItems"),
    "object": ("minProperties", "maxProperties"),
}
RANGE = re.compile(r"^(-?\d+(?:\.\d+)?)?\.\.(-?\d+(?:\.\d+)?)?$")
TYPE_NAME = re.compile(r"^[A-Z][A-Za-z0-9]*$")
VERSION = r"v\d+(?:(?:alpha|beta)\d+)?"
VERSION_GROUP = re.compile(rf"@({VERSION}(?:,{VERSION})*)\(")
ENUM = re.compile(r"^[^|\s]+\|(?:[^|\s]+(?:\|[^|\s]+)*)?$")


class Line:
    """A type line taken apart, for all versions at once."""

    def __init__(self, words, description):
        self.words = words
        self.description = description

    def for_version(self, version):
        """The words that count in `version`, with the version groups resolved."""
        words = []
        for word in self.words:
            if isinstance(word, tuple):
                versions, inner = word
                if version in versions:
                    words.extend(inner)
            else:
                words.append(word)
        return words


def parse_line(text):
    """`text` as a Line. A description starts at the first ` = ` outside of a pattern."""
    words, rest, description = [], text.strip(), None
    while rest:
        if rest == "=" or rest.startswith("= "):
            description = rest[1:].strip()
            break
        word, rest = _next_word(rest, text)
        words.append(word)
        rest = rest.lstrip()
    return Line(words, description)


def _next_word(rest, line):
    group = VERSION_GROUP.match(rest)
    if group:
        end = _closing_parenthesis(rest, group.end(), line)
        inner = parse_line(rest[group.end():end])
        return (group.group(1).split(","), inner.words), rest[end + 1:]
    if rest.startswith("/"):
        # The pattern ends at the first slash that a blank, or the end of its group, follows.
        end = re.search(r"/(?=\s|$)", rest[1:])
        if not end:
            raise Problem(f"expected a slash that ends the pattern in `{line}`",
                          "Write patterns as /^[a-z]+$/, followed by a blank or the end of the line.")
        return rest[:end.start() + 2], rest[end.start() + 2:]
    if rest.startswith("default="):
        try:
            _, length = json.JSONDecoder().raw_decode(rest[len("default="):])
        except ValueError:
            raise Problem(f"expected JSON after `default=` in `{line}`",
                          'Write default="text", default=3, default=true or default={"a":1}.')
        end = len("default=") + length
        return rest[:end], rest[end:]
    word = re.match(r"\S+", rest).group(0)
    return word, rest[len(word):]


def _closing_parenthesis(rest, start, line):
    depth, position, in_pattern = 1, start, False
    while position < len(rest):
        character = rest[position]
        before = rest[position - 1]
        after = rest[position + 1:position + 2]
        if in_pattern:
            in_pattern = not (character == "/" and after in ("", " ", ")"))
        elif character == "/" and before in " (":
            in_pattern = True
        elif character == "(":
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise Problem(f"expected a closing parenthesis in `{line}`",
                  "Write what counts in one version only as @v1beta2(1.. atomic).")


def evaluate(words, resolve, base=None):
    """The schema that `words` (of one version) describe, and whether the field is required.

    `resolve` gives the schema of a named type; `base` is the schema to narrow where the words name no
    type, as in the `_` line of an object.
    """
    words = list(words)
    required = False
    node, words = _first_type(words, resolve, base)
    while words:
        word = words.pop(0)
        if word == "required":
            required = True
        elif word == "[]":
            node = {"type": "array", "items": node}
        elif word == "{}":
            node = {"type": "object", "additionalProperties": node}
        elif word == "by":
            if not words or node.get("type") != "array":
                raise Problem("expected `by` after a list, followed by the fields that identify an item",
                              "Write for example `Taint [] ..64 by key,effect`.")
            node["x-kubernetes-list-type"] = "map"
            node["x-kubernetes-list-map-keys"] = words.pop(0).split(",")
        else:
            _narrow(node, word)
    return node, required


def _first_type(words, resolve, base):
    first = words[0] if words else None
    if base is not None and first == base.get("type"):
        return base, words[1:]
    if first in BUILT_IN:
        return copy.deepcopy(BUILT_IN[first]), words[1:]
    if first and TYPE_NAME.match(first):
        return resolve(first), words[1:]
    if first and not first.startswith(("/", "default=", "@")) and ENUM.match(first):
        return {"type": "string"}, words
    if base is None:
        found = f"found `{first}`" if first else "found none"
        raise Problem(f"expected a type first, {found}",
                      "Begin with a built-in type (" + ", ".join(sorted(BUILT_IN)) +
                      "), a named type such as ObjectReference, or an enumeration such as A|B.")
    return base, words


def _narrow(node, word):
    kind = node.get("type")
    bounds = RANGE.match(word)
    if bounds and word != "..":
        if kind not in BOUNDS:
            raise Problem(f"expected `{word}` after a string, number, list or object",
                          "A range narrows what stands before it.")
        for key, text in zip(BOUNDS[kind], bounds.groups()):
            if text is not None:
                node[key] = float(text) if "." in text else int(text)
    elif word.startswith("/") and word.endswith("/") and len(word) > 2:
        node["pattern"] = word[1:-1]
    elif word.startswith("default="):
        node["default"] = json.loads(word[len("default="):])
    elif word.startswith("format="):
        node["format"] = word[len("format="):]
    elif word == "nullable":
        node["nullable"] = True
    elif word == "open":
        node["x-kubernetes-preserve-unknown-fields"] = True
    elif word == "embedded":
        node["x-kubernetes-embedded-resource"] = True
    elif word in ("atomic", "set", "granular") and kind in ("array", "object"):
        key = "x-kubernetes-list-type" if kind == "array" else "x-kubernetes-map-type"
        node[key] = word
    elif ENUM.match(word):
        node["enum"] = [value for value in word.split("|") if value]
    else:
        raise Problem(f"`{word}` is not a word of the notation here",
                      "Known are: a range 1..63, a /pattern/, [] and {}, atomic, set, by KEYS, default=JSON, "
                      "format=NAME, nullable, open, embedded, required, A|B and @VERSION(...).")
