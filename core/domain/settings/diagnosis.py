"""What ``orchestrator doctor`` found out, one line each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """What a fact means for the tool's promises."""

    #: As it should be.
    GOOD = "good"
    #: Something works less well; ``advice`` says what and why.
    WARNING = "warning"
    #: A run would be refused, or a promise would not hold.
    BAD = "bad"
    #: A fact for a bug report.
    FACT = "fact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One thing looked at."""

    #: ``python``, ``file system``, ``sandbox`` …
    subject: str
    found: str
    health: Health = Health.FACT
    #: What to do, or what is lost; empty when there is nothing to say.
    advice: str = ""
