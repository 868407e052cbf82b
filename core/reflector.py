"""The reflection cycle: measure → decide → append / close. Decides by a pure function, acts through Memory."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from core.domain.quality.audit import AuditReport
from core.domain.quality.finding import Finding
from core.domain.quality.refactor_task import has_value, is_own, place_of, refactor_entry, unmet, update_edits
from core.domain.quality.reflection import UNFINISHED, ClosedTask, CycleReport, Decisions, cancellation_edits, decide, unproven
from core.domain.quality.task_advice import place_digest
from core.domain.tasks.entry import SetField
from core.domain.tasks.task import OPEN, Status, Task
from core.errors import EditRefused, InvalidFile, StorageError
from core.memory import Memory
from core.ports.standard import MISSING, StrPath, paths_of, standard
from core.schema.arguments import path_text
from core.self_auditor import SelfAuditor

#: Key of the priorities that the Reflector set last, by task; where the file says otherwise, a hand did.
_PRIORITIES = "reflector.priorities"
#: Key of the digests of the places for which the advice in descriptions was given, by task.
_PLACES = "reflector.places"


class Reflector:
    """Writes the next tasks. Each call of ``run_cycle`` is one cycle; on unchanged code the second one changes nothing."""

    def __init__(
        self,
        tasks_path: StrPath | None = None,
        threshold: int | None = None,
        paths: StrPath | Iterable[StrPath] | None = None,
        *,
        auditor: SelfAuditor = MISSING,
        memory: Memory = MISSING,
        exists: Callable[[str], bool] = MISSING,
        max_open_tasks: int = MISSING,
    ) -> None:
        """``paths`` limits it to files and directories: findings and tasks elsewhere are left alone.

        Without ports it works on the file ``tasks_path`` (default: ``tasks.yml``) and its repository. ``threshold`` is the complexity
        above which a block is a finding; None: the setting. With ports, ``paths`` are relative to the
        repository, and ``tasks_path`` and ``threshold`` unused.
        """
        self.without_ports = auditor is MISSING
        self.tasks_path = None if tasks_path is None else path_text("tasks_path", tasks_path)
        self.threshold, self.paths = threshold, paths_of(() if paths is None else paths)
        self._auditor = auditor
        self._memory = memory
        self._exists = exists
        self._max_open_tasks = max_open_tasks

    def run_cycle(self, passed: Collection[str] = ()) -> CycleReport:
        """Measure, append tasks for new findings, close tasks whose finding is gone. Raises EditRefused, StorageError.

        ``passed`` are ids of the checks that have passed in this run, or are up to date: a task is done only if every gating one has.
        """
        if self.without_ports:
            return standard().run_cycle(self.tasks_path or "tasks.yml", complexity=self.threshold, paths=self.paths)
        measured = self._auditor.measure()
        accepted, unreadable = self._accepted(measured)
        report, tasks = self._in_scope(measured, self._memory.tasks)
        decisions = decide(
            report,
            tasks,
            exists=self._exists,
            max_open_tasks=0 if unreadable else self._max_open_tasks,
            accepted=accepted,
        )
        if unreadable:
            report, decisions = replace(report, notes=(*report.notes, unreadable)), replace(decisions, withheld=0)
        open_still = unproven(decisions.close, self._memory.tasks, passed)
        closings = self._close(closing for closing in decisions.close if closing.task_id not in open_still)
        for name, reason in decisions.reopen.items():
            self._memory.transition(name, Status.PENDING, reason)
        made = self._update(decisions, report)
        entries = self._entries(decisions)
        appended = self._append([entry for entry, _ in entries])
        fresh = {str(entry["id"]): finding for entry, finding in entries}
        self._remember(appended, made, _digests(fresh, report))
        cycle = self._cycle_report(report, replace(decisions, close=closings), appended, made, {**decisions.found, **fresh})
        return replace(cycle, unproven=open_still)

    def _accepted(self, report: AuditReport) -> tuple[Mapping[str, str], str]:
        """Return what accepts findings, by fingerprint, or why nobody can tell: then no task is made, since none may be wanted."""
        try:
            return self._auditor.accepted(report), ""
        except (InvalidFile, StorageError) as error:
            return {}, f"no task is added while {self._auditor.baseline_name} cannot be read: {str(error).splitlines()[0]}"

    def _in_scope(self, report: AuditReport, tasks: Sequence[Task]) -> tuple[AuditReport, Sequence[Task]]:
        """Return the findings and tasks that a cycle looks at: with ``paths``, those about them, and tasks that are not the Reflector's."""
        if not self.paths:
            return report, tasks
        below = tuple(f"{path}/" for path in self.paths)

        def is_within(path: str) -> bool:
            return path in self.paths or path.startswith(below)

        findings = tuple(finding for finding in report.findings if is_within(finding.path))
        return replace(report, findings=findings), [task for task in tasks if not is_own(task) or is_within(place_of(task)[0])]

    def _close(self, close: Iterable[ClosedTask]) -> tuple[ClosedTask, ...]:
        """Close tasks, as far as that is possible now; return those that are closed."""
        closings = self._noted(tuple(close))
        for closed in closings:
            self._memory.transition(closed.task_id, closed.status, closed.reason)
        return closings

    def _noted(self, close: tuple[ClosedTask, ...]) -> tuple[ClosedTask, ...]:
        """Note in their entries which cancellations are ours, and return what may be closed now.

        The note comes before the status, and a cancellation waits for the next cycle while somebody is saving the file:
        without its note it would pass for a person's.
        """
        edits = self._set(cancellation_edits(close))
        waiting = {edit.task_id for edit in edits}.difference(edit.task_id for edit in self._applied_edits(edits))
        return tuple(closing for closing in close if closing.task_id not in waiting)

    def _cycle_report(
        self, report: AuditReport, decisions: Decisions, appended: tuple[Task, ...], made: Iterable[SetField], found: Mapping[str, Finding]
    ) -> CycleReport:
        return CycleReport(
            files=len(report.files),
            findings=len(report.findings),
            seconds=report.seconds,
            appended=appended,
            closed=decisions.close,
            updated=tuple(dict.fromkeys((*decisions.reopen, *(edit.task_id for edit in made)))),
            open={task.id: unmet(found[task.id]) for task in self._memory.tasks if task.id in found and task.status in OPEN},
            withheld=decisions.withheld,
            without_task=decisions.without_task,
            gap=report.gap,
            notes=(*report.notes, *decisions.without_task),
        )

    def _places(self, decisions: Decisions, report: AuditReport) -> dict[str, str]:
        """Return the digest of the place of each task of ours that is to be done."""
        unfinished = {task.id for task in self._memory.tasks if task.status in UNFINISHED}
        return _digests({name: finding for name, finding in decisions.found.items() if name in unfinished}, report)

    def _update(self, decisions: Decisions, report: AuditReport) -> list[SetField]:
        """Bring entries of ours up to date; return the edits that the file shows."""
        places = self._places(decisions, report)
        wanted = self._updates(decisions, places)
        made = self._applied_edits(self._set(wanted))
        waiting = {edit.task_id for edit in wanted} - {edit.task_id for edit in made}
        self._save_places({name: digest for name, digest in places.items() if name not in waiting})
        return made

    def _updates(self, decisions: Decisions, places: Mapping[str, str]) -> list[SetField]:
        """Return the scalars that entries of ours need changed: place, shape, priority, and the advice where its lines may have moved."""
        known = self._memory.load(_PLACES) or {}
        remembered = self._memory.load(_PRIORITIES) or {}
        return [
            edit
            for task in self._memory.tasks
            if (finding := decisions.found.get(task.id))
            for edit in update_edits(
                task,
                finding,
                shape=decisions.shapes.get(finding.fingerprint, ""),
                own_priority=remembered.get(task.id),
                reopened=task.id in decisions.reopen,
                advice=self._auditor.advice(finding) if places.get(task.id) not in (None, known.get(task.id)) else None,
            )
        ]

    def _entries(self, decisions: Decisions) -> list[tuple[Mapping[str, object], Finding]]:
        taken = {task.id for task in self._memory.tasks}
        shapes = decisions.shapes
        return [
            (refactor_entry(finding, self._auditor.advice(finding), shapes.get(finding.fingerprint, ""), taken), finding)
            for finding in decisions.append
        ]

    def _append(self, entries: Sequence[Mapping[str, object]]) -> tuple[Task, ...]:
        """Append entries and return their tasks in the same order.

        In the file they are in the order of their ids: where two branches made the same tasks, git finds them equal only in one order.
        """
        made = {task.id: task for task in self._memory.append(sorted(entries, key=itemgetter("id")))}
        return tuple(made[str(entry["id"])] for entry in entries if entry["id"] in made)

    def _applied_edits(self, edits: Iterable[SetField]) -> list[SetField]:
        """Return the edits that the file shows: none does while somebody is saving it."""
        tasks = {task.id: task for task in self._memory.tasks}
        return [edit for edit in edits if edit.task_id in tasks and has_value(tasks[edit.task_id], edit)]

    def _set(self, edits: Iterable[SetField]) -> Sequence[SetField]:
        """Change fields and return which can be; where a person laid an entry out such that it cannot be without guessing, it stays."""
        wanted = list(edits)
        try:
            self._memory.set_fields(wanted)
        except EditRefused:
            return wanted[:0] if len(wanted) < 2 else [edit for one in wanted for edit in self._set([one])]
        return wanted

    def _remember(self, appended: Iterable[Task], made: Iterable[SetField], places: Mapping[str, str]) -> None:
        changed = {task.id: task.priority for task in appended}
        changed |= {edit.task_id: int(edit.value) for edit in made if edit.path == ("priority",)}
        if changed:
            self._memory.save(_PRIORITIES, {**(self._memory.load(_PRIORITIES) or {}), **changed})
        self._save_places({**(self._memory.load(_PLACES) or {}), **places})

    def _save_places(self, places: Mapping[str, str]) -> None:
        """Remember for which places the descriptions are up to date."""
        if places != (self._memory.load(_PLACES) or {}):
            self._memory.save(_PLACES, dict(places))


def _digests(found: Mapping[str, Finding], report: AuditReport) -> dict[str, str]:
    """Return the digest of the place of each task's finding."""
    measures = {file.path: file.measure for file in report.files}
    return {name: place_digest(finding, measures.get(finding.path)) for name, finding in found.items()}
