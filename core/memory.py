"""Owns the backlog and its journal, and keeps the two in step.

``tasks.yml`` holds the plan and its statuses. A transition is journalled first and written to the file soon after; what somebody else
saves in the file wins over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from core.backlog import Backlog
from core.commanded import commanded, note_command, take_commanded
from core.domain.runs.attempt import BROKE_OFF, Attempt, Recovery, RunRecord, interrupt_all, recovery_of, unwritten_statuses
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.entry import AppendTask, Edit, SetField, Snapshot
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.task import Status, Task
from core.failed_entries import note_failure, was_edited
from core.known_texts import KnownTexts
from core.ports.clock import Clock
from core.ports.journal import CheckJournal, Journal, StateStore
from core.ports.standard import MISSING, StrPath, standard, tasks_of
from core.ports.task_file import Busy, HandEdited, TaskFile
from core.schema.arguments import path_text
from core.sync_pace import SyncPace


class Memory:
    """The one reader and writer of the backlog and its journal. Call ``load_tasks`` before anything that changes a status.

    Transitions are recorded under ``run_id``.
    Without ports it keeps values in the JSON file ``path``, and works on the tasks files that it is given.
    ``live_state`` is given to a command that edits the file during a run: the state store of that run, while ``journal`` is a scratch one.
    """

    def __init__(
        self,
        path: StrPath = "",
        *,
        file: TaskFile = MISSING,
        journal: Journal = MISSING,
        clock: Clock = MISSING,
        run_id: str = "",
        live_state: StateStore | None = None,
    ) -> None:
        self.without_ports = file is MISSING
        self._path, self.run_id = path_text("path", path), run_id
        self._file, self._journal, self._clock, self._live_state = file, journal, clock, live_state
        self._backlog, self._texts, self._pace = Backlog(), KnownTexts(journal), SyncPace()
        #: Numbers of the newest transition, and of the newest that is marked as written.
        self._last_seq, self._marked_seq = 0, 0
        #: Statuses that are not taken from the text that was loaded, by id: it is an older one that came back.
        self.restored: Mapping[str, Status] = {}
        self._reloads, self._problems = list[Reloaded](), tuple[str, ...]()
        #: Number of the last attempt, by task.
        self._attempts: dict[str, int] = {}
        #: Mean seconds of the last successful attempts before this run, by task.
        self.durations: Mapping[str, float] = {}

    def load(self, key: str | None = None) -> Any:
        """Return the JSON value kept under ``key``, or None; of a Memory at a path, without ``key``, all of them as a dict."""
        return standard().load_state(self._path, key) if self._path else self._journal.load_state(str(key))

    def save(self, key: str | Mapping[str, Any], value: Any = None) -> None:
        """Keep a JSON value under ``key``; it survives ``kill -9``. A Memory at a path takes a map, too: all that it keeps from then on."""
        if self._path:
            standard().save_state(self._path, key, value)
        else:
            self._journal.save_state(str(key), value)

    def dead_runs(self) -> tuple[str, ...]:
        """Return the ids of runs that died without recording their end. Call under the run lock, before ``begin_run``."""
        return tuple(run.id for run in self._journal.dead_runs())

    def begin_run(self, pid: int) -> None:
        """Record that this run begins, and read what earlier attempts say about durations."""
        self._texts.keep()
        self._journal.begin_run(RunRecord(id=self.run_id, pid=pid, started=self._clock.now()))
        self._attempts = dict(self._journal.attempt_counts())
        self.durations = self._journal.durations()

    def end_run(self, exit_code: int) -> None:
        self._journal.end_run(self.run_id, self._clock.now(), exit_code)

    def recover(self, report: Callable[[Recovery], None]) -> None:
        """Close what dead runs left open. Call under the run lock, after ``load_tasks``, once their processes were killed.

        Their open attempts end as ``interrupted``, their ``in_progress`` tasks are pending again. ``report`` is called for each dead
        run before its end is recorded, so a kill in between makes the next run report it again.
        """
        take_commanded(self._journal, self._backlog.statuses)
        dead = [run for run in self._journal.dead_runs() if run.id != self.run_id]
        if not dead and not self._backlog.having(Status.IN_PROGRESS):
            return
        interrupted = interrupt_all(self._journal.open_attempts(), self.run_id, self.tasks)
        for run in dead:
            report(recovery_of(run, interrupted, replayed=len(self._backlog.unwritten)))
        with self._journal.transaction():
            for attempt in interrupted:
                self._journal.end_attempt(attempt)
            self.reopen(dict.fromkeys(self._backlog.having(Status.IN_PROGRESS), Code.RUN_DIED))
            for run in dead:
                self._journal.end_run(run.id, self._clock.now(), BROKE_OFF)
        self.save_tasks()

    def check_journal(self, *, now: bool) -> tuple[str, ...]:
        """Put back files of the journal that somebody removed; see ``Journal.check``."""
        return self._journal.check(now=now)

    def transaction(self) -> AbstractContextManager[None]:
        """Journal every attempt and transition inside durably at once, at its end, or none of them."""
        return self._journal.transaction()

    def next_attempt(self, task_id: str) -> int:
        """Return the number of the attempt that would come next, 1-based, over all runs."""
        return self._attempts.get(task_id, 0) + 1

    def begin_attempt(self, attempt: Attempt, *, in_progress: bool) -> None:
        """Journal an attempt that is about to be launched, and its task as in progress, at once or not at all.

        The check of a goal leaves its task pending: nothing is being done about it.
        """
        with self._journal.transaction():
            self._journal.begin_attempt(attempt)
            if in_progress:
                self.transition(attempt.task_id, Status.IN_PROGRESS, Code.ATTEMPT_STARTED.of(attempt.number))
        self._attempts[attempt.task_id] = attempt.number

    def end_attempt(self, attempt: Attempt, after: Status | None, reason: Reason, entry: Task) -> None:
        """Journal an attempt's outcome and its task's new status, at once or not at all; None leaves the status as it is.

        ``entry`` is the one that the attempt worked by.
        """
        with self._journal.transaction():
            self._journal.end_attempt(attempt)
            if after is Status.FAILED:
                self.fail(entry, reason)
            elif after is not None and attempt.task_id in self._backlog.statuses:
                self.transition(attempt.task_id, after, reason)

    def fail(self, entry: Task, reason: Reason) -> None:
        """Journal, within ``transaction``, a task as failed whose last attempt worked by ``entry``: an edit of it reopens the task."""
        if entry.id in self._backlog.statuses:
            self.transition(entry.id, Status.FAILED, reason)
            note_failure(self._journal, self._last_seq, entry)

    @property
    def checks(self) -> CheckJournal:
        """Where the results of checks are; within ``transaction`` they are recorded with all else."""
        return self._journal

    def load_tasks(self, tasks_file: StrPath | None = None) -> tuple[Task, ...]:
        """Read the file, apply the transitions that it does not show yet, and return the tasks.

        With ``tasks_file`` it reads that one; a missing one has no tasks. Raises InvalidFile with every problem, StorageError.
        """
        if tasks_file is not None:
            return standard().load_tasks(tasks_file)
        snapshot = self._file.read()
        transitions, noted, self._backlog = self._journal.unwritten(), commanded(self._journal), Backlog(snapshot.tasks)
        self._last_seq = transitions[-1].seq if transitions else self._last_seq
        self.restored = {name: its for name, its in self._texts.read(snapshot).items() if name not in noted}
        shown = {**self._backlog.statuses, **self.restored}
        self._backlog.set_statuses({**self.restored, **unwritten_statuses(transitions, shown, noted)})
        return self.tasks

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in file order, with the statuses that hold now."""
        return self._backlog.tasks

    def status(self, task_id: str) -> Status | None:
        """Return the status that holds now, None for an entry that is not there (any more)."""
        return self._backlog.statuses.get(task_id)

    def transition(self, task_id: str, after: Status, reason: Reason) -> None:
        """Journal a task's new status; the file follows with the next write that is due."""
        before = self._backlog.statuses[task_id]
        if before is after:
            return
        if self._live_state is not None:
            note_command(self._live_state, task_id, after)
        self._record(task_id, before, after, reason)
        self._backlog.set_status(task_id, after)

    def reopen(self, reasons: Mapping[str, Code]) -> None:
        """Make tasks pending again; ``reasons`` says for each id why."""
        with self._journal.transaction():
            for task_id, code in reasons.items():
                self.transition(task_id, Status.PENDING, code.of())

    def edited(self, ids: Iterable[str] | None = None) -> dict[str, Code]:
        """Return failed tasks, of ``ids`` or all, whose entry decides otherwise now than when they failed, each with that reason."""
        chosen = set(self._backlog.having(Status.FAILED)).intersection(self._backlog.statuses if ids is None else ids)
        return {task_id: Code.EDITED for task_id in chosen if was_edited(self._journal, self._backlog.entry(task_id))}

    def show_edited(self) -> None:
        """Let failed tasks whose entry was edited count as pending, as the next run finds them; nothing is recorded."""
        self._backlog.set_statuses(dict.fromkeys(self.edited(), Status.PENDING))

    def append(self, entries: Iterable[Mapping[str, Any]]) -> tuple[Task, ...]:
        """Write new entries behind the last one, now, and return them as tasks; empty when the file could not be written now.

        Raises EditRefused when the file cannot take them without guessing.
        """
        edits = [AppendTask(fields=entry) for entry in entries]
        ids = {str(edit.fields["id"]) for edit in edits}
        return tuple(task for task in self.tasks if task.id in ids) if edits and self._write(edits) else ()

    def set_fields(self, edits: Iterable[SetField]) -> None:
        """Change scalars other than a status, now. Raises EditRefused."""
        if wanted := list(edits):
            self._write(wanted)

    def save_tasks(self, tasks: Iterable[Task | Mapping[str, Any]] | None = None, tasks_file: StrPath = "tasks.yml") -> bool:
        """Write the statuses that the file does not show yet, now.

        Returns whether file and journal agree now: False while somebody is in the middle of a save or their text is invalid.
        With ``tasks`` it edits ``tasks_file`` instead, where it differs from them, and appends what is new; nothing is removed, and a
        file that is missing is made. Raises EditRefused.
        """
        if tasks is not None:
            standard().save_tasks(tasks_of(tasks, path_text("tasks_file", tasks_file)), tasks_file)
            return True
        if self._backlog.unwritten:
            return self._write([])
        self._texts.keep()
        self._mark_written(self._last_seq)
        return True

    def next_sync(self) -> float:
        """Return when ``sync`` is due, in monotonic seconds."""
        return self._pace.next_due(unwritten=bool(self._backlog.unwritten))

    def sync(self, *, now: bool = False) -> None:
        """Write the file and look at it, each when that is due (look ``now`` at the latest), and take over what somebody saved.

        ``next_reload`` then says what that changed, ``new_problems`` why a save is not taken over.
        """
        if self._backlog.unwritten and self._pace.write_is_due(self._clock.monotonic()):
            self._write([])
        if now or self._pace.look_is_due(self._clock.monotonic()):
            self.look()

    def look(self) -> None:
        """Take over what somebody saved by now; costs one ``stat`` when nobody did."""
        self._pace.looked(self._clock.monotonic())
        if (snapshot := self._file.poll()) is not None:
            self._merge(snapshot)

    def next_reload(self) -> Reloaded | None:
        """Return what a save that was taken over changed, the oldest first, each once; None when there is no further one."""
        return self._reloads.pop(0) if self._reloads else None

    def new_problems(self) -> tuple[str, ...]:
        """Return why the file's present text is not taken over, once for each text."""
        before, self._problems = self._problems, self._file.problems()
        return () if self._problems == before else self._problems

    def _record(self, task_id: str, before: Status, after: Status, reason: Reason) -> None:
        self._last_seq = self._journal.record(self.run_id, task_id, before, after, self._clock.now(), reason)

    def _write(self, extra: list[Edit] | list[AppendTask] | list[SetField]) -> bool:
        """Write the statuses that the file does not show yet and ``extra``; merge and try again when somebody saved in between."""
        while True:
            up_to, statuses = self._last_seq, dict(self._backlog.unwritten)
            edits: list[Edit] = [SetField(task_id=task_id, path=("status",), value=status.value) for task_id, status in statuses.items()]
            begun = self._clock.monotonic()
            result = self._file.write([*edits, *extra])
            if isinstance(result, HandEdited):
                self._merge(result.snapshot)
                continue
            self._pace.wrote(begun, self._clock.monotonic())
            if isinstance(result, Busy):
                return False
            self._backlog.note_written(statuses)
            if extra:
                self._backlog.note_appended(result.snapshot.tasks)
            self._texts.wrote(result.snapshot, statuses, self._backlog.entry)
            self._mark_written(up_to)
            return True

    def _mark_written(self, up_to: int) -> None:
        """Note in the journal that the file shows everything up to ``up_to``, so that it never overrides a later edit of the file."""
        if up_to > self._marked_seq:
            self._journal.mark_written(up_to)
            self._marked_seq = up_to

    def _merge(self, snapshot: Snapshot) -> None:
        """Take over a text that somebody saved: what they changed wins, all other statuses of ours are written again."""
        statuses = self._backlog.statuses
        manual = self._backlog.manual_changes(snapshot.tasks, old=self._texts.read(snapshot))
        meant = take_commanded(self._journal, {task.id: task.status for task in snapshot.tasks})
        manual |= {task_id: status for task_id, status in meant.items() if task_id in statuses}
        for task_id, status in manual.items():
            self._record(task_id, statuses[task_id], status, Code.SET_IN_FILE.of())
        self._texts.keep()
        self._reloads.append(self._backlog.take_over(snapshot.tasks, manual))
