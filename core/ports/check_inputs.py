"""What a check is about: the port that tells whether anything of it is another than at an earlier run of the check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.domain.tasks.task import Task


class CheckInputs(Protocol):
    """Sources, command and environment of checks. For one thread."""

    def digest(self, check: Task) -> str:
        """Return the SHA-256 of everything that a check names: the contents of its sources, its command and its environment.

        Two equal digests mean that the check would see the same. Empty where it names no sources, where these match no file, and
        where one of them cannot be read: then nobody can say. Files may be looked at once for many checks, as they were at the
        last ``refresh``. Never raises.
        """

    def refresh(self) -> None:
        """Look at the files anew from now on."""

    def unmatched(self, check: Task) -> Sequence[str]:
        """Return the globs of a check's sources that match no file."""


class _NoInputs:
    """For runs outside of a repository: nothing is known of any check, so each runs."""

    def digest(self, check: Task) -> str:
        del check
        return ""

    def refresh(self) -> None:
        """There is nothing to look at."""

    def unmatched(self, check: Task) -> Sequence[str]:
        del check
        return ()


NO_INPUTS: CheckInputs = _NoInputs()
