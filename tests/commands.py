"""What a test has run: argv, exit code and the ends of both streams of every command, shown when the test fails.

Every process that a test starts is a ``subprocess.Popen``, whatever helper stands between; so this is noted there, once for all
helpers, and a failing assertion shows the command's own words whether or not its author thought of that.
"""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

#: Commands shown of a test that ran more, the last ones; and characters shown of a stream, the last ones.
_COMMANDS, _CHARACTERS = 8, 3000


@dataclass(slots=True)
class Command:
    """One process that a test started. Streams are None unless the test let ``subprocess`` collect them."""

    argv: str
    process: subprocess.Popen[Any]
    stdout: str | bytes | None = None
    stderr: str | bytes | None = None

    def __str__(self) -> str:
        ended = "it has not been waited for" if self.process.returncode is None else f"exit {self.process.returncode}"
        streams = [(name, _tail(text)) for name, text in (("stdout", self.stdout), ("stderr", self.stderr)) if text is not None]
        return "\n".join([f"$ {self.argv}", f"  {ended}", *(f"  {name}: {text}" for name, text in streams)])


@dataclass(slots=True)
class Commands:
    """The commands of one test, in the order of their start."""

    run: list[Command] = field(default_factory=list)

    def __str__(self) -> str:
        left_out = len(self.run) - _COMMANDS
        return "\n".join([*([f"({left_out} earlier ones)"] if left_out > 0 else []), *map(str, self.run[-_COMMANDS:])])


@contextmanager
def noted(commands: Commands) -> Iterator[None]:
    """Note what is started by this process; ``subprocess`` itself works as ever."""
    plain = subprocess.Popen

    class NotedPopen(plain):  # type: ignore[type-arg,misc,valid-type]
        def __init__(self, *args: Any, **options: Any) -> None:
            argv = args[0] if args else options["args"]
            note = Command(argv if isinstance(argv, str) else shlex.join(map(_text, argv)), self)
            commands.run.append(note)
            self._notes = [*getattr(self, "_notes", []), note]
            super().__init__(*args, **options)

        def communicate(self, *args: Any, **options: Any) -> Any:
            try:
                said = super().communicate(*args, **options)
            except subprocess.TimeoutExpired as error:
                self._note(error.stdout, error.stderr)
                raise
            self._note(*said)
            return said

        def _note(self, stdout: Any, stderr: Any) -> None:
            for note in self._notes:
                note.stdout, note.stderr = stdout, stderr

    subprocess.Popen = NotedPopen  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = plain  # type: ignore[misc]


def _text(word: Any) -> str:
    return word.decode(errors="replace") if isinstance(word, bytes) else str(word)


def _tail(said: str | bytes) -> str:
    text = _text(said).strip()
    cut = text if len(text) <= _CHARACTERS else f"[… {len(text) - _CHARACTERS} characters] {text[-_CHARACTERS:]}"
    return cut.replace("\n", "\n    ") or "(empty)"
