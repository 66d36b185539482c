"""What this provider asks of its cloud, and a fake one: a file a thing in a folder, so that it
outlives the plugin's process, as a real one does. Put a client of the real cloud beside it, and
choose between them in `CloudUser`.

Everything is found again by its tag, the uid of the object that it is for: a process may end
between the cloud's answer and the store, and the next call begins with find().
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from capstan import Host, Invalid, Json, NotFound, Reconciler, Unavailable

DEFAULT_FOLDER = "/var/tmp/@NAME@-cloud"


@dataclass(frozen=True)
class Thing:
    """One thing of the cloud: a network, a server, ..."""

    id: str  # the cloud's own name for it
    address: str  # where it is reached
    ready: bool  # False while the cloud is still building it
    properties: Json


class Cloud(Protocol):
    """All raise Unavailable where the cloud does not answer."""

    def find(self, type: str, tag: str) -> Thing | None: ...

    def create(self, type: str, tag: str, properties: Json) -> Thing:
        """Gives what is there where the tag is taken already."""

    def update(self, type: str, tag: str, properties: Json) -> None:
        """Raises NotFound."""

    def delete(self, type: str, tag: str) -> None:
        """What is gone already is no error."""


class FakeCloud:
    """What was made is ready at the second look."""

    def __init__(self, folder: str) -> None:
        if not os.path.isabs(folder) or "\0" in folder:
            raise Invalid(f'settings.folder "{folder}" is no absolute path', field="/folder")
        self._folder = Path(folder)

    def find(self, type: str, tag: str) -> Thing | None:
        path = self._path(type, tag)
        record = self._read(path)
        if record is None:
            return None
        if not record["ready"]:  # the cloud goes on building meanwhile
            self._write(path, {**record, "ready": True})
        return self._thing(path, record)

    def create(self, type: str, tag: str, properties: Json) -> Thing:
        there = self.find(type, tag)
        if there is not None:
            return there
        path = self._path(type, tag)
        record = {"type": type, "ready": False, "properties": properties}
        self._write(path, record)
        return self._thing(path, record)

    def update(self, type: str, tag: str, properties: Json) -> None:
        path = self._path(type, tag)
        record = self._read(path)
        if record is None:
            raise NotFound(f"there is no {path.stem}")
        self._write(path, {**record, "properties": properties})

    def delete(self, type: str, tag: str) -> None:
        try:
            self._path(type, tag).unlink(missing_ok=True)
        except OSError as error:
            raise Unavailable(f"cannot delete from the cloud: {error}") from error

    def _path(self, type: str, tag: str) -> Path:
        """A tag becomes a file's name, whatever it is."""
        return self._folder / f"{type}-{re.sub('[^a-z0-9-]', '_', tag)[:100]}.json"

    @staticmethod
    def _thing(path: Path, record: Json) -> Thing:
        number = zlib.crc32(path.stem.encode())  # the same for the same name in every process
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{1 + number % 254}"
        return Thing(path.stem, address, record["ready"], record["properties"])

    @staticmethod
    def _read(path: Path) -> Json | None:
        try:
            record: Json = json.loads(path.read_text())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Unavailable(f"cannot read the cloud: {error}") from error
        return record

    def _write(self, path: Path, record: dict[str, Any]) -> None:
        """A crash leaves the old record or the new one."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, draft = tempfile.mkstemp(prefix=".draft-", dir=self._folder)
            with os.fdopen(handle, "w") as file:
                file.write(json.dumps(record, sort_keys=True) + "\n")
            os.replace(draft, path)
        except OSError as error:
            raise Unavailable(f"cannot write {path}: {error}") from error


class CloudUser(Reconciler):
    """What the kinds' classes have in common: the cloud, from the plugin's settings."""

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self.cloud: Cloud = FakeCloud(DEFAULT_FOLDER)

    def activate(self, settings: Json) -> None:
        folder = settings.get("folder", DEFAULT_FOLDER)
        if not isinstance(folder, str):
            raise Invalid("settings.folder is no text", field="/folder")
        self.cloud = FakeCloud(folder)
        self.host.log.info("the fake cloud is open", extra={"folder": folder})
