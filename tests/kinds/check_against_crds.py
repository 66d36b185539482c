#!/usr/bin/env python3
"""Compares Capstan's kinds with the CustomResourceDefinitions that Cluster API publishes.

For v1.14.0 both versions must be equal in everything that a client can observe: fields, types, formats,
bounds, defaults, enumerations, what is required, list and map types, rules, columns, subresources and names.
Of v1.1.3 every field of v1beta1 must be accepted. What differs on purpose is listed below with its reason.

The definitions are not part of the project: CAPSTAN_SHARED_DATA or ../shared/data names the folder that has
them. Without it the check is skipped with exit code 77.
"""

import glob
import json
import os
import subprocess
import sys

import yaml

SOURCE = os.path.normpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../.."))
KIND_FILES = ("runtime/lifecycle/kinds/*.yaml", "plugins/*/kinds/*.yaml")
TEXT = ("description",)

# (end of a kind's or path's name, reason); a difference whose place ends so is not reported.
ALLOWED = [
    ("v1beta1.spec.bootstrapped", "v1.1.3 had it; manifests of then must be accepted"),
    ("v1beta1.spec.template.spec.bootstrapped", "v1.1.3 had it; manifests of then must be accepted"),
]


def main():
    data = os.environ.get("CAPSTAN_SHARED_DATA") or os.path.join(SOURCE, "../shared/data")
    folder = os.path.join(data, "cluster-api")
    if not os.path.isdir(folder):
        print(f"skipped: no definitions to compare with at {folder}; set CAPSTAN_SHARED_DATA")
        return 77
    ours = our_definitions()
    problems, compared = [], 0
    for name, theirs in their_definitions(folder, "v1.14.0"):
        if name in ours:
            compared += 1
            problems += [f"{name}: {problem}" for problem in compare(ours[name], theirs)]
    for name, theirs in their_definitions(folder, "v1.1.3"):
        if name in ours:
            problems += [f"{name} (v1.1.3): {problem}" for problem in missing_fields(ours[name], theirs)]
    for problem in problems:
        print(problem)
    print(f"{compared} kinds compared, {len(problems)} differences")
    return 1 if problems or compared < 20 else 0


def our_definitions():
    files = sorted(path for pattern in KIND_FILES for path in glob.glob(os.path.join(SOURCE, pattern)))
    compiler = os.path.join(SOURCE, "sdk/tools/capstan-kinds")
    text = subprocess.run([sys.executable, compiler, "crds", *files], check=True, stdout=subprocess.PIPE).stdout
    return {definition["metadata"]["name"]: definition for definition in json.loads(text)}


def their_definitions(folder, version):
    for path in sorted(glob.glob(os.path.join(folder, version, "crds", "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            definition = yaml.safe_load(file)
        yield definition["metadata"]["name"], definition


def compare(ours, theirs):
    """What differs between two definitions, one line each."""
    found = []
    for part in ("names", "scope", "group"):
        differences(ours["spec"][part], theirs["spec"][part], part, found)
    versions = {version["name"]: version for version in ours["spec"]["versions"]}
    for version in theirs["spec"]["versions"]:
        name = version["name"]
        if name not in versions:
            found.append(f"{name}: missing")
            continue
        differences(observable(versions[name]), observable(version), name, found)
        differences(normal(fields_of(versions[name])), normal(fields_of(version)), name, found)
    return [f"{place}: {what}" for place, what in found if not allowed(place)]


def allowed(place):
    return any(place.endswith(end) for end, _ in ALLOWED)


def observable(version):
    """Of a version what is beside its schema. No subresources and an empty set of them are the same."""
    result = {key: value for key, value in version.items() if key not in ("schema", "deprecationWarning")}
    if not result.get("subresources"):
        result.pop("subresources", None)
    result["additionalPrinterColumns"] = [
        {key: value for key, value in column.items() if key not in TEXT}
        for column in version.get("additionalPrinterColumns", [])
    ]
    return result


def fields_of(version):
    schema = dict(version["schema"]["openAPIV3Schema"])
    schema["properties"] = {name: field for name, field in schema["properties"].items()
                            if name not in ("apiVersion", "kind", "metadata")}
    return schema


def normal(schema):
    """A schema as nested fields without text, so that a difference has the path of its field."""
    result = {f"({key})": sorted(value) if key in ("required", "enum") else value
              for key, value in schema.items()
              if key not in (*TEXT, "properties", "items", "additionalProperties", "x-kubernetes-validations")}
    if "x-kubernetes-validations" in schema:
        result["(rules)"] = sorted(rule["rule"] for rule in schema["x-kubernetes-validations"])
    for name, field in schema.get("properties", {}).items():
        result[name] = normal(field)
    if "items" in schema:
        result["[]"] = normal(schema["items"])
    values = schema.get("additionalProperties")
    if isinstance(values, dict):
        result["{}"] = normal(values)
    return result


def differences(ours, theirs, place, found):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted({*ours, *theirs}):
            inner = f"{place}.{key}"
            if key not in ours:
                found.append((inner, f"missing, expected {shorten(theirs[key])}"))
            elif key not in theirs:
                found.append((inner, f"unexpected {shorten(ours[key])}"))
            else:
                differences(ours[key], theirs[key], inner, found)
    elif ours != theirs:
        found.append((place, f"expected {shorten(theirs)}, found {shorten(ours)}"))


def shorten(value):
    text = json.dumps(value, sort_keys=True)
    return text if len(text) < 160 else text[:157] + "..."


def missing_fields(ours, theirs):
    """The field paths of v1beta1 that ours does not accept, or has with another type."""
    schemas = []
    for definition in (theirs, ours):
        found = [version for version in definition["spec"]["versions"] if version["name"] == "v1beta1"]
        if not found:
            return []
        schemas.append(normal(fields_of(found[0])))
    problems = []
    unaccepted(*schemas, "v1beta1", problems)
    return problems


def unaccepted(theirs, ours, place, problems):
    if "(x-kubernetes-preserve-unknown-fields)" in ours:
        return
    if theirs.get("(type)") != ours.get("(type)"):
        problems.append(f"{place}: {ours.get('(type)')} instead of {theirs.get('(type)')}")
    narrower = sorted(set(theirs.get("(enum)", [])) - set(ours.get("(enum)", theirs.get("(enum)", []))))
    if narrower:
        problems.append(f"{place}: no longer accepts {', '.join(narrower)}")
    newly_required = sorted(set(ours.get("(required)", [])) - set(theirs.get("(required)", [])))
    if newly_required:
        problems.append(f"{place}: now requires {', '.join(newly_required)}")
    for name, field in theirs.items():
        if name.startswith("("):
            continue
        if name in ours:
            unaccepted(field, ours[name], f"{place}.{name}", problems)
        else:
            problems.append(f"{place}.{name}: not accepted")


if __name__ == "__main__":
    sys.exit(main())
