"""The streams of a command: what each one is, and writing to it. A closed or odd terminal is never an error of ours."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from enum import StrEnum
from functools import cached_property
from typing import Any, TextIO

from core.domain.untrusted.printable import inert_json
from core.errors import StorageError
from core.terminal.masking import Masking
from core.terminal.output import Look, Output
from core.terminal.sink import Sink, same_place, sink_of

#: Characters of a JSON result that are written at once.
_BATCH = 1 << 20
#: Seconds that the end of a command waits for whoever reads what is no result, or reads anything after a stop signal.
_PATIENCE = 2.0


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


class Console:
    """Where one command writes: stdout for its result, stderr for everything else, and no known secret into either."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """``environ`` says what the streams are read by, and holds the first secrets; default: the process's."""
        self.environ: Mapping[str, str] = os.environ if environ is None else environ
        self.masking = Masking(self.environ)

    @cached_property
    def stdout(self) -> Output:
        return self._output(sys.stdout, self._stdout_sink)

    @cached_property
    def stderr(self) -> Output:
        # In one pipe or on one terminal the texts of both streams have an order, whatever has to wait.
        shared = same_place(sys.stdout, sys.stderr)
        output = self._output(sys.stderr, self._stdout_sink if shared else sink_of(sys.stderr) if sys.stderr else None)
        output.patience = _PATIENCE
        return output

    @cached_property
    def _stdout_sink(self) -> Sink | None:
        return sink_of(sys.stdout) if sys.stdout else None

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
                self.say_exactly(inert_json("".join(batch)))
                batch.clear()
                size = 0
        return self.say_exactly(inert_json("".join(batch)) + "\n")

    def hurry(self) -> None:
        """Somebody has sent a stop signal: from now on nothing waits long for a reader."""
        self.stdout.patience = _PATIENCE

    def flush(self) -> None:
        """Write what is pending on either stream, and wait for whoever reads stdout; for a reader of stderr only shortly."""
        for output in (self.stderr, self.stdout):
            with suppress(StorageError):
                output.finish()

    def note(self, text: str) -> None:
        """Write to stderr what its reader takes now; the rest follows."""
        self.stderr.add(text)
        self.stderr.flush()

    def _output(self, stream: TextIO | None, sink: Sink | None) -> Output:
        if stream is None:
            # Started with the descriptor closed: Python has no stream for it.
            return Output(io.StringIO(), Look())
        terminal = stream.isatty()
        encoding = (stream.encoding or "ascii").lower().replace("-", "")
        look = Look(
            terminal=terminal,
            colour=wants_colour(self.environ, terminal=terminal),
            live=wants_live(self.environ, terminal=terminal),
            unicode=encoding.startswith("utf"),
            ci=ci_of(self.environ) is not Ci.NONE,
        )
        return Output(stream, look, mask=self.masking, sink=sink)
