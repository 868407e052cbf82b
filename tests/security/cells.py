"""Commands that only read, in every form of their answer; and which of them are tried against which trick in ``make test``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from tests.security.trick import Trick

_CI = MappingProxyType({"CI": "true", "GITHUB_ACTIONS": "true"})
_FORMATS = ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One command line. ``TASK``, ``PLUGIN`` and ``SINCE`` stand for what the trick says, ``REPORT`` for a file that is asked for."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return " ".join((*self.arguments, *(["in-ci"] if self.environment else [])))

    @property
    def obeyed(self) -> bool:
        """Whether a service of continuous integration would obey workflow commands in the output."""
        return bool(self.environment) or "--format=github" in self.arguments

    @property
    def shrinks_baseline(self) -> bool:
        """Whether it takes out of the baseline what got better, as ``audit`` does on a person's machine and without ``--since``."""
        return self.arguments[0] == "audit" and not self.environment and "--since=SINCE" not in self.arguments

    @property
    def command(self) -> str:
        """The words that the command's name has."""
        return " ".join(self.arguments[:2]) if self.arguments[0] in ("config", "plugins") else self.arguments[0]

    def line(self, trick: Trick, report: str) -> list[str]:
        """Return the arguments against one trick."""
        meant = {"TASK": trick.task, "PLUGIN": trick.plugin, "--since=SINCE": f"--since={trick.since}", "REPORT": report}
        return [meant.get(word, word) for word in self.arguments]


def _forms(*arguments: str) -> tuple[Cell, ...]:
    """Return a command for people, for programs, and for people who read the log of a pipeline."""
    return (Cell(arguments=arguments), Cell(arguments=(*arguments, "--json")), Cell(arguments=arguments, environment=_CI))


AUDITS: tuple[Cell, ...] = (
    *(Cell(arguments=("audit", f"--format={name}")) for name in _FORMATS),
    *(Cell(arguments=("audit", f"--format={name}", "--since=SINCE")) for name in _FORMATS),
    Cell(arguments=("audit",), environment=_CI),
    Cell(arguments=("audit", "--since=SINCE"), environment=_CI),
    Cell(arguments=("audit", "--no-history", "--format=html", "--output", "REPORT")),
    Cell(arguments=("audit", "--explain=package/b.py::many")),
    Cell(arguments=("audit", "--check=TASK")),
)
LOOKS: tuple[Cell, ...] = (
    *_forms("plan"),
    *_forms("validate"),
    *_forms("verify", "--list"),
    *_forms("why", "TASK"),
    *_forms("list"),
    *_forms("show", "TASK"),
    *_forms("status"),
    *_forms("graph"),
    Cell(arguments=("graph", "--format=dot")),
    *_forms("history"),
    *_forms("history", "TASK"),
    *_forms("doctor"),
    *_forms("config", "show"),
    *_forms("schema", "config"),
    *_forms("schema", "tasks"),
    *_forms("log", "TASK"),
    *_forms("plugins", "list"),
    *_forms("plugins", "verify", "PLUGIN"),
    *_forms("plugins", "show", "PLUGIN"),
)
CELLS: tuple[Cell, ...] = (*AUDITS, *LOOKS)
#: Far from both ends and without a common divisor with the number of cells, so that neighbours among the tricks meet different ones.
_STEP = 31


def slice_of(number: int) -> tuple[Cell, ...]:
    """Return what trick ``number`` meets in ``make test``: one cell, each in its turn."""
    return (CELLS[number * _STEP % len(CELLS)],)
