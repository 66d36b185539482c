"""Conversion steps: how an author writes them, and their compiled form.

A step reads `VERB OLD <-> NEW WORDS`: OLD is a path in the version that is converted, NEW one in the
storage version; without `<-> NEW` both are the same. In a path, `[]` stands for each item of a list and
`{}` for each value of a map.

    move A <-> B                        the value, as it is
    seconds A <-> B [& C]               a duration such as 10m becomes seconds; C gets them as well
    reference A [<-> B]                 an ObjectReference becomes {apiGroup, kind, name}
    reference A <-> B keeping apiVersion    ... becomes {apiVersion, kind, name}
    reference A as v1 Node              ... becomes {name}
    named A [<-> B] [key=K] [value=V]   a map becomes a list whose items have their name under K; with V
                                        the values are scalars, kept under V
    positive A <-> B                    the way back says at A whether the number at B is above 0; B is
                                        not moved, and what A says is not taken over
    use NAME [at A [<-> B]]             the steps of that name under `conversions`, below A and B
    in A [<-> B]: STEPS                 the steps below A and B
"""

import re

from .problem import Problem

VERBS = ("move", "seconds", "reference", "named", "positive", "use", "in")
SEGMENT = re.compile(r"^[A-Za-z0-9$_/-]+((?:\[\]|\{\})*)$")


class Step:
    """One step; `old` and `new` are paths as tuples, relative to the step that holds this one."""

    def __init__(self, verb, old, new, text, **options):
        self.verb = verb
        self.old = old
        self.new = new
        self.text = text
        self.also = options.pop("also", [])
        self.steps = options.pop("steps", [])
        self.options = options

    def compiled(self):
        """The step as the engine reads it."""
        old, each = split_wraps(self.old)
        new, _ = split_wraps(self.new)
        result = {"do": self.verb, "spoke": list(old), "hub": list(new), **self.options}
        if each:
            result["each"] = list(each)
        if self.also:
            result["also"] = [list(path) for path in self.also]
        if self.steps:
            result["steps"] = [step.compiled() for step in self.steps]
        return result


def parse_steps(written, kind_file, using=()):
    """The steps of a list, with `use` resolved through `kind_file`."""
    if not isinstance(written, list):
        raise Problem(f"expected a list of steps, found `{written}`", "Write `- move OLD <-> NEW`.")
    steps = []
    for item in written:
        if isinstance(item, dict) and len(item) == 1:
            text, inner = next(iter(item.items()))
        else:
            text, inner = item, None
        try:
            steps.extend(_parse_step(text, inner, kind_file, using))
        except Problem as problem:
            raise problem.at(field=f"step `{text}`")
    return steps


def _parse_step(text, inner, kind_file, using):
    if not isinstance(text, str) or text.split(" ", 1)[0] not in VERBS:
        raise Problem(f"expected one of {', '.join(VERBS)} first", "Write for example `move OLD <-> NEW`.")
    verb, *words = text.split()
    if verb == "use":
        return _use(words, text, kind_file, using)
    if (inner is not None) != (verb == "in"):
        raise Problem("expected steps below `in`, and below nothing else",
                      "Write `- in PATH:` and the steps below it.")
    old, new, also, words = _paths(words)
    _check_wraps(verb, old, new, also)
    if verb == "in":
        return [Step("in", old, new, text, steps=parse_steps(inner, kind_file, using))]
    return [Step(verb, old, new, text, also=also, **_options(verb, words))]


def _use(words, text, kind_file, using):
    if not words or (len(words) > 1 and words[1] != "at") or len(words) == 2:
        raise Problem("expected a name, and `at PATH` where the steps are not for the place itself",
                      "Write `use MachineSpec at spec`.")
    name = words[0]
    if name in using:
        raise Problem(f"the steps {name} use themselves", "Take one of the uses out.")
    written, owner = kind_file.find("conversions", name)
    if owner is None:
        known = ", ".join(sorted(kind_file.names("conversions"))) or "none"
        raise Problem(f"no steps are called {name}", f"Define them under `conversions`; known here: {known}.")
    steps = parse_steps(written, owner, (*using, name))
    if len(words) == 1:
        return steps
    old, new, also, rest = _paths(words[2:])
    _check_wraps("in", old, new, also)
    if rest:
        raise Problem(f"`{rest[0]}` is unexpected", "Write `use NAME at OLD <-> NEW`.")
    return [Step("in", old, new, text, steps=steps)]


def _paths(words):
    if not words:
        raise Problem("expected a path", "Write for example `spec.template.spec` or `items[].name`.")
    old, words = parse_path(words[0]), words[1:]
    new, also = old, []
    if words and words[0] == "<->":
        if len(words) < 2:
            raise Problem("expected a path after `<->`", "Name the field of the storage version.")
        new, words = parse_path(words[1]), words[2:]
    while len(words) >= 2 and words[0] == "&":
        also.append(parse_path(words[1]))
        words = words[2:]
    return old, new, also, words


def split_wraps(path):
    """A path as the fields that lead to a list or map, and the wraps at its end."""
    end = len(path)
    while end and path[end - 1] in ("[]", "{}"):
        end -= 1
    return path[:end], path[end:]


def _check_wraps(verb, old, new, also):
    for path in (old, new, *also):
        fields, wraps = split_wraps(path)
        inside = any(segment in ("[]", "{}") for segment in fields)
        if inside or (wraps and verb != "in") or wraps != split_wraps(old)[1]:
            raise Problem("expected [] and {} only at the end of the paths of `in` and `use`, the same in both",
                          "Write `- in items[]:` and the steps for one item below it.")


def parse_path(text):
    """`a.b[].c` as ("a", "b", "[]", "c")."""
    segments = []
    for part in text.split("."):
        match = SEGMENT.match(part)
        if not match:
            raise Problem(f"`{text}` is not a path", "Write field names with dots between: `spec.items[].name`.")
        wraps = match.group(1)
        segments.append(part[:len(part) - len(wraps)])
        segments.extend(re.findall(r"\[\]|\{\}", wraps))
    return tuple(segments)


def _options(verb, words):
    options = {}
    if verb == "reference":
        if words == ["keeping", "apiVersion"]:
            return {"keep": "apiVersion"}
        if len(words) == 3 and words[0] == "as":
            return {"apiVersion": words[1], "kind": words[2]}
    elif verb == "named":
        options = {"key": "name"}
        for word in list(words):
            name, _, value = word.partition("=")
            if name in ("key", "value") and value:
                options[name] = value
                words = [other for other in words if other != word]
    if words:
        raise Problem(f"`{words[0]}` is unexpected after the paths of `{verb}`", "See docs/kinds.md, conversions.")
    return options
