"""In-memory twin of the port ``BaselineFile``."""

from __future__ import annotations

from collections.abc import Sequence

from core.domain.quality.finding import Accepted


class InMemoryBaseline:
    """A baseline that is lost with its object."""

    def __init__(self, accepted: Sequence[Accepted] | None = None) -> None:
        #: None: there is no file.
        self.accepted = None if accepted is None else tuple(accepted)

    def read(self) -> tuple[Accepted, ...] | None:
        return self.accepted

    def write(self, accepted: Sequence[Accepted]) -> None:
        self.accepted = tuple(accepted)
