"""The command line of the kind compiler."""

import argparse
import json
import os
import sys

import yaml

from .crd import compile_file
from .files import load
from .problem import Problem


def main(arguments):
    options = _parser().parse_args(arguments)
    try:
        files = [file for path in options.files for file in load(path)]
        definitions = _compile(files)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    if options.command == "crds":
        _write(options.output, json.dumps(definitions, sort_keys=True, separators=(",", ":")) + "\n")
    elif options.command == "yaml":
        text = yaml.safe_dump_all(definitions, sort_keys=False, width=110, explicit_start=True)
        _write(options.output, text)
    else:
        for definition in definitions:
            versions = ", ".join(version["name"] for version in definition["spec"]["versions"])
            print(f"{definition['metadata']['name']}: {versions}")
    if getattr(options, "depfile", None):
        inputs = dict.fromkeys(path for file in files for path in file.inputs())
        escaped = " ".join(os.path.abspath(path).replace(" ", "\\ ") for path in inputs)
        _write(options.depfile, f"{options.output}: {escaped}\n")
    return 0


def compile_kinds(paths):
    """The definitions of several files, by name. Raises Problem."""
    return _compile([file for path in paths for file in load(path)])


def _parser():
    parser = argparse.ArgumentParser(
        prog="capstan-kinds",
        description="Compiles kind files to CustomResourceDefinitions. The notation is in docs/kinds.md.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in (("crds", "write one JSON array of all CustomResourceDefinitions"),
                       ("yaml", "write them as YAML documents, for reading or for kubectl apply"),
                       ("check", "only say which kinds the files define, or what is wrong with them")):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("files", nargs="+", metavar="FILE")
        if name != "check":
            command.add_argument("-o", "--output", default="-", metavar="OUT", help="a file instead of stdout")
        if name == "crds":
            command.add_argument("--depfile", metavar="FILE", help="also write what the output depends on")
    return parser


def _compile(files):
    seen, definitions = {}, []
    for file in files:
        for definition in compile_file(file):
            name = definition["metadata"]["name"]
            if name in seen:
                raise Problem(f"{name} is already defined in {seen[name]}", "Name each file once.", file=file.path)
            seen[name] = file.path
            definitions.append(definition)
    return sorted(definitions, key=lambda crd: crd["metadata"]["name"])


def _write(path, text):
    if path == "-":
        sys.stdout.write(text)
        return
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
