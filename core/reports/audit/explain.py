"""Everything that is known of one finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.domain.quality.audit import AuditedFile
from core.domain.quality.finding import TREND_STEP, Finding, heat
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS, Scope
from core.domain.quality.trend import Direction, Point, sparkline
from core.domain.quality.verdict import Judged
from core.domain.tasks.task import Task
from core.reports.audit.fields import finding_fields
from core.reports.audit.words import amount_over, judged_words, sentence, where
from core.reports.text.columns import one_line, wrap
from core.reports.text.style import Style
from core.reports.text.wording import count, moment

_LABEL = 12
#: Values of the trend that are listed; the picture has them all.
_POINTS = 12
_PICTURE = 40
_TRENDS = {Direction.WORSENING: "getting worse", Direction.IMPROVING: "getting better"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A finding and everything around it."""

    judged: Judged
    #: What the gate compared with; empty for nothing.
    against: str
    file: AuditedFile
    #: What to do, drawn from the code; may be empty.
    advice: str
    #: The entry of tasks.yml that it would be as a new task.
    entry: Mapping[str, Any]
    #: The task that it is; None where it has none.
    task: Task | None = None
    #: Other findings of the same block or file, worst first.
    beside: tuple[Judged, ...] = ()
    #: Why there is no trend, or a short one.
    gap: str = ""

    @property
    def points(self) -> tuple[Point, ...]:
        trend, finding = self.file.trend, self.judged.finding
        if trend is None:
            return ()
        return trend.of(finding.metric, finding.block)


def story_text(story: Story, style: Style) -> str:
    """Return the whole story for a person."""
    finding = story.judged.finding
    rows = [
        ("where", f"{where(finding)} (lines {finding.line}–{finding.end_line})"),
        ("fingerprint", finding.fingerprint),
        ("gate", judged_words(story.judged) + (f", by {story.against}" if story.against else "")),
        ("urgency", _urgency(finding)),
        ("churn", _churn(story)),
        ("trend", _trend(story)),
        ("what to do", story.advice),
        ("also here", _beside(story)),
        ("task", _task(story)),
    ]
    head = f"{style.bold(one_line(sentence(finding)))}\n\n"
    return head + "".join(_row(label, text, style) for label, text in rows if text) + _values(story, style)


def story_json(story: Story) -> dict[str, Any]:
    """Return the same for a program."""
    points = [{"revision": point.revision, "at": point.at, "value": round(point.value, 2)} for point in story.points]
    return {
        **finding_fields(story.judged),
        "urgency": round(story.judged.finding.urgency, 3),
        "history": points,
        "beside": [judged.finding.fingerprint for judged in story.beside],
        "advice": story.advice,
        "task": _task_fields(story),
    }


def _task_fields(story: Story) -> dict[str, Any] | None:
    """Return the task that a finding is or would be; None for one about a change, which is mended in the change itself."""
    task = story.task
    if task is None and SPECS[story.judged.finding.metric].scope is Scope.CHANGE:
        return None
    if task is None:
        return {**story.entry, "status": None}
    verify = task.verify[0] if len(task.verify) == 1 else list(task.verify)
    known = {"description": task.description, "kind": task.kind, "priority": task.priority, "cost": task.cost, "verify": verify}
    return {"id": task.id, **known, "origin": dict(task.origin), "status": task.status.value}


def _row(label: str, text: str, style: Style) -> str:
    width = None if style.width is None else style.width - _LABEL
    return f"{style.dim(f'{label:<{_LABEL}}')}{wrap(one_line(text), width, _LABEL)}\n"


def _beside(story: Story) -> str:
    found = (judged.finding for judged in story.beside)
    return ", ".join(f"{finding.metric} {amount_over(finding)} ({finding.fingerprint})" for finding in found)


def _urgency(finding: Finding) -> str:
    if finding.metric is Metric.UNREADABLE:
        return "0: nobody can tell how bad it is"
    if finding.metric is Metric.SILENCED:
        return "before all others: what it silences is not seen any more"
    parts = [
        f"{finding.excess:.2f} (doublings over the threshold)",
        f"{heat(finding.file_complexity, 0):.2f} (complexity of the file {finding.file_complexity})",
        f"{heat(0, finding.churn):.2f} (touched by {count(finding.churn, 'revision')})",
    ]
    step = TREND_STEP[finding.direction]
    trend = f" {'+' if step > 0 else '−'} {abs(step):g} ({_TRENDS[finding.direction]})" if step else ""
    return f"{finding.urgency:.2f} = {' + '.join(parts)}{trend}"


def _churn(story: Story) -> str:
    churn = story.judged.finding.churn
    return (
        f"{count(churn, 'revision')} of those looked at touched the file"
        if churn
        else story.gap or "no revision looked at touched the file"
    )


def _trend(story: Story) -> str:
    trend = story.judged.finding.trend
    if len(trend) < 2:
        return story.gap
    return f"{sparkline(trend, _PICTURE)}  {trend[0]:g} → {trend[-1]:g}, {story.judged.finding.direction}"


def _task(story: Story) -> str:
    fields = _task_fields(story)
    if fields is None:
        return ""
    verify = fields["verify"] if isinstance(fields["verify"], str) else ", ".join(fields["verify"]) or "nothing"
    about = f"priority {fields['priority']}, cost {fields['cost']:g}, checked by: {verify}"
    return f"{fields['id']} ({fields['status'] or 'not written yet'}), {about}"


def _values(story: Story, style: Style) -> str:
    points = story.points[-_POINTS:]
    if len(story.points) < 2:
        return ""
    lines = [f"  {point.revision[:10] or 'before':<10}  {moment(point.at)}  {point.value:g}" for point in points]
    return "\n" + style.dim(f"last {len(points)} of {count(len(story.points), 'value')}") + "\n" + "\n".join(lines) + "\n"
