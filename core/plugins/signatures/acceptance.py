"""What this machine has accepted before: an older version that it never accepted is a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.domain.plugin import order_of
from core.errors import StorageError
from core.plugins.signatures.private_file import read_private_json, write_private_json

_FILE = "accepted.json"


class Acceptance:
    """The highest version and the digests accepted, by plugin id; kept in the user's data directory."""

    def __init__(self, data: Path) -> None:
        self._path = data / _FILE

    def objection(self, plugin: str, version: str, digest: str) -> str:
        """Return why this state of a plugin looks replayed, or an empty string. Raises StorageError."""
        entry = self._entries().get(plugin)
        if entry is None or digest in entry["digests"] or order_of(version) >= order_of(entry["highest"]):
            return ""
        return f"version {version} is older than {entry['highest']}, which this machine has accepted: a replayed old version"

    def accept(self, plugin: str, version: str, digest: str) -> None:
        """Remember that a person accepted this state of a plugin. Raises StorageError."""
        entries = self._entries()
        entry = entries.get(plugin, {"highest": version, "digests": []})
        highest = max(entry["highest"], version, key=order_of)
        entries[plugin] = {"highest": highest, "digests": sorted({*entry["digests"], digest})}
        write_private_json(self._path, {"version": 1, "plugins": entries})

    def _entries(self) -> dict[str, Any]:
        value = read_private_json(self._path)
        if value is None:
            return {}
        try:
            entries: dict[str, Any] = value["plugins"]
            for entry in entries.values():
                order_of(entry["highest"])
                list(entry["digests"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(f"{self._path}: damaged", hint="restore it; deleting it forgets which versions were accepted") from error
        return entries
