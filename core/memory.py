"""Keeps journal and file in step: every transition is in the journal first, ``tasks.yml`` follows soon after.

The plan and its statuses are ``tasks.yml``; what has not reached it yet is in the journal. Hand edits win.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from core.domain.runs.attempt import Attempt
from core.domain.runs.recovery import Recovery, interrupt, recovery_of
from core.domain.tasks.edit import AppendTask, Edit, SetField, Snapshot
from core.domain.tasks.reload import Reloaded, compare
from core.domain.tasks.status import Status
from core.domain.tasks.task import Task, with_status
from core.domain.tasks.versions import FileVersions
from core.ports.clock import Clock
from core.ports.journal import Journal
from core.ports.task_file import Busy, HandEdited, TaskFile, Written

#: Seconds by which the file may trail the journal, and the share of a run that writing it may take.
_TRAIL = 0.25
_WRITE_SHARE = 0.05

#: Key of the statuses that a command set in the file beside a live run.
_MEANT = "memory.meant"


class Memory:
    """The one place that reads and writes the backlog. Call ``load_tasks`` before anything that changes a status."""

    def __init__(self, *, file: TaskFile, journal: Journal, clock: Clock, run_id: str, beside: Journal | None = None) -> None:
        #: Whose transitions these are.
        self.run_id = run_id
        self._file = file
        self._journal = journal
        #: The journal of a live run beside which this one changes the file by hand.
        self._beside = beside
        self._clock = clock
        #: Entries as read; the statuses that hold now are in ``_status``.
        self._entries: dict[str, Task] = {}
        self._status: dict[str, Status] = {}
        self._versions = FileVersions({})
        #: Statuses that the file does not show yet.
        self._dirty: dict[str, Status] = {}
        self._last_seq = 0
        self._marked_seq = 0
        self._next_write = 0.0
        self._reloads: list[Reloaded] = []
        self._problems: tuple[str, ...] = ()

    # -- JSON state ----------------------------------------------------------------------------------------------

    def load(self, key: str) -> Any:
        """Return the JSON value kept under ``key``, or None."""
        return self._journal.load_state(key)

    def save(self, key: str, value: Any) -> None:
        """Keep a JSON value under ``key``; it survives ``kill -9``."""
        self._journal.save_state(key, value)

    # -- the backlog ---------------------------------------------------------------------------------------------

    def load_tasks(self) -> tuple[Task, ...]:
        """Read the file, lay over it what the journal knows and the file does not show yet, and return the tasks.

        Raises InvalidFile with every problem, StorageError when it cannot be read.
        """
        snapshot = self._file.read()
        self._take(snapshot)
        self._versions = FileVersions({task.id: task.status for task in snapshot.tasks})
        self._dirty = {}
        for task_id, status in self._pending_overlay().items():
            self._note(task_id, status)
        return self.tasks

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in file order, with the statuses that hold now."""
        return tuple(with_status(task, self._status[task.id]) for task in self._entries.values())

    def status(self, task_id: str) -> Status | None:
        """Return the status that holds now, None for an entry that is not there (any more)."""
        return self._status.get(task_id)

    def transition(self, task_id: str, after: Status, reason: str) -> None:
        """Journal a task's new status; the file follows with the next write that is due."""
        before = self._status[task_id]
        if before is after:
            return
        if self._beside is not None:
            self._beside.save_state(_MEANT, {**(self._beside.load_state(_MEANT) or {}), task_id: after.value})
        self._record(task_id, before, after, reason)
        self._note(task_id, after)

    def reopen_failed(self, chosen: Collection[str] | None, reason: str) -> None:
        """Make failed tasks pending again: those in ``chosen``, or all."""
        with self._journal.transaction():
            for task_id, status in list(self._status.items()):
                if status is Status.FAILED and (chosen is None or task_id in chosen):
                    self.transition(task_id, Status.PENDING, reason)

    def begin_attempt(self, attempt: Attempt, *, in_progress: bool) -> None:
        """Journal an attempt that is about to be launched, and its task as in progress, at once or not at all.

        The check of a goal leaves its task pending: nothing is being done about it.
        """
        with self._journal.transaction():
            self._journal.begin_attempt(attempt)
            if in_progress:
                self.transition(attempt.task_id, Status.IN_PROGRESS, f"attempt {attempt.number} started")

    def end_attempt(self, attempt: Attempt, after: Status | None, reason: str) -> None:
        """Journal an attempt's outcome and what it makes of its task, at once or not at all; None leaves the task alone."""
        with self._journal.transaction():
            self._journal.end_attempt(attempt)
            if after is not None and attempt.task_id in self._status:
                self.transition(attempt.task_id, after, reason)

    def append(self, entries: Iterable[Mapping[str, Any]]) -> tuple[Task, ...]:
        """Write new entries behind the last one, now, and return them as tasks.

        Raises EditRefused when the file cannot take them without guessing.
        """
        edits = [AppendTask(fields=entry) for entry in entries]
        if not edits:
            return ()
        known = set(self._entries)
        self._write(edits)
        return tuple(task for task in self.tasks if task.id not in known)

    def set_fields(self, edits: Iterable[SetField]) -> None:
        """Change scalars other than a status in entries of ours, now. Raises EditRefused."""
        wanted = list(edits)
        if wanted:
            self._write(wanted)

    def save_tasks(self, *, force: bool = True) -> bool:
        """Bring the file in step with the journal; without ``force`` only when a write is due.

        Returns whether they are in step now: False while somebody is in the middle of a save or their text is invalid.
        """
        if not self._dirty:
            self._mark_written(self._last_seq)
            return True
        if not force and self._clock.monotonic() < self._next_write:
            return False
        return self._write([])

    def next_write(self) -> float | None:
        """Return when the next write is due (monotonic seconds), None when nothing is to be written."""
        return self._next_write if self._dirty else None

    def look(self) -> None:
        """Take over what somebody saved since the last look or write."""
        snapshot = self._file.poll()
        if snapshot is not None:
            self._merge(snapshot)

    def next_reload(self) -> Reloaded | None:
        """Return what a save changed that was taken over, the oldest first, each once; None when all were told."""
        return self._reloads.pop(0) if self._reloads else None

    def new_problems(self) -> tuple[str, ...]:
        """Return why the file's present text is not taken over, once for each text."""
        problems = self._file.problems()
        if problems == self._problems:
            return ()
        self._problems = problems
        return problems

    # -- recovery ------------------------------------------------------------------------------------------------

    def recover(self, tell: Callable[[Recovery], None]) -> None:
        """Put right what dead runs left: call under the run lock, after ``load_tasks`` and after their processes were killed.

        Their open attempts end as ``interrupted``, their ``in_progress`` tasks are pending again. ``tell`` hears of each
        dead run before it is recorded as ended: whoever is killed in between leaves the telling to the next run.
        """
        self._meant(self._status)
        dead = [run for run in self._journal.dead_runs() if run.id != self.run_id]
        if not dead and Status.IN_PROGRESS not in self._status.values():
            return
        interrupted = [interrupt(attempt) for attempt in self._journal.open_attempts() if attempt.run_id != self.run_id]
        for run in dead:
            tell(recovery_of(run, interrupted, replayed=len(self._dirty)))
        with self._journal.transaction():
            for attempt in interrupted:
                self._journal.end_attempt(attempt)
            self._put_back("its run died")
            for run in dead:
                self._journal.end_run(run.id, self._clock.now(), -1)
        self.save_tasks()

    # -- inside --------------------------------------------------------------------------------------------------

    def _put_back(self, reason: str) -> None:
        for task_id, status in list(self._status.items()):
            if status is Status.IN_PROGRESS:
                self.transition(task_id, Status.PENDING, reason)

    def _take(self, snapshot: Snapshot) -> None:
        self._entries = {task.id: task for task in snapshot.tasks}
        self._status = {task.id: task.status for task in snapshot.tasks}

    def _note(self, task_id: str, status: Status) -> None:
        self._status[task_id] = status
        if self._versions.newest.get(task_id) is status:
            self._dirty.pop(task_id, None)
        else:
            self._dirty[task_id] = status

    def _record(self, task_id: str, before: Status, after: Status, reason: str) -> None:
        self._last_seq = self._journal.record(self.run_id, task_id, before, after, self._clock.now(), reason)

    def _pending_overlay(self) -> dict[str, Status]:
        """Return the statuses that the journal has and the file lacks, except where a hand has set another one since."""
        overlay: dict[str, Status] = {}
        held: dict[str, set[Status]] = {}
        for transition in self._journal.unwritten():
            held.setdefault(transition.task_id, set()).add(transition.before)
            overlay[transition.task_id] = transition.after
            self._last_seq = transition.seq
        meant = self._journal.load_state(_MEANT) or {}
        stale = (task_id for task_id in overlay if self._status.get(task_id) in held[task_id])
        return {task_id: overlay[task_id] for task_id in stale if meant.get(task_id) != self._status[task_id]}

    def _write(self, extra: list[Edit] | list[AppendTask] | list[SetField]) -> bool:
        """Write everything that is dirty and ``extra``; merge and try again when somebody saved in between."""
        while True:
            up_to = self._last_seq
            dirty = dict(self._dirty)
            edits: list[Edit] = [SetField(task_id=task_id, path=("status",), value=status.value) for task_id, status in dirty.items()]
            begun = self._clock.monotonic()
            result = self._file.write([*edits, *extra])
            if isinstance(result, HandEdited):
                self._merge(result.snapshot)
                continue
            took = self._clock.monotonic() - begun
            self._next_write = self._clock.monotonic() + max(_TRAIL, took / _WRITE_SHARE)
            if isinstance(result, Busy):
                return False
            self._written(result, dirty, up_to, entries_changed=bool(extra))
            return True

    def _written(self, result: Written, dirty: Mapping[str, Status], up_to: int, *, entries_changed: bool) -> None:
        self._versions.write(dirty)
        for task_id in dirty:
            if self._dirty.get(task_id) is dirty[task_id]:
                del self._dirty[task_id]
        if entries_changed:
            self._versions.restart({task.id: task.status for task in result.snapshot.tasks})
            self._take(result.snapshot)
        self._mark_written(up_to)

    def _meant(self, saved: Mapping[str, Status]) -> dict[str, Status]:
        """Return the statuses of a save that a command set beside this run: they are no old buffer's, whatever they look like."""
        asked = self._journal.load_state(_MEANT)
        if not asked:
            return {}
        self._journal.save_state(_MEANT, {})
        return {task_id: Status(word) for task_id, word in asked.items() if saved.get(task_id) == word and task_id in self._status}

    def _mark_written(self, up_to: int) -> None:
        """Note in the journal that the file shows everything up to ``up_to``: it must not be laid over a later edit by hand."""
        if up_to > self._marked_seq:
            self._journal.mark_written(up_to)
            self._marked_seq = up_to

    def _merge(self, snapshot: Snapshot) -> None:
        """Take over a person's text: what they changed on purpose wins, our transitions go onto it with the next write."""
        saved = {task.id: task.status for task in snapshot.tasks}
        by_hand = {**self._versions.changed_by_hand(saved), **self._meant(saved)}
        before, held = self._entries, self._status
        self._take(snapshot)
        self._versions.restart(saved)
        self._dirty = {}
        for task_id, status in by_hand.items():
            self._record(task_id, held[task_id], status, "set by hand in the file")
        for task in snapshot.tasks:
            # Nothing runs under an id that is new: such an entry is the copy of one that does.
            new = Status.PENDING if task.status is Status.IN_PROGRESS else task.status
            known = held.get(task.id, new)
            if task.id not in by_hand and known is not task.status:
                self._note(task.id, known)
        self._reloads.append(compare(before, self._entries, by_hand))
