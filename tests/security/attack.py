"""One command against one spoilt repository: watched, judged, and its neighbours looked at afterwards."""

from __future__ import annotations

from pathlib import Path

from tests.security.cells import Cell
from tests.security.judge import Allowed, violations
from tests.security.monitor import observe
from tests.security.repository import ORCHESTRATOR, Repository, snapshot
from tests.security.trick import Trick

#: The user's own directories of the tool: trust, keys, verified copies.
_OWN = (".config/orchestrator", ".local/share/orchestrator", ".cache/orchestrator")


def attacked(repository: Repository, trick: Trick, cell: Cell, scratch: Path) -> list[str]:
    """Run a command in a spoilt repository and return everything that it must not do, one sentence each."""
    report = scratch / "report"
    scratch.mkdir(parents=True, exist_ok=True)
    before = snapshot(repository.outside)
    seen = observe(
        [ORCHESTRATOR, *cell.line(trick, str(report))],
        repository.root,
        scratch / "watched",
        repository.environment(**cell.environment),
        cpu=trick.cpu,
    )
    found = violations(seen, _allowed(repository, report, trick, cell))
    after = snapshot(repository.outside)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [*found, *(f"outside of the repository something changed: {name}" for name in changed)]


def _allowed(repository: Repository, report: Path, trick: Trick, cell: Cell) -> Allowed:
    """The state, the logs, the user's own directories of the tool, a report that was asked for, and the baseline, which only shrinks."""
    own = tuple(repository.home / place for place in _OWN)
    return Allowed(
        directories=(repository.root / ".orchestrator", repository.root / "logs", *own),
        files=(report,),
        replaced=(repository.root / "audit-baseline.json",) if cell.shrinks_baseline else (),
        memory=trick.memory,
        cpu=trick.cpu,
        obeyed=cell.obeyed,
    )
