"""What one run knows of its checks: results, what they were about, and which no longer hold since something was changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from core.domain.runs.check_result import CheckState


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStanding:
    """How a check stands in this run."""

    state: CheckState
    #: Unix time in seconds of the result.
    at: float
    #: Of sources, command and environment; empty where it names no sources, and where they changed while it ran.
    digest: str
    #: Changes by tasks that had been noted when the check began.
    changes: int


@dataclass(slots=True, kw_only=True)
class RunChecks:
    """Changed by the loop alone. A change that a task may have made puts every result in question that was begun before it."""

    standings: dict[str, CheckStanding] = field(default_factory=dict)
    #: Digest and number of changes of each check that runs, as it began.
    _begun: dict[str, tuple[str, int]] = field(default_factory=dict)
    #: Checks whose result was put in question and that have not been run since.
    _outdated: set[str] = field(default_factory=set)
    _changes: int = 0
    #: Checks that were put in question because their sources were changed by no task, but by another check or a person: once each, so
    #: that checks which change each other's sources come to an end.
    _moved: set[str] = field(default_factory=set)
    #: Whether a check has been run.
    _has_run: bool = False

    def note_change(self) -> None:
        """Note that a task has ended which may have changed anything."""
        self._changes += 1

    def begin(self, task_id: str, digest: str) -> None:
        """Note that a check begins; ``digest`` is of what it is about."""
        self._begun[task_id] = (digest, self._changes)

    def end(self, task_id: str, digest: str, *, passed: bool, at: float) -> str:
        """Note a result; return the digest of what it is about, empty where that is not ``digest``, that of now."""
        begun, changes = self._begun.pop(task_id)
        self._has_run = True
        state = CheckState.PASSED if passed else CheckState.FAILED
        unchanged = digest if digest == begun else ""
        self._set(task_id, CheckStanding(state=state, at=at, digest=unchanged, changes=changes))
        return unchanged

    def interrupt(self, task_id: str) -> None:
        """Note that a check came to no result."""
        self._begun.pop(task_id, None)

    def note_up_to_date(self, task_id: str, digest: str, at: float) -> None:
        """Note that an earlier success, ``at`` Unix time, still holds."""
        self._set(task_id, CheckStanding(state=CheckState.UP_TO_DATE, at=at, digest=digest, changes=self._changes))

    def note_passed_for(self, task_id: str, digest: str, at: float) -> None:
        """Note that a check has passed as a part of judging a change, after everything that has been noted as changed."""
        self._set(task_id, CheckStanding(state=CheckState.PASSED, at=at, digest=digest, changes=self._changes))

    def forget(self, task_id: str) -> None:
        """Forget the result of a check whose entry is another one now."""
        self.standings.pop(task_id, None)

    def in_state(self, state: CheckState) -> tuple[str, ...]:
        """Return the checks that stand so, in the order in which they came to."""
        return tuple(task_id for task_id, known in self.standings.items() if known.state is state)

    def in_question(self) -> tuple[str, ...]:
        """Return the checks with a result that was begun before the last change."""
        return tuple(task_id for task_id, known in self.standings.items() if known.changes < self._changes)

    def movable(self) -> tuple[str, ...]:
        """Return the checks in question, and those that are to be put in question if what they are about is not what it was."""
        known = self.standings.items() if self._has_run else ()
        held = (each for each, its in known if its.digest and its.state is not CheckState.FAILED and each not in self._moved)
        return tuple(dict.fromkeys((*self.in_question(), *held)))

    def compare(self, digests: Mapping[str, str]) -> tuple[str, ...]:
        """Return the checks that have to run again, and let the others stand: their digest is what it was.

        ``digests`` are those of now, of every check that is ``movable``.
        """
        outdated, in_question = [], set(self.in_question())
        for task_id in self.movable():
            known = self.standings[task_id]
            if task_id not in in_question and digests[task_id] != known.digest:
                self._moved.add(task_id)
            if known.digest and digests[task_id] == known.digest:
                self.standings[task_id] = replace(known, changes=self._changes)
            else:
                del self.standings[task_id]
                outdated.append(task_id)
        self._outdated.update(outdated)
        return tuple(outdated)

    def unverified(self) -> tuple[str, ...]:
        """Return the checks that had a result which no longer holds, and have not been run since."""
        return tuple(sorted({*self._outdated, *self.in_question()}))

    def _set(self, task_id: str, standing: CheckStanding) -> None:
        self.standings.pop(task_id, None)
        self.standings[task_id] = standing
        self._outdated.discard(task_id)
