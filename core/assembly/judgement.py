"""By what the change of a handler is judged: the checks, the audit against the state of before, and what it silences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import chain

from core.adapters.git import GitSnapshots
from core.adapters.tasks_yaml.store.text import YamlText
from core.assembly.audit import check_finding, open_gate, plain_meter, policy_changes
from core.assembly.container import Container
from core.assembly.project import STATE_DIRECTORY, open_project
from core.domain.quality.check_files import files_named
from core.domain.quality.finding import Accepted
from core.domain.quality.judged_task import gating_checks, is_gating
from core.domain.quality.refactor_task import is_own, place, place_of, unmet
from core.domain.quality.shape import exact
from core.domain.quality.silenced_things import new_acceptances, silenced_in
from core.domain.quality.silences import Silences
from core.domain.quality.silencing import silenced
from core.domain.quality.verdict import FailOn, GateReport
from core.domain.runs.attempt import Phase
from core.domain.tasks.task import Task
from core.errors import InvalidFile
from core.handlers import CommandHandler
from core.judged_handler import JudgedHandler, Judgement
from core.judged_recovery import note_attempt
from core.memory import Memory
from core.ports.code import CodeMeter
from core.ports.snapshots import Snapshots
from core.self_auditor import SelfAuditor


def judged_handler(container: Container, command: CommandHandler, memory: Memory) -> JudgedHandler:
    """Return the handler of judged tasks of a run; ``command`` does the work."""
    snapshots, compared = _snapshots(container)

    def objections(task: Task, before: str, after: str) -> Sequence[str]:
        if not compared:
            return _unfinished(container, task)
        changed = snapshots.changed(before, after)
        rewritten = _files_of_checks((*gating_checks(memory.tasks, task.id), task), changed)
        return (*_unfinished(container, task), *_objections(container, snapshots, task, before, after), *rewritten)

    def remember(task: Task, before: str) -> None:
        note_attempt(container.journal, memory.run_id, task.id, snapshots.shows(before, "") if before else "")

    def phases(checks: Sequence[Task]) -> tuple[Phase, ...]:
        inputs = container.check_inputs
        inputs.refresh()
        return tuple(phase for check in checks for phase in command.gate_phases(check, inputs.digest(check)))

    judgement = Judgement(checks=lambda task: gating_checks(memory.tasks, task.id), phases=phases, objections=objections, remember=remember)
    return JudgedHandler(command, snapshots, judgement)


def _snapshots(container: Container) -> tuple[Snapshots, bool]:
    """Return the snapshots of the work tree, and whether states can be compared and restored: without git they cannot."""
    settings = container.settings
    left_out, kept = (STATE_DIRECTORY, settings.log.directory), (settings.tasks_file,)
    if container.repository.facts().root:
        return GitSnapshots(container.git, str(container.project.state / "snapshots"), left_out=left_out, kept=kept), True
    from core.adapters.work_listing import WorkListing

    return WorkListing(str(container.root), left_out=left_out, kept=kept), False


def _unfinished(container: Container, task: Task) -> Sequence[str]:
    """Return why the finding of a task of the Reflector's is still there, where no check of its own says so."""
    if not is_own(task) or any("audit --check" in check for check in task.verify):
        return ()
    check = check_finding(container, task.id)
    return () if check.gone else (check.reason,)


def _objections(container: Container, snapshots: Snapshots, task: Task, before: str, after: str) -> Sequence[str]:
    changed = snapshots.changed(before, after)
    old, new = snapshots.contents(before, changed), snapshots.contents(after, changed)
    hidden = [each.sentence for each in silenced({path: (old.get(path), new.get(path)) for path in changed})]
    return (*_by_the_base(container, task, before, old, new), *hidden, *_checks_changed(container, snapshots, before))


def _by_the_base(container: Container, task: Task, before: str, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Sequence[str]:
    """Return new and worse findings, and what loosens the rules, by the rules of the snapshot ``before``."""
    project = open_project(
        str(container.root), tasks_file=str(container.project.tasks_path), base=before, cls=type(container.project.settings)
    )
    judged, audit = Container(project, container.console, container.wings), project.settings.audit
    meter = plain_meter(container, audit)
    # What else is silenced is an objection of its own.
    added = new_acceptances(silenced_in({path: (old.get(path), new.get(path)) for path in {**old, **new}}))
    gate = open_gate(judged, SelfAuditor(meter=meter, clock=container.clock, settings=audit), silences=lambda: Silences(comments=added))
    report = gate.audit_since(before, fail_on=FailOn.WORSE)
    loosened = (f"{change.subject}: {change.what}" for change in policy_changes(project) if change.loosens)
    moved = _moved(report, task) or _moved_out(meter, task, old, new)
    return (*moved, *_findings(report), *loosened)


def _moved(report: GateReport, task: Task) -> Sequence[str]:
    """Return where the finding of a task is now, if it is the same under another name or in another place."""
    if not is_own(task):
        return ()
    moved = (judged.finding for judged in report.judgement.judged if judged.moved and judged.before and _is_about(task, judged.before))
    return [f"the finding is still there: {place(finding.path, finding.block)}: {unmet(finding)}" for finding in moved]


def _moved_out(meter: CodeMeter, task: Task, old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Sequence[str]:
    """Return where the block of a task is now, if it went unchanged into another place, be it one that is not audited."""
    shape = exact(str(task.origin.get("shape", "")))
    if not shape:
        return ()
    known = {*_places_of(shape, meter, old), place_of(task)}
    return [f"the finding is still there: {place(*where)}" for where in _places_of(shape, meter, new) if where not in known]


def _places_of(shape: str, meter: CodeMeter, sources: Mapping[str, bytes]) -> Sequence[tuple[str, str]]:
    """Return path and name of every block of a shape."""
    python = {path: source for path, source in sources.items() if path.endswith(".py")}
    measures = zip(python, meter.measure_sources(tuple(python.values())), strict=True)
    return [(path, block.full_name) for path, measure in measures for block in measure.blocks if exact(block.shape) == shape]


def _is_about(task: Task, accepted: Accepted) -> bool:
    return (accepted.path, accepted.block) == place_of(task) and accepted.metric.value == task.origin.get("metric")


def _findings(report: GateReport) -> Sequence[str]:
    return [
        f"{judged.delta} finding: {place(judged.finding.path, judged.finding.block)}: {unmet(judged.finding)}" for judged in report.failing
    ]


def _files_of_checks(tasks: Sequence[Task], changed: Collection[str]) -> Sequence[str]:
    """Return which of the changed files say what the checks, and the ``verify`` of any task, check."""
    named = (files_named((*((task.command,) if task.check else ()), *task.verify), task.cwd, changed) for task in tasks)
    return [f"{path}: it says what is checked, and changed" for path in dict.fromkeys(chain.from_iterable(named))]


def _checks_changed(container: Container, snapshots: Snapshots, before: str) -> Sequence[str]:
    """Return which checks of the tasks file are not what they were, for whoever changed them."""
    name = container.settings.tasks_file
    content = snapshots.contents(before, [name]).get(name)
    if content is None:
        return ()
    try:
        old, new = _checks(content.decode(), name), _checks(container.project.tasks_path.read_text(encoding="utf-8"), name)
    except (InvalidFile, OSError, ValueError):
        return ()  # somebody is in the middle of a save: what the run knows of the checks is as before
    return [f"{name}: the check {check} was changed or removed" for check in old if new.get(check) != old[check]]


def _checks(text: str, name: str) -> dict[str, object]:
    """Return what decides about each gating check of a tasks file, by id."""
    checks = filter(is_gating, YamlText(text, name).read().tasks)
    return {check.id: (check.command, check.plugin, check.verify, check.sources, check.cwd, dict(check.env)) for check in checks}
