"""One way of spoiling a repository."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.security.judge import MOST_CPU, MOST_MEMORY
from tests.security.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Trick:
    """What it is called, what it does, and how the commands are to be pointed at it."""

    name: str
    spoil: Callable[[Repository], None]
    #: The task that ``why``, ``show``, ``log`` and ``history`` are asked about.
    task: str = "a"
    #: The plugin that ``plugins verify`` and ``plugins show`` are asked about.
    plugin: str = "hostile"
    #: The revision that ``audit --since`` compares with.
    since: str = "HEAD~1"
    #: Bytes that one process may take.
    memory: int = MOST_MEMORY
    #: Seconds of CPU time that all processes together may take.
    cpu: float = MOST_CPU


class Tricks(list[Trick]):
    """A list to which functions are added by decorating them; a trick's name is its function's."""

    def add(self, spoil: Callable[[Repository], None] | None = None, **how: Any):
        """Add a function: ``@tricks.add`` or ``@tricks.add(task="…")``."""

        def added(function: Callable[[Repository], None]) -> Callable[[Repository], None]:
            self.append(Trick(name=function.__name__, spoil=function, **how))
            return function

        return added if spoil is None else added(spoil)
