"""The streams of a command: what each one is, and writing to it. A closed or odd terminal is never an error of ours."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, TextIO

from core.domain.untrusted.printable import inert, inert_json, visible
from core.errors import StorageError
from core.reports.text.style import Style
from core.terminal.masking import Masking

#: Seconds between two writes while more is coming.
PACE = 0.1
#: Characters of a JSON result that are written at once.
_BATCH = 1 << 20


class Ci(StrEnum):
    """Who reads the output."""

    #: A person, or a script of theirs.
    NONE = "none"
    GITHUB = "github"
    GITLAB = "gitlab"
    #: Some other service that sets ``CI``.
    OTHER = "other"


#: Variables of services that do not set ``CI``: Azure, TeamCity, Jenkins, AWS CodeBuild.
_SERVICES = ("TF_BUILD", "TEAMCITY_VERSION", "JENKINS_URL", "CODEBUILD_BUILD_ID")


def ci_of(environ: Mapping[str, str]) -> Ci:
    """Return the service that the environment belongs to."""
    if environ.get("GITHUB_ACTIONS") == "true":
        return Ci.GITHUB
    if environ.get("GITLAB_CI") == "true":
        return Ci.GITLAB
    if any(environ.get(name) for name in _SERVICES):
        return Ci.OTHER
    return Ci.OTHER if environ.get("CI", "").lower() not in ("", "0", "false", "no") else Ci.NONE


def wants_colour(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide on colour: NO_COLOR forbids, FORCE_COLOR or CLICOLOR_FORCE demands, else a terminal that is not dumb."""
    if environ.get("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if environ.get(name):
            return environ[name].lower() not in ("0", "false", "no")
    return terminal and environ.get("TERM") != "dumb"


def wants_live(environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Decide whether lines may be drawn over: a terminal that understands it, with a person in front of it."""
    return terminal and environ.get("TERM", "dumb") not in ("dumb", "") and ci_of(environ) is Ci.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a stream before anything is written to it."""

    terminal: bool = False
    colour: bool = False
    live: bool = False
    #: Whether it can show characters beyond ASCII.
    unicode: bool = True
    #: Whether a CI service may read it, and obey what it reads.
    ci: bool = False

    @property
    def obeyed(self) -> bool:
        """Whether what is written may be taken for orders, by a terminal or by a CI service."""
        return self.terminal or self.ci


#: Our symbols, where a stream knows ASCII only.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "↻": "~", "▸": ">", "·": "-", "…": "~", "│": "|", "○": "o", "−": "-", "→": ">", "━": "=", "─": "-"}
)


class Output:
    """A stream with a memory of up to PACE seconds. Only ``finish`` raises, and not because somebody closed the other end.

    Every text goes through here, and no secret that is known comes out: ``mask`` takes them away. What others chose
    neither gives orders to a terminal nor to a CI service.
    """

    def __init__(
        self, stream: TextIO, look: Look, monotonic: Callable[[], float] = time.monotonic, mask: Callable[[str], str] = lambda text: text
    ) -> None:
        self.look = look
        self.mask = mask
        self.closed = False
        #: Why some of what was written is lost although somebody may want it, one sentence; else empty.
        self.problem = ""
        self._stream = stream
        self._monotonic = monotonic
        self._pending: list[str] = []
        self._written = -PACE

    def add(self, text: str) -> None:
        """Write ``text`` now, or together with what follows within PACE seconds; call ``tick`` in pauses, ``flush`` at the end."""
        self.add_exact(self.harmless(text))

    def add_exact(self, text: str) -> None:
        """Write a document, or words to a CI service or a terminal, as they are: whoever made them has escaped what is not theirs."""
        self._pending.append(self.mask(text))
        self.tick()

    def harmless(self, text: str) -> str:
        """Return ``text`` with escapes for all control characters but our own colours, and in CI for what begins a command."""
        text = visible(self.mask(text), colour=self.look.colour)
        return inert(text) if self.look.ci else text

    def tick(self) -> None:
        """Write what is pending, unless something was written less than PACE seconds ago."""
        if self._pending and self._monotonic() - self._written >= PACE:
            self.flush()

    def flush(self) -> None:
        """Write what is pending, in one go."""
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            self._write(text)
            self._written = self._monotonic()

    def finish(self) -> None:
        """Write what is pending. Raises StorageError when any of what was ever written is lost; a reader who left misses nothing."""
        self.flush()
        if self.problem:
            raise StorageError(self.problem)

    def size(self) -> tuple[int, int]:
        """Return columns and rows of the terminal as they are now; 80 × 24 where nobody knows."""
        with suppress(OSError, ValueError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns > 0 and size.lines > 0:
                return size.columns, size.lines
        return 80, 24

    def style(self) -> Style:
        """Return the look of text for this stream as wide as it is now."""
        return Style(colour=self.look.colour, width=self.size()[0] if self.look.terminal else None)

    def _write(self, text: str) -> None:
        if self.closed:
            return
        try:
            self._stream.write(text if self.look.unicode else text.translate(_ASCII).encode("ascii", "backslashreplace").decode())
            self._stream.flush()
        except UnicodeEncodeError:
            # A file name or a log that is no valid text in this encoding.
            encoding = self._stream.encoding or "ascii"
            self._write(text.encode(encoding, "backslashreplace").decode(encoding))
        except BlockingIOError as error:
            # Somebody who shares the stream made it non-blocking; what it could not take is lost, the run goes on.
            self._lose(error)
        except (BrokenPipeError, ValueError):
            self.closed = True
        except OSError as error:
            self.closed = True
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        """Note that text is lost; on a terminal nobody will look for it."""
        if not self.look.terminal:
            self.problem = f"the result could not be written to stdout: {error.strerror or error}"


class Console:
    """Where one command writes: stdout for its result, stderr for everything else, and no known secret into either."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """``environ`` says what the streams are read by, and holds the first secrets; default: the process's."""
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self.masking = Masking(self.environ)

    @cached_property
    def stdout(self) -> Output:
        return _output(sys.stdout, self.environ, self.masking)

    @cached_property
    def stderr(self) -> Output:
        return _output(sys.stderr, self.environ, self.masking)

    def say(self, text: str) -> int:
        """Write a result to stdout as it is, without a newline of our own, and return exit code 0. Raises StorageError when it is lost."""
        self.stdout.add(text)
        self.stdout.finish()
        return 0

    def say_exactly(self, text: str) -> int:
        """Write a document that has escaped what is not its own to stdout, and return exit code 0. Raises StorageError when it is lost."""
        self.stdout.add_exact(text)
        self.stdout.finish()
        return 0

    def say_json(self, value: Any) -> int:
        """Write a result as JSON to stdout and return exit code 0. Raises StorageError when it is lost.

        In ASCII: valid whatever the stream's encoding, and no text of a task gives orders to a terminal.
        """
        batch: list[str] = []
        size = 0
        # A backlog of 100,000 tasks is 60 MB in millions of pieces: they are joined as they come. No piece ends within a text.
        for piece in json.JSONEncoder(indent=2).iterencode(value):
            batch.append(piece)
            size += len(piece)
            if size > _BATCH:
                self.stdout.add_exact(inert_json("".join(batch)))
                batch.clear()
                size = 0
        return self.say_exactly(inert_json("".join(batch)) + "\n")

    def flush(self) -> None:
        """Write what is pending on either stream."""
        self.stderr.flush()
        self.stdout.flush()

    def note(self, text: str) -> None:
        """Write to stderr at once."""
        self.stderr.add(text)
        self.stderr.flush()


def _output(stream: TextIO | None, environ: Mapping[str, str], mask: Callable[[str], str]) -> Output:
    if stream is None:
        # Started with the descriptor closed: Python has no stream for it.
        return Output(io.StringIO(), Look())
    terminal = stream.isatty()
    encoding = (stream.encoding or "ascii").lower().replace("-", "")
    look = Look(
        terminal=terminal,
        colour=wants_colour(environ, terminal=terminal),
        live=wants_live(environ, terminal=terminal),
        unicode=encoding.startswith("utf"),
        ci=ci_of(environ) is not Ci.NONE,
    )
    return Output(stream, look, mask=mask)
