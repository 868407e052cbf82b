"""How text may look where it is going: colour or not, and how many columns a line may fill."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The look of one stream. The default is what a file or a pipe gets: no colour, lines as long as they are."""

    colour: bool = False
    #: Columns that a line may fill; None: no limit.
    width: int | None = None

    def good(self, text: str) -> str:
        return f"\x1b[32m{text}\x1b[0m" if self.colour else text

    def bad(self, text: str) -> str:
        return f"\x1b[31m{text}\x1b[0m" if self.colour else text

    def warn(self, text: str) -> str:
        return f"\x1b[33m{text}\x1b[0m" if self.colour else text

    def busy(self, text: str) -> str:
        return f"\x1b[36m{text}\x1b[0m" if self.colour else text

    def bold(self, text: str) -> str:
        return f"\x1b[1m{text}\x1b[0m" if self.colour else text

    def dim(self, text: str) -> str:
        return f"\x1b[2m{text}\x1b[0m" if self.colour else text


PLAIN = Style()
