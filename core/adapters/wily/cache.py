"""wily's cache on disk: an index of revisions and one JSON file each. Read without importing wily."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from typing import Any


class WilyCache:
    """One cache directory, ours alone."""

    def __init__(self, directory: str) -> None:
        self.directory = directory
        self._git = os.path.join(directory, "git")
        self._index = os.path.join(self._git, "index.json")

    def repair(self) -> frozenset[str]:
        """Bring the cache into a state that wily can go on from, and return the revisions it has.

        wily writes its index last and stops for ever at a revision file that the index does not name: a killed
        build leaves such files behind.
        """
        entries = [entry for entry in self._entries() if os.path.exists(self._path(entry["key"]))]
        known = frozenset(str(entry["key"]) for entry in entries)
        if not os.path.isdir(self._git):
            return known
        for name in os.listdir(self._git):
            if name.removesuffix(".json") not in known:
                os.remove(os.path.join(self._git, name))
        with open(self._index, "w", encoding="utf-8") as file:
            json.dump(entries, file)
        return known

    def clear(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def load(self, revision: str) -> Mapping[str, Any]:
        """Return wily's numbers of one revision, by operator and path; empty when they cannot be read."""
        try:
            with open(self._path(revision), encoding="utf-8") as file:
                return dict(json.load(file)["operator_data"])
        except (FileNotFoundError, ValueError, KeyError):
            return {}

    def _entries(self) -> list[dict[str, Any]]:
        try:
            with open(self._index, encoding="utf-8") as file:
                return list(json.load(file))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return []

    def _path(self, revision: str) -> str:
        return os.path.join(self._git, f"{revision}.json")
