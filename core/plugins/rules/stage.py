"""One examination of a plugin and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """How a stage, or the whole, ended."""

    PASSED = "passed"
    #: Something a person should look at; the sandbox holds either way.
    WARNED = "warned"
    FAILED = "failed"
    #: A tool was not there.
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One examination."""

    name: str
    verdict: Verdict
    #: One line each.
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "verdict": str(self.verdict), "notes": list(self.notes)}


def judged(name: str, failures: tuple[str, ...], warnings: tuple[str, ...] = ()) -> Stage:
    """Return a stage that failed, warned or passed."""
    verdict = Verdict.FAILED if failures else Verdict.WARNED if warnings else Verdict.PASSED
    return Stage(name=name, verdict=verdict, notes=(*failures, *warnings))
