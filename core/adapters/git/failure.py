"""The package's own exception."""

from __future__ import annotations


class GitFailed(Exception):
    """git did not answer; the package's own, it never leaves it."""

    def __init__(self, reason: str, hint: str = "", exit_code: int = -1, *, damage: bool = False) -> None:
        super().__init__(reason)
        #: One sentence without a full stop.
        self.reason = reason
        #: What to type; empty when there is nothing sensible.
        self.hint = hint
        self.exit_code = exit_code
        #: Nobody's mistake that we know of: objects are missing or unreadable, or git itself is.
        self.damage = damage

    def __str__(self) -> str:
        return f"{self.reason}: {self.hint}" if self.hint else self.reason
