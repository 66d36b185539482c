"""What two versions' schemas say about the conversion between them.

An author writes down only what moves or changes its form. The rest follows from the schemas: a field that
the other version does not have is dropped (and kept aside, so that nothing is lost), a value that the
storage version refuses as empty is left out, what remains of an object whose parts have moved goes, and
items of lists are told apart by the list's keys. A field that is in both versions with different types and
in no step is a mistake that compiling reports.
"""

from .problem import Problem
from .steps import parse_steps, split_wraps


def compile_conversion(compiler, schemas):
    """The compiled conversion of a kind, or None where it needs none."""
    written = compiler.definition.get("convert") or {}
    hub_api_version, hub_schema = _hub(compiler, schemas)
    spokes = {}
    for version, schema in schemas.items():
        api_version = f"{compiler.group}/{version}" if compiler.group else version
        if api_version == hub_api_version:
            continue
        try:
            steps = parse_steps(written.get(version) or [], compiler.kind_file)
            analysis = _Analysis(schema, hub_schema, steps)
        except Problem as problem:
            problem.field = f"convert.{version}" + (f": {problem.field}" if problem.field else "")
            raise
        spokes[api_version] = {
            "steps": [step.compiled() for step in steps],
            "spokeShape": analysis.spoke_shape,
            "hubShape": analysis.hub_shape,
        }
    unknown = sorted(set(written) - set(schemas))
    if unknown:
        raise Problem(f"`convert` names {unknown[0]}, which is not a version of the kind",
                      "Known are: " + ", ".join(schemas) + ".", field="convert")
    return {"hub": hub_api_version, "spokes": spokes} if spokes else None


def _hub(compiler, schemas):
    """The version that all others are converted to: the storage version, here or in another group."""
    stored_as = compiler.definition.get("stored-as")
    if not stored_as:
        version = compiler.hub
        return (f"{compiler.group}/{version}" if compiler.group else version), schemas[version]
    group, _, version = stored_as.rpartition("/")
    for document in compiler.kind_file.siblings:
        if document.content.get("group") == group and compiler.name in document.kinds:
            return stored_as, type(compiler)(document, compiler.name, document.kinds[compiler.name]).schema(version)
    raise Problem(f"`stored-as` names {stored_as}, where no {compiler.name} is defined in this file",
                  "Put both kinds in one file, in documents of their own.", field="stored-as")


class _Analysis:
    """Walks both schemas side by side, along the steps."""

    def __init__(self, spoke, hub, steps):
        self.spoke_shape, self.hub_shape = {}, {}
        self._hub = hub
        self._spoke = spoke
        self._old, self._new = {}, {}  # absolute path -> (step, absolute path on the other side)
        self._gather(steps, (), ())
        self._old_parents = {path[:n] for path in self._old for n in range(1, len(path))}
        self._new_parents = {path[:n] for path in self._new for n in range(1, len(path))}
        self._pair(_body(spoke), _body(hub), (), ())

    def _gather(self, steps, old_prefix, new_prefix):
        for step in steps:
            old, new = old_prefix + step.old, new_prefix + step.new
            self._check(self._spoke, old, step, "the converted version")
            for path in (new, *(new_prefix + also for also in step.also)):
                self._check(self._hub, path, step, "the storage version")
            if step.verb == "positive":  # reads only: what it writes is in one version alone
                self._check_types(old, new, step)
                continue
            if step.verb == "in":
                self._gather(step.steps, old, new)
                if step.old == step.new:
                    continue
                old, new = split_wraps(old)[0], split_wraps(new)[0]
            if old in self._old or new in self._new:
                raise Problem("expected each field in one step only", "Remove one of the two.",
                              field=f"step `{step.text}`")
            self._old[old] = (step, new)
            self._new[new] = (step, old)
            for also in step.also:
                self._new[new_prefix + also] = (step, old)

    @staticmethod
    def _check(schema, path, step, which):
        node = schema
        for segment in path:
            node = _child(node, segment)
            if node is None:
                raise Problem(f"{which} has no {_text(path)}", "Check the path against the fields of the kind.",
                              field=f"step `{step.text}`")

    def _check_types(self, old, new, step):
        for schema, path, wanted in ((self._spoke, old, "boolean"), (self._hub, new, "integer")):
            found = _at(schema, path).get("type", "any")
            if found != wanted:
                raise Problem(f"{_text(path)} is {found}, not {wanted}", "Write for example "
                              "`positive status.ready <-> status.readyReplicas`.", field=f"step `{step.text}`")

    def _pair(self, spoke, hub, old, new, required=False):
        """Fields that correspond: the same place, or the two ends of a step."""
        if spoke.get("type") != hub.get("type"):
            raise Problem(f"{_text(old)} is {spoke.get('type', 'any')} in one version and "
                          f"{hub.get('type', 'any')} in the storage version",
                          "Write a step that turns one into the other, such as `seconds` or `named`.")
        if _refuses_empty(hub) and not _refuses_empty(spoke) and not required:
            _mark(self.hub_shape, new, "omit", True)
        for shape, node, path in ((self.spoke_shape, spoke, old), (self.hub_shape, hub, new)):
            keys = node.get("x-kubernetes-list-map-keys")
            if keys:
                _mark(shape, path, "keys", keys)
        self._fields(spoke.get("properties", {}), hub.get("properties", {}), old, new, hub.get("required", []))
        for segment in ("[]", "{}"):
            inner = _child(spoke, segment), _child(hub, segment)
            if all(inner):
                self._pair(*inner, old + (segment,), new + (segment,), True)

    def _fields(self, spoke, hub, old, new, required):
        for name, node in spoke.items():
            path, same = old + (name,), new + (name,)
            if path in self._old:
                step, target = self._old[path]
                if step.verb in ("move", "in"):
                    self._pair(node, _at(self._hub, target), path, target, _is_required(self._hub, target))
            elif name in hub and same not in self._new:
                self._pair(node, hub[name], path, same, name in required)
            else:
                self._alone(node, path, self._old, self._old_parents, self.spoke_shape)
                if path in self._old_parents and not self._is_target(same, self._new, self._new_parents):
                    _mark(self.hub_shape, same, "leftover", True)
        for name, node in hub.items():
            path = new + (name,)
            paired = name in spoke and old + (name,) not in self._old
            if path not in self._new and not paired:
                self._alone(node, path, self._new, self._new_parents, self.hub_shape)
                same = old + (name,)
                if path in self._new_parents and not self._is_target(same, self._old, self._old_parents):
                    _mark(self.spoke_shape, same, "leftover", True)

    @staticmethod
    def _is_target(path, taken, parents):
        return path in taken or path in parents

    def _alone(self, node, path, taken, parents, shape):
        """A field that only one version has: dropped, but for the parts of it that a step takes."""
        if path in taken:
            return
        if path not in parents:
            _mark(shape, path, "drop", True)
            return
        for name, child in node.get("properties", {}).items():
            self._alone(child, path + (name,), taken, parents, shape)
        for segment in ("[]", "{}"):
            child = _child(node, segment)
            if child:
                self._alone(child, path + (segment,), taken, parents, shape)


def _body(schema):
    """The schema without what every object has, which no conversion touches."""
    fields = {name: node for name, node in schema["properties"].items()
              if name not in ("apiVersion", "kind", "metadata")}
    return {**schema, "properties": fields}


def _child(node, segment):
    if segment == "[]":
        return node.get("items")
    if segment == "{}":
        inner = node.get("additionalProperties")
        return inner if isinstance(inner, dict) else None
    return node.get("properties", {}).get(segment)


def _at(schema, path):
    for segment in path:
        schema = _child(schema, segment)
    return schema


def _is_required(schema, path):
    return path[-1] in _at(schema, path[:-1]).get("required", [])


def _refuses_empty(node):
    kind = node.get("type")
    if kind == "string":
        return node.get("minLength", 0) > 0 or "enum" in node
    keys = {"integer": "minimum", "array": "minItems", "object": "minProperties"}
    return kind in keys and node.get(keys[kind], 0) > 0


def _mark(shape, path, flag, value):
    for segment in path:
        if segment in ("[]", "{}"):
            shape = shape.setdefault("items", {})
        else:
            shape = shape.setdefault("fields", {}).setdefault(segment, {})
    shape[flag] = value


def _text(path):
    return ".".join(path).replace(".[]", "[]").replace(".{}", "{}")
