"""What a plugin may import besides the standard library and the SDK: its folder and its venv."""

from __future__ import annotations

import re
import site
import sys
from pathlib import Path

from capstan.errors import FailedPrecondition
from capstan.objects import Json

SERIES = f"{sys.version_info[0]}.{sys.version_info[1]}"


def add_to_path(folder: Path, python: Json) -> None:
    """python: that member of the manifest. The venv is `.venv` in the folder, or what it names."""
    venv = folder / str(python.get("venv", ".venv"))
    if venv.is_dir():
        _check(venv)
        _add(venv / "lib" / f"python{SERIES}" / "site-packages")
    elif python.get("requirements"):
        raise FailedPrecondition(
            f"the plugin has requirements, and there is no {venv}",
            detail=f"Make it: {sys.executable or '/usr/bin/python3'} -m venv {venv} && "
                   f"{venv}/bin/pip install -r {folder / str(python['requirements'])}")
    if str(folder) not in sys.path:
        sys.path.append(str(folder))


def _check(venv: Path) -> None:
    """Modules written in C fit one series of Python only."""
    configuration = venv / "pyvenv.cfg"
    text = configuration.read_text() if configuration.is_file() else ""
    found = re.search(r"^version(?:_info)?\s*=\s*(\d+\.\d+)", text, re.MULTILINE)
    if found is None:
        raise FailedPrecondition(f"{venv} is no venv: it has no pyvenv.cfg with a version")
    if found.group(1) != SERIES:
        raise FailedPrecondition(
            f"{venv} is made for Python {found.group(1)}, and this host has {SERIES}",
            detail=f"Make it anew with python{SERIES} -m venv.")


def _add(packages: Path) -> None:
    if packages.is_dir() and str(packages) not in sys.path:
        site.addsitedir(str(packages))
