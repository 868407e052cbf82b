"""One event of a run as one line: a sign, a time, the task, what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Any

from core import events
from core.domain.runs.check_result import CheckState
from core.domain.runs.reasons import words
from core.reports.text.columns import Paint, cells, fit, one_line, wrap
from core.reports.text.style import Style
from core.reports.text.wording import count, listing, seconds

#: Words for the end of a task that nobody has to look at.
_GOOD = frozenset({"done", CheckState.PASSED, CheckState.UP_TO_DATE})
#: Columns of the sign and the time, before the task's id.
_MARGIN = 12
#: Columns of a description where the output has no width; the tasks file has all of it.
_DESCRIPTION = 120


class Volume(IntEnum):
    """How much a run says of itself."""

    #: Only what went wrong.
    QUIET = 0
    NORMAL = 1
    #: Also starts with their reasons, measurements, log files.
    VERBOSE = 2


def event_line(event: events.Event, style: Style, volume: Volume = Volume.NORMAL, tries: int = 1) -> str:
    """Return the line, ended by a newline, or nothing where ``volume`` leaves the event out.

    ``tries`` is the number of attempts that this run has made of the event's task. A line fills ``style.width`` at
    most; it is the description that gives way.
    """
    kind = type(event)
    if kind is events.TaskFinished:
        return _task_finished(event, style, volume, tries)  # type: ignore[arg-type]
    line = _LINES.get(kind)
    return line(event, style, volume) if line is not None else ""


def left_out(lines: int, style: Style) -> str:
    """Return the line that stands where lines of a view are missing."""
    text = f"{count(lines, 'line')} left out: nobody read them in time; logs/run-*.jsonl has every event"
    return _notice(style.warn("!"), text, style)


def task_line(sign: str, time: str, task_id: str, description: str, notes: str, style: Style) -> str:
    """Return ``sign time  id  description``, cut so that ``notes``, which the caller appends, still fit."""
    name = one_line(task_id)
    space = _DESCRIPTION if style.width is None else style.width - _MARGIN - cells(name) - 2 - cells(notes)
    words = fit(one_line(description), space) if space > 3 else ""
    said = f"  {style.dim(words)}" if words else ""
    return f"{sign} {time:>8}  {style.bold(name) if style.colour else name}{said}"


def task_head(task_id: str, description: str, style: Style) -> str:
    """Return the first line of what is told of a task that failed, ended by a newline."""
    name = one_line(task_id)
    space = _DESCRIPTION if style.width is None else max(style.width - cells(name) - 4, 0)
    return f"{style.bad('✗')} {style.bold(name)}  {fit(one_line(description), space)}".rstrip() + "\n"


def _task_finished(event: events.TaskFinished, style: Style, volume: Volume, tries: int) -> str:
    if volume is Volume.QUIET and event.status in _GOOD:
        return ""
    notes = _notes(event, tries)
    time = seconds(event.outcome.usage.seconds) if event.outcome is not None else ""
    line = task_line(_sign(event.status, style), time, event.task_id, event.description, notes, style)
    log = event.outcome.log if volume is Volume.VERBOSE and event.outcome is not None else ""
    shown_log = f"{' ' * _MARGIN}{style.dim(log)}\n" if log else ""
    return f"{line}{_painted_notes(notes, event.status, style)}\n{shown_log}"


def _notes(event: events.TaskFinished, tries: int) -> str:
    """Return what is said behind the description: why it is not done, how often it was tried, whether anything proves it."""
    if event.status == CheckState.UP_TO_DATE:
        return " (up to date)"
    good = event.status in _GOOD
    extra = [f"attempt {tries}"] if tries > 1 else []
    if good and event.outcome is not None and not event.outcome.verified:
        extra.append("unverified")
    return ("" if good else f": {one_line(event.reason)}") + (f" ({', '.join(extra)})" if extra else "")


def _painted_notes(notes: str, status: str, style: Style) -> str:
    if not notes:
        return ""
    return style.bad(notes) if status == "failed" else style.dim(notes) if status in _GOOD else style.warn(notes)


def _sign(status: str, style: Style) -> str:
    if status == CheckState.UP_TO_DATE:
        return style.dim("✓")
    if status in _GOOD:
        return style.good("✓")
    if status == "failed":
        return style.bad("✗")
    return style.dim("−") if status == "cancelled" else style.warn("○")


def _run_started(event: events.RunStarted, style: Style, volume: Volume) -> str:
    if volume is not Volume.VERBOSE:
        return ""
    budget = "" if event.budget is None else f", budget {event.budget:g}"
    limit = "" if event.time_budget is None else f", time {seconds(event.time_budget)}"
    return (
        style.dim(f"run {event.run_id}: {event.open} of {count(event.tasks, 'task')} open, {count(event.jobs, 'job')}{budget}{limit}")
        + "\n"
    )


def _run_recovered(event: events.RunRecovered, style: Style, volume: Volume) -> str:
    if volume is Volume.QUIET:
        return ""
    facts = []
    if event.killed:
        facts.append(f"{count(event.killed, 'process', 'processes')} of it killed")
    if event.replayed:
        facts.append(f"{count(event.replayed, 'status', 'statuses')} brought into tasks.yml")
    ran = event.interrupted
    meanwhile = f" while {listing(ran)} {'was' if len(ran) == 1 else 'were'} running" if ran else ""
    return _notice(style.warn("↻"), "; ".join([f"the run before this one broke off{meanwhile}", *facts]), style)


def _task_started(event: events.TaskStarted, style: Style, volume: Volume) -> str:
    if volume is not Volume.VERBOSE:
        return ""
    notes = f" · {one_line(event.reason)}"
    return task_line(style.busy("▸"), "", event.task_id, event.command or event.description, notes, style) + style.dim(notes) + "\n"


def _task_retried(event: events.TaskRetried, style: Style, volume: Volume) -> str:
    if volume is Volume.QUIET:
        return ""
    notes = f": {one_line(words(event.outcome.reason))}; again in {seconds(event.pause)}"
    return task_line(style.warn("↻"), seconds(event.outcome.usage.seconds), event.task_id, "", notes, style) + style.warn(notes) + "\n"


def _task_waiting(event: events.TaskWaiting, style: Style, volume: Volume) -> str:
    if volume is Volume.QUIET:
        return ""
    notes = f": {one_line(event.reason)}"
    return task_line(style.warn("○"), "waits", event.task_id, event.description, notes, style) + style.warn(notes) + "\n"


def _task_appended(event: events.TaskAppended, style: Style, volume: Volume) -> str:
    return "" if volume is Volume.QUIET else task_line(style.busy("+"), "new", event.task_id, event.description, "", style) + "\n"


def _task_closed(event: events.TaskClosed, style: Style, volume: Volume) -> str:
    return "" if volume is Volume.QUIET else task_line(style.good("−"), "closed", event.task_id, event.reason, "", style) + "\n"


def _code_measured(event: events.CodeMeasured, style: Style, volume: Volume) -> str:
    if volume is Volume.QUIET or (volume is Volume.NORMAL and not event.withheld):
        return ""
    held = f"; {event.withheld:,} wait until reflect.max_open_tasks allows" if event.withheld else ""
    return _notice(style.dim("·"), f"{count(event.files, 'file')} measured, {count(event.findings, 'finding')}{held}", style, event.seconds)


def _tasks_reloaded(event: events.TasksReloaded, style: Style, volume: Volume) -> str:
    if volume is Volume.QUIET:
        return ""
    parts = (("added", event.added), ("removed", event.removed), ("changed", event.changed))
    words = "; ".join(f"{word} {listing(ids)}" for word, ids in parts if ids)
    return _notice(style.busy("↻"), f"tasks.yml was edited: {words or 'nothing that matters'}", style)


def _warned(event: events.Warned, style: Style, _volume: Volume) -> str:
    about = f"{event.task_id}: " if event.task_id else ""
    return _notice(style.warn("!"), f"{about}{event.message}", style, paint=style.warn)


def _budget_exhausted(event: events.BudgetExhausted, style: Style, _volume: Volume) -> str:
    return _notice(style.warn("!"), f"{listing(event.left)} left: {event.reason}", style, paint=style.warn)


def _notice(sign: str, text: str, style: Style, took: float | None = None, paint: Paint = str) -> str:
    """Return a sentence about the run itself, over several lines where the stream has an edge."""
    space = None if style.width is None else max(20, style.width - _MARGIN)
    lines = wrap(one_line(text), space, 0).split("\n")
    head = f"{sign} {'' if took is None else seconds(took):>8}  {paint(lines[0])}\n"
    return head + "".join(f"{'':{_MARGIN}}{paint(line)}\n" for line in lines[1:])


_LINES: dict[type[events.Event], Callable[[Any, Style, Volume], str]] = {
    events.RunStarted: _run_started,
    events.RunRecovered: _run_recovered,
    events.TaskStarted: _task_started,
    events.TaskRetried: _task_retried,
    events.TaskWaiting: _task_waiting,
    events.TaskAppended: _task_appended,
    events.TaskClosed: _task_closed,
    events.CodeMeasured: _code_measured,
    events.TasksReloaded: _tasks_reloaded,
    events.Warned: _warned,
    events.BudgetExhausted: _budget_exhausted,
}
