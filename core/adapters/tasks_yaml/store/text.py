"""The port TaskFile on a text in memory: a backlog that is nobody else's to edit."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from core.adapters.tasks_yaml.edit.edits import apply_edits
from core.adapters.tasks_yaml.parse.parse import parse_document
from core.domain.tasks.entry import Edit, Snapshot
from core.ports.task_file import Written


class YamlText:
    """The text of a ``tasks.yml``, read and changed by the same rules as the file; problems name ``name``."""

    def __init__(self, text: str = "", name: str = "backlog") -> None:
        """Raise InvalidFile with every problem of the text."""
        self._name = name
        self._document = parse_document(text, name)
        self._was_empty = not text

    @property
    def text(self) -> str:
        """The text as it is now."""
        # The blank line between tasks that an edit writes leads a text that was empty.
        return self._document.text.lstrip("\n") if self._was_empty else self._document.text

    def read(self) -> Snapshot:
        # The places of tasks move with the lines that edits add.
        self._document = self._document.as_read() or parse_document(self._document.text, self._name)
        return self._snapshot()

    def poll(self) -> Snapshot | None:
        return None

    def problems(self) -> tuple[str, ...]:
        return ()

    def write(self, edits: Sequence[Edit]) -> Written:
        self._document = apply_edits(self._document, edits, self._name)
        return Written(snapshot=self._snapshot())

    def check_writable(self) -> None:
        """Memory can be written."""

    def close(self) -> None:
        """Nothing to release."""

    def _snapshot(self) -> Snapshot:
        return Snapshot(tasks=self._document.tasks, version=sha256(self._document.text.encode()).hexdigest())
