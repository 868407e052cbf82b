"""Checks in a run: which are up to date, what each result is about, and which have to run again since something was changed."""

from __future__ import annotations

from core.domain.runs.attempt import Attempt
from core.domain.runs.check_result import CheckResult, CheckState, still_valid
from core.domain.runs.outcome import Settlement
from core.domain.runs.run_checks import RunChecks
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.plan import Decision
from core.domain.tasks.task import Status, Task, Work
from core.memory import Memory
from core.ports.check_inputs import CheckInputs
from core.ports.clock import Clock

#: What the planner knows of a check by its result.
STATUS_OF = {CheckState.PASSED: Status.DONE, CheckState.UP_TO_DATE: Status.DONE, CheckState.FAILED: Status.FAILED}


class CheckRuns:
    """Keeps the checks of a run, its journal and what they are about in step."""

    def __init__(self, *, checks: RunChecks, memory: Memory, inputs: CheckInputs, clock: Clock, options: RunOptions) -> None:
        self._checks, self._memory, self._inputs, self._clock, self._options = checks, memory, inputs, clock, options
        #: Results of earlier runs, newest first, by check.
        self._earlier = memory.checks.check_results()

    def refresh(self) -> None:
        """See files as they are now from here on."""
        self._inputs.refresh()

    def begin(self, check: Task) -> CheckResult | None:
        """Return the earlier success that still holds, None when the check has to run: then it is noted as begun."""
        digest = self._inputs.digest(check)
        known = self._up_to_date(check, digest)
        if known is None:
            self._checks.begin(check.id, digest)
        return known

    def up_to_date(self, check: Task) -> CheckResult | None:
        """Return the earlier success that still holds, None when the check has to run."""
        return self._up_to_date(check, self._inputs.digest(check))

    def _up_to_date(self, check: Task, digest: str) -> CheckResult | None:
        known = None if self._options.runs_again(check.id) else still_valid(self._earlier.get(check.id, ()), digest)
        if known is not None:
            self._checks.note_up_to_date(check.id, digest, known.at)
        return known

    def note_end(self, decision: Decision, attempt: Attempt, settlement: Settlement) -> None:
        """Note what the end of an attempt means for checks: a check has a result, if any, and work may have changed what they are about.

        Call inside a commit.
        """
        if decision.work is Work.CHECK:
            self._end(decision.task, attempt, settlement)
        elif decision.work is Work.COMMAND:
            self._checks.note_change()
            self._note_gates(attempt)

    def _note_gates(self, attempt: Attempt) -> None:
        """Record the checks that have passed as a part of judging what an attempt changed."""
        passed = attempt.outcome.checks if attempt.outcome is not None else {}
        for check in self._memory.tasks if passed else ():
            # One that has no result is no part of this run, or its entry is another one since.
            if check.id in passed and check.id in self._checks.standings:
                self._note_passed(check, attempt, passed[check.id])

    def _end(self, check: Task, attempt: Attempt, settlement: Settlement) -> None:
        if settlement not in (Settlement.DONE, Settlement.FAILED):
            self._checks.interrupt(check.id)
            return
        passed, now = settlement is Settlement.DONE, self._clock.now()
        digest = self._checks.end(check.id, self._inputs.digest(check), passed=passed, at=now)
        self._record(check.id, attempt, digest, passed=passed)

    def _note_passed(self, check: Task, attempt: Attempt, digest: str) -> None:
        """Record that a check has passed as a part of an attempt at another task; ``digest`` is of what it was about when it began."""
        self._checks.note_passed_for(check.id, digest, self._clock.now())
        self._record(check.id, attempt, digest if self._inputs.digest(check) == digest else "", passed=True)

    def note_failed(self, check: Task, attempt: Attempt) -> None:
        """Record that a check has failed whose further attempts are not made after all. Call inside a commit.

        What it was about may have changed since its last attempt: the failure is one about nothing in particular.
        """
        self._checks.begin(check.id, "")
        self._checks.end(check.id, "", passed=False, at=self._clock.now())
        self._record(check.id, attempt, "", passed=False)

    def outdated(self) -> tuple[str, ...]:
        """Return the checks whose result no longer holds, each once for every change that put it in question."""
        if not (movable := self._checks.movable()):
            return ()
        self.refresh()
        entries = {task.id: task for task in self._memory.tasks}
        digests = {name: self._inputs.digest(entries[name]) if name in entries else "" for name in movable}
        return tuple(name for name in self._checks.compare(digests) if name in entries)

    def passed(self) -> frozenset[str]:
        """Return the checks that have passed or are up to date, and are not in question."""
        held = {task_id for task_id, known in self._checks.standings.items() if known.state is not CheckState.FAILED}
        return frozenset(held.difference(self._checks.in_question()))

    def statuses(self) -> dict[str, Status]:
        """Return what the planner is to know of each check that has a result in this run."""
        return {task_id: STATUS_OF[known.state] for task_id, known in self._checks.standings.items()}

    def _record(self, task_id: str, attempt: Attempt, digest: str, *, passed: bool) -> None:
        result = CheckResult(
            task_id=task_id, run_id=attempt.run_id, attempt=attempt.number, at=self._clock.now(), passed=passed, digest=digest
        )
        self._memory.checks.record_check(result)
