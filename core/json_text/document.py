"""A JSON document that a person wrote: its value, and where in its text anything stands."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from core.json_text.places import Path, places_of
from core.json_text.strict import load_json


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonText:
    """A text and what it means."""

    text: str
    value: Any

    def places(self, paths: Iterable[Path], *, keys: bool = False) -> dict[Path, tuple[int, int]]:
        """Return the 1-based line and column of the value (or of its key) at each path; of what is not there, of what is around it."""
        return places_of(self.text, paths, keys=keys)


def read_json(text: str, file: str) -> JsonText:
    """Read a document that messages call ``file``. Raises InvalidFile as ``load_json`` does."""
    return JsonText(text=text, value=load_json(text, file))


def dotted(path: Path) -> str:
    """Return a path as people write it: ``permissions.fs.read[0]``; ``(root)`` for the whole document."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part if part.isprintable() else ascii(part)}"
    return text.lstrip(".") or "(root)"
