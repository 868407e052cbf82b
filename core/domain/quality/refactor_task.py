"""A finding as an entry of tasks.yml: its id, words, priority, cost and check, and the edits that keep it up to date. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from core.domain.quality.finding import Finding
from core.domain.quality.metric import FileMeasure, Metric
from core.domain.quality.metric_spec import BLOCK_METRICS, SPECS, block_score
from core.domain.quality.task_advice import advice_mark, split_at_advice, written
from core.domain.tasks.entry import SetField
from core.domain.tasks.task import Status, Task, Work

#: What ``origin.by`` says in the Reflector's own entries.
BY = "reflector"
KIND = "refactor"
_PREFIX = "refactor-"
#: Doublings of urgency at which a finding comes to what a person's own tasks have unless told otherwise: priority 0.
_ORDINARY = 12


def task_id(fingerprint: str) -> str:
    """Return the id of the task for a finding: no counter, so two branches that find the same trouble merge to one task."""
    return _PREFIX + fingerprint


def new_task_id(fingerprint: str, taken: Collection[str]) -> str:
    """Return the id of a new task for a finding; the usual one may have gone elsewhere with a block that had the finding's name."""
    identity, number = task_id(fingerprint), 2
    while identity in taken:
        identity, number = f"{task_id(fingerprint)}-{number}", number + 1
    return identity


def is_own(task: Task) -> bool:
    """Return whether the Reflector wrote an entry."""
    return task.origin.get("by") == BY and bool(task.origin.get("fingerprint"))


def cancelled_by_us(task: Task) -> bool:
    """Return whether the Reflector, and no person, cancelled a task of its own: its file was gone or not audited, its finding accepted."""
    return task.status is Status.CANCELLED and bool(task.origin.get("closed"))


def place(path: str, block: str) -> str:
    """Return how a description names a place."""
    return f"`{block}` in {path}" if block else path


def refactor_entry(finding: Finding, advice: str, shape: str = "", taken: Collection[str] = ()) -> dict[str, Any]:
    """Return the fields of a new entry, in the order in which they are to be written. ``taken`` are ids that it cannot have.

    Two branches that append an entry each can be merged by keeping both: the first and the last line of an entry, and one among those
    that may be equal in both, have the id or the fingerprint in them.
    """
    identity = new_task_id(finding.fingerprint, taken)
    origin: dict[str, Any] = {
        "by": BY,
        "fingerprint": finding.fingerprint,
        "path": finding.path,
        "metric": finding.metric.value,
        "score": number(finding.score),
        "threshold": number(finding.threshold),
    }
    if finding.block:
        origin["block"] = finding.block
    if shape:
        origin["shape"] = shape
    if mark := advice_mark(written(advice)):
        origin["advice"] = mark
    if len(finding.trend) > 1:
        origin["trend"] = finding.direction.value
    return {
        "id": identity,
        "description": written(describe(finding, advice)),
        "verify": f"orchestrator audit --check {identity}",
        "kind": KIND,
        "priority": priority(finding),
        "cost": cost(finding),
        "origin": origin,
    }


def describe(finding: Finding, advice: str) -> str:
    """Return what is wrong, by how much, and what to do."""
    where = place(finding.path, finding.block)
    match finding.metric:
        case Metric.UNREADABLE:
            return f"Mend {where}: it cannot be measured: {advice}"
        case Metric.PLUGIN | Metric.SILENCED:
            return f"{finding.problem} ({finding.path}){f'; {advice}' if advice else ''}"
    what = SPECS[finding.metric].task.format(where=where)
    return f"{what}: its {measured(finding.metric, finding.score, finding.threshold)}. {advice}".rstrip()


def measured(metric: Metric, score: float, threshold: float) -> str:
    """Return the words for a score in a description; empty where it names none."""
    spec = SPECS[metric]
    return f"{spec.fill(spec.noun, score)}, {spec.wanted(threshold)}" if spec.noun else ""


def unmet(finding: Finding) -> str:
    """Return in a few words what was measured and what is wanted."""
    spec = SPECS[finding.metric]
    if spec.short:
        return f"{spec.fill(spec.short, finding.score)}, {spec.wanted(finding.threshold)}"
    return f"it cannot be measured: {finding.problem}" if finding.metric is Metric.UNREADABLE else finding.problem


def priority(finding: Finding) -> int:
    """Return −10 … 10: a point for each doubling of urgency, 0 at twelve of them."""
    return max(-10, min(10, round(finding.urgency) - _ORDINARY))


def cost(finding: Finding) -> int:
    """Return 1 … 8 units by the lines to be understood: one for every 40."""
    lines = max(1, finding.end_line - finding.line + 1)
    return max(1, min(8, round(lines / 40)))


def number(value: float) -> int | float:
    """Return a score as it is to be written: whole where it is whole, else two digits."""
    return int(value) if float(value).is_integer() else round(value, 2)


def place_of(task: Task) -> tuple[str, str]:
    """Return the path and the block that an own task is about."""
    origin: Mapping[str, Any] = task.origin
    return str(origin.get("path", "")), str(origin.get("block", ""))


def score_now(task: Task, measure: FileMeasure) -> int | float | None:
    """Return the score of the place that an own task is about; None where its block is gone."""
    _, block = place_of(task)
    metric = metric_of(task)
    if metric is Metric.MAINTAINABILITY:
        return number(measure.maintainability)
    if metric is Metric.UNREADABLE:
        return 0
    if metric is Metric.DUPLICATION:
        return None
    scored = metric if metric in BLOCK_METRICS else Metric.COMPLEXITY
    found = measure.block(block)
    return None if found is None else block_score(found, scored)


def metric_of(task: Task) -> Metric:
    """Return the metric of an own task; complexity where its entry names none that is known."""
    try:
        return Metric(task.origin.get("metric", Metric.COMPLEXITY))
    except ValueError:
        return Metric.COMPLEXITY


def is_anothers(task: Task, measure: FileMeasure, findings: Iterable[Finding]) -> bool:
    """Return whether the block that has an own task's name now is a finding: then a namesake took the name, since this one's is gone."""
    path, name = place_of(task)
    block = measure.block(name) if name else None
    key = (str(task.origin.get("metric")), path, block.full_name if block else "")
    return block is not None and any(finding.key == key for finding in findings)


def reaches_threshold(task: Task, score: float) -> bool:
    """Return whether a score is what an own task was written for: allowed by the threshold of then, whatever that is now."""
    threshold = task.origin.get("threshold")
    spec = SPECS[metric_of(task)]
    return spec.threshold is None or not isinstance(threshold, int | float) or spec.within(score, threshold)


def update_edits(
    task: Task, finding: Finding, *, shape: str, own_priority: int | None, reopened: bool = False, advice: str | None = None
) -> tuple[SetField, ...]:
    """Return the edits that make an entry say where its finding is, what to do, and how urgent it is.

    ``advice`` is that of now, None where it cannot have changed. It replaces the one of the entry, unless a person edited that.

    ``shape`` is what the finding is known by elsewhere, empty for nothing; ``own_priority`` the one that the Reflector set last: one
    that a person set stays. The score is what it was at first, but for a task that is open again (``reopened``): then
    it is that of now. A finding with the shape it had has not changed, and then its priority does not either, whatever
    else happened to its file.
    """
    changes = {**_origin(task, finding, shape, reopened=reopened), **_described(task, finding, advice, reopened=reopened)}
    same = shape and shape == task.origin.get("shape") and not reopened
    if (
        not same
        and task.priority == own_priority
        and task.priority != priority(finding)
        and (reopened or task.status is not Status.CANCELLED)
    ):
        changes["priority",] = priority(finding)
    return tuple(SetField(task_id=task.id, path=path, value=value) for path, value in changes.items())


def has_value(task: Task, edit: SetField) -> bool:
    """Return whether an entry has the value that an edit sets."""
    name, *inside = edit.path
    value = getattr(task, name)
    return bool((value.get(inside[0]) if inside else value) == edit.value)


def _origin(task: Task, finding: Finding, shape: str, *, reopened: bool) -> dict[tuple[str, ...], str | int | float]:
    path, block = place_of(task)
    wanted: dict[str, tuple[object, str | int | float]] = {"path": (path, finding.path), "block": (block, finding.block)}
    if shape:
        wanted["shape"] = (task.origin.get("shape"), shape)
    if reopened:
        wanted["score"] = (task.origin.get("score"), number(finding.score))
        wanted["closed"] = (task.origin.get("closed", ""), "")
    return {("origin", key): new for key, (old, new) in wanted.items() if old != new}


def _described(task: Task, finding: Finding, advice: str | None, *, reopened: bool) -> dict[tuple[str, ...], str | int | float]:
    """Return the description of now, and what its advice is recognised by from now on, where they changed."""
    text = described_now(task, finding, advice, reopened=reopened)
    if text == task.description:
        return {}
    mark = advice_mark(written(advice)) if advice is not None and _advised(task) else task.origin.get("advice", "")
    return {("description",): text, **({("origin", "advice"): mark} if mark != task.origin.get("advice", "") else {})}


def described_now(task: Task, finding: Finding, advice: str | None, *, reopened: bool = False) -> str:
    """Return the description with the place, the advice and, for a task that is open again, the score of now.

    Each of them replaces what the Reflector wrote, where that stands there still. ``advice``: None where it cannot have changed.
    """

    def renewed(text: str) -> str:
        text = text.replace(place(*place_of(task)), place(finding.path, finding.block))
        old = measured(finding.metric, *_measured_first(task)) if reopened else ""
        return text.replace(old, measured(finding.metric, finding.score, finding.threshold)) if old else text

    parts = _advised(task)
    if parts is None:
        return renewed(task.description)
    before, given, after = parts
    present = given if advice is None else written(advice)
    if not given:
        return f"{renewed(before)} {present}".rstrip()
    return f"{renewed(before)}{present}{renewed(after)}" if present else renewed(before).rstrip(" ;") + renewed(after)


def _advised(task: Task) -> tuple[str, str, str] | None:
    """Return what comes before the advice of a description, the advice, and what comes after it; None where a person edited it."""
    if found := split_at_advice(task.description, str(task.origin.get("advice", ""))):
        return found
    metric = metric_of(task)
    words = measured(metric, *_measured_first(task))
    without_advice = f"{SPECS[metric].task.format(where=place(*place_of(task)))}: its {words}." if words else ""
    return (task.description, "", "") if task.description == without_advice else None


def _measured_first(task: Task) -> tuple[float, float]:
    """Return the score and the threshold for which an own task was written."""
    score, threshold = (task.origin.get(key) for key in ("score", "threshold"))
    return (float(score) if isinstance(score, int | float) else 0.0, float(threshold) if isinstance(threshold, int | float) else 0.0)


def file_conflicts(tasks: Sequence[Task], works: Sequence[Work]) -> Mapping[int, tuple[int, ...]]:
    """Return, by position, the positions of the others that work on the same file: tasks of the Reflector's with a handler."""
    by_path: dict[str, list[int]] = {}
    for position, (task, work) in enumerate(zip(tasks, works, strict=True)):
        if work is Work.COMMAND and is_own(task):
            by_path.setdefault(place_of(task)[0], []).append(position)
    return {one: tuple(other for other in group if other != one) for group in by_path.values() for one in group if len(group) > 1}
