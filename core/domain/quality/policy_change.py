"""A difference between base and branch in what decides an audit's verdict: reported, because the base's is used."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChange:
    """One difference between the base and this branch."""

    #: ``settings``, or the name of the file: ``plugins.lock``, ``audit-baseline.json``.
    subject: str
    #: ``audit.thresholds.complexity 10 → 50``; one line.
    what: str
    #: The file that says so in this branch, and the line, 0 where it has none.
    file: str
    line: int = 0

    @property
    def sentence(self) -> str:
        """Return it as a sentence without a full stop."""
        return f"{self.subject} changed in this branch: {self.what}; judged by the base's"
