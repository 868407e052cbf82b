"""How much is measured: quick (minutes), full (an hour or more), and tiny (to try the scripts themselves)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Counts of tasks with rounds each; seconds after which a contestant is ended."""

    limit: float
    #: (tasks, rounds) of the fan-out, growing.
    growth: tuple[tuple[int, int], ...]
    #: (shape, tasks, rounds)
    shapes: tuple[tuple[str, int, int], ...]
    #: (tasks, rounds) of a backlog that is done already.
    again: tuple[int, int]
    #: More tasks than this are not given to tools that need many milliseconds for each.
    slow_tools: int
    #: (package, rounds) of code to audit, growing.
    packages: tuple[tuple[str, int], ...]
    audit_limit: float
    #: Numbers of files, for the growth of an audit.
    files: tuple[int, ...]
    #: Numbers of revisions, for the growth of a history.
    revisions: tuple[int, ...]


SCALES = {
    "tiny": Scale(
        limit=10,
        growth=((20, 1), (60, 2)),
        shapes=(("chain", 20, 1), ("layered", 60, 1)),
        again=(20, 2),
        slow_tools=50,
        packages=(("requests", 1),),
        audit_limit=10,
        files=(5, 20),
        revisions=(5,),
    ),
    "quick": Scale(
        limit=25,
        growth=((100, 3), (500, 3), (2_000, 3), (6_000, 1)),
        shapes=(("chain", 500, 2), ("layered", 1_000, 2)),
        again=(2_000, 3),
        slow_tools=500,
        packages=(("requests", 3), ("pytest", 3), ("django", 3)),
        audit_limit=60,
        files=(50, 200, 800),
        revisions=(20, 60),
    ),
    "full": Scale(
        limit=300,
        growth=((100, 5), (500, 5), (2_000, 9), (10_000, 3), (50_000, 1)),
        shapes=(("chain", 2_000, 5), ("layered", 5_000, 5)),
        again=(2_000, 5),
        slow_tools=2_000,
        packages=(("requests", 5), ("pytest", 5), ("django", 3)),
        audit_limit=900,
        files=(100, 400, 1_600, 2_800),
        revisions=(20, 60, 120, 200),
    ),
}
