"""What this machine has accepted before: an older version, accepted then or not, is a replay unless a person wanted it since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import order_of
from core.errors import StorageError
from core.plugins.signing.private_file import read_private_json, write_private_json

_FILE = "accepted.json"


class Acceptance:
    """The highest version accepted, and the older states wanted nevertheless, by plugin id; kept in the user's data directory."""

    def __init__(self, data: Path) -> None:
        self._path = data / _FILE

    def objection(self, plugin: str, version: str, digest: str) -> str:
        """Return why this state of a plugin looks replayed, or an empty string. Raises StorageError."""
        entry = self._entries().get(plugin)
        if entry is None or digest in entry.get("older", ()) or order_of(version) >= order_of(entry["highest"]):
            return ""
        replayed = f"version {version} is older than {entry['highest']}, which this machine has accepted: a replayed old version"
        return f"{replayed} (if you do want it: orchestrator plugins trust {plugin} --older)"

    def accept(self, plugin: str, version: str, digest: str) -> None:
        """Remember that a person accepted this state of a plugin; with a newer version, no older state is wanted any more.

        Raises StorageError.
        """
        entries = self._entries()
        entry = entries.get(plugin)
        if entry is None or order_of(version) > order_of(entry["highest"]):
            entries[plugin] = {"highest": version, "older": []}
        elif order_of(version) < order_of(entry["highest"]):
            entries[plugin] = {"highest": entry["highest"], "older": sorted({*entry.get("older", ()), digest})}
        write_private_json(self._path, {"version": 1, "plugins": entries})

    def _entries(self) -> dict[str, Any]:
        value = read_private_json(self._path)
        if value is None:
            return {}
        try:
            entries: dict[str, Any] = value["plugins"]
            for entry in entries.values():
                order_of(entry["highest"])
                list(entry.get("older", ()))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise StorageError(f"{self._path}: damaged", hint="restore it; deleting it forgets which versions were accepted") from error
        return entries
