"""``orchestrator audit --explain``: one finding, told whole."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from contextlib import suppress

from core.assembly import Project, task_file
from core.assembly.audit import open_gate
from core.cli.backlog_view import say, say_json, stdout
from core.domain.audit import AuditedFile
from core.domain.gate import GateReport, Judged, key_of
from core.domain.metric import FileMeasure
from core.domain.refactor_task import is_own, place_of, refactor_entry, task_id
from core.errors import InvalidFile, StorageError, UsageError
from core.self_auditor import SelfAuditor

#: Task id → metric, path and block that its entry names.
_Places = Mapping[str, tuple[str, str, str]]


def show_explanation(project: Project, auditor: SelfAuditor, wanted: str, *, json: bool, done: Callable[[], None]) -> int:
    """Tell the story of the finding that ``wanted`` names; ``done`` is called before anything is written.

    Raises UsageError when it names none, with what is nearest.
    """
    from core.reports.audit_explain import Story, story_json, story_text

    gate = open_gate(project, auditor).audit()
    finding_asked = find(gate, wanted, _task_places(project))
    finding = finding_asked.finding
    advice = auditor.advice(finding)
    done()
    story = Story(
        judged=finding_asked,
        against=gate.against,
        file=next((file for file in gate.report.files if file.path == finding.path), AuditedFile(path=finding.path, measure=FileMeasure())),
        advice=advice,
        entry=refactor_entry(finding, advice, gate.report.shapes.get(finding.fingerprint, "")),
        gap=gate.report.gap,
    )
    return say_json(story_json(story)) if json else say(story_text(story, stdout().style()))


def find(gate: GateReport, wanted: str, tasks: _Places) -> Judged:
    """Return the finding with a fingerprint, a task's id, or a place ``PATH::BLOCK``. Raises UsageError."""
    names: dict[str, Judged] = {}
    for judged in gate.judgement.judged:
        finding = judged.finding
        place = f"{finding.path}::{finding.block}" if finding.block else finding.path
        names.setdefault(place, judged)
        names[finding.fingerprint] = names[task_id(finding.fingerprint)] = judged
        names.update((name, judged) for name, key in tasks.items() if key == key_of(finding))
    if wanted in names:
        return names[wanted]
    raise UsageError(f"no finding {wanted}", hint=_measured(gate, wanted) or _nearest(wanted, names))


def _measured(gate: GateReport, wanted: str) -> str:
    """Return what was measured at a place that is no finding; empty when nothing was."""
    path, _, name = wanted.partition("::")
    for file in gate.report.files:
        for block in file.measure.blocks if file.path == path and name else ():
            if block.name == name:
                return f"{path}:{block.line} {name} has a complexity of {block.complexity}, which is within the threshold"
        if file.path == path and not name:
            return f"{path} has a maintainability index of {file.measure.maintainability:.1f}, which is within the threshold"
    return ""


def _nearest(wanted: str, names: Mapping[str, Judged]) -> str:
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    return f"did you mean {near[0]}?" if near else "orchestrator audit lists the findings; a place is PATH::BLOCK"


def _task_places(project: Project) -> _Places:
    """Return what the Reflector's tasks are about; without a sound tasks file, nothing."""
    file = task_file(project)
    with suppress(InvalidFile, StorageError):
        own = [task for task in file.read().tasks if is_own(task)]
        return {task.id: (str(task.origin.get("metric")), *place_of(task)) for task in own}
    return {}
