"""What a run came to: for the terminal (what was left and why, failures with the end of their logs, the counts), and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from core.events import RunFinished, TaskFinished
from core.reports.run.event_line import Volume, task_head
from core.reports.run.history_text import took
from core.reports.run.progress import Progress
from core.reports.text.columns import Cell, Column, one_line, table
from core.reports.text.markup import markdown_cell
from core.reports.text.style import Style
from core.reports.text.wording import amount, count, listing, seconds

#: Returns the last lines of the log at a path; control characters are escaped, and a log that is gone has no lines.
Tail = Callable[[str], Sequence[str]]

#: Tasks listed of each sort; the rest are counted.
_LISTED = 10
#: Rows of the Markdown table: the page has a limit of 1 MiB.
_ROWS = 200

_REFLECTION = ("orchestrator run --reflect", "add tasks for complex code (reflect.enabled)")
_SIGNS = {"done": "✅", "passed": "✅", "up to date": "✅", "failed": "❌", "cancelled": "➖"}


def run_summary(progress: Progress, style: Style, *, tail: Tail, volume: Volume = Volume.NORMAL, offers_reflection: bool = False) -> str:
    """Return the text for a run that has finished; of one that has not, nothing.

    ``offers_reflection`` says how it is switched on, where nothing went wrong and there is nothing else to type next.
    """
    run = progress.finished
    if run is None:
        return ""
    parts = ["" if volume is Volume.QUIET else _not_run(run, style)]
    parts += [_failure(progress.ended[task_id], progress, style, tail) for task_id in run.failed if task_id in progress.ended]
    if volume is not Volume.QUIET or run.exit_code:
        steps = _steps(run, progress, offers_reflection=offers_reflection)
        parts.append(_counts(progress, run, style) + _next_steps(steps, style))
    text = "\n".join(part for part in parts if part)
    return f"\n{text}" if text else ""


def _not_run(run: RunFinished, style: Style) -> str:
    rows: list[list[Cell]] = []
    for word, held, paint in (("left", run.left, style.warn), ("waiting", run.waiting, style.warn), ("blocked", run.blocked, style.bad)):
        rows += _held(word, held, paint, style)
    columns = [Column(title=""), Column(title="", most=32), Column(title="", elastic=True)]
    return table(columns, rows, width=style.width, title=None) if rows else ""


def _held(word: str, held: Mapping[str, str], paint: Callable[[str], str], style: Style) -> list[list[Cell]]:
    rows = [
        [Cell(text=word, paint=paint), Cell(text=one_line(task_id), paint=style.bold), Cell(text=one_line(reason), paint=style.dim)]
        for task_id, reason in list(held.items())[:_LISTED]
    ]
    if len(held) > _LISTED:
        rows.append([Cell(text=word, paint=paint), Cell(text=""), Cell(text=f"and {len(held) - _LISTED:,} more", paint=style.dim)])
    return rows


def _failure(event: TaskFinished, progress: Progress, style: Style, tail: Tail) -> str:
    outcome = event.outcome
    tries = progress.tries.get(event.task_id, 1)
    after = took(outcome) if outcome is not None else ""
    times = f" ({count(tries, 'attempt')})" if tries > 1 else ""
    lines = [task_head(event.task_id, event.description, style), f"  {style.bad(one_line(event.reason) + after)}{times}\n"]
    if outcome is not None and outcome.log:
        lines += [f"  {style.dim('│')} {line}\n" for line in tail(outcome.log)]
        lines.append(f"  {style.dim(outcome.log)}\n")
    return "".join(lines)


def _counts(progress: Progress, run: RunFinished, style: Style) -> str:
    words = (
        (len(run.done), "done", style.good),
        (len(run.passed), "passed", style.good),
        (len(run.up_to_date), "up to date", style.good),
        (len(run.failed), "failed", style.bad),
        (len(run.failed_earlier), "failed earlier", style.bad),
        (len(run.blocked), "blocked", style.bad),
        (len(run.waiting), "waiting", style.warn),
        (len(run.left), "left", style.warn),
    )
    counted = [paint(f"{number:,} {word}") for number, word, paint in words if number]
    budget = progress.started.budget if progress.started else None
    cost = "" if budget is None else f" · {amount(run.spent)} of {amount(budget)} spent"
    head = f"{', '.join(counted) or 'nothing to do'} in {seconds(run.duration)}{cost}\n"
    return head + "".join(style.dim(f"{line}\n") for line in (_stopped(run), _waiting(run), _reflected(progress)) if line)


def _stopped(run: RunFinished) -> str:
    return one_line(run.reason) if run.left or run.exit_code > 1 else ""


def _waiting(run: RunFinished) -> str:
    return "what waits is for a person, an agent or a handler to finish" if run.waiting else ""


def _reflected(progress: Progress) -> str:
    parts = [
        f"{count(progress.appended, 'task')} added" if progress.appended else "",
        f"{progress.closed} closed" if progress.closed else "",
    ]
    words = ", ".join(part for part in parts if part)
    return f"reflection: {words}" if words else ""


def _next_steps(steps: Sequence[tuple[str, str]], style: Style) -> str:
    width = max((len(step) for step, _ in steps), default=0)
    room = style.width is None or width + max((len(words) for _, words in steps), default=0) + 4 <= style.width
    return "".join(f"  {step:{width}}  {style.dim(words)}\n" if room else f"  {step}\n" for step, words in steps)


def _steps(run: RunFinished, progress: Progress, *, offers_reflection: bool) -> list[tuple[str, str]]:
    """Return what may be typed next, and what for."""
    steps = _steps_after_failures(run, progress)
    for held, words in ((run.blocked, "what holds it up"), (run.waiting, "who or what can finish it")):
        if held:
            steps.append((f"orchestrator why {one_line(next(iter(held)))}", words))
    if run.left:
        steps.append(("orchestrator run", "go on with what is left"))
    return [_REFLECTION] if offers_reflection and not steps and not run.exit_code else steps


def _steps_after_failures(run: RunFinished, progress: Progress) -> list[tuple[str, str]]:
    failed = [*run.failed, *run.failed_earlier]
    if not failed:
        return []
    # A check runs again by itself.
    again = [task_id for task_id in failed if task_id not in progress.ended or not progress.ended[task_id].check]
    steps = [(f"orchestrator log {one_line(failed[-1])}", "the whole log")]
    if again:
        steps.append(("orchestrator run --retry-failed", f"try {listing([one_line(i) for i in again], 3)} again"))
    return steps


def step_summary(progress: Progress) -> str:
    """Return Markdown for the page that GitHub shows above a job's log; of a run that has not finished, nothing."""
    run = progress.finished
    if run is None:
        return ""
    rows = [*_ended_rows(progress, run.failed), *_held_rows(progress)]
    shown = {*run.failed, *run.blocked, *run.waiting, *run.left}
    rows += _ended_rows(progress, (task_id for task_id in progress.ended if task_id not in shown))
    text = _heading(run, progress.started.budget if progress.started else None)
    if rows:
        text += "| | Task | Duration | Cost | |\n|---|---|---:|---:|---|\n" + "".join(rows[:_ROWS]) + "\n"
    if len(rows) > _ROWS:
        text += f"{count(len(rows) - _ROWS, 'task')} more.\n\n"
    return text


def _heading(run: RunFinished, budget: float | None) -> str:
    counts = (
        (run.done, "done"),
        (run.passed, "passed"),
        (run.up_to_date, "up to date"),
        (run.failed, "failed"),
        (run.blocked, "blocked"),
        (run.waiting, "waiting"),
        (run.left, "left"),
    )
    words = ", ".join(f"{len(ids):,} {word}" for ids, word in counts if ids) or "nothing to do"
    cost = "" if budget is None else f", {amount(run.spent)} of {amount(budget)} spent"
    return f"### Orchestrator: {words} in {seconds(run.duration)}{cost}\n\n"


def _ended_rows(progress: Progress, ids: Iterable[str]) -> list[str]:
    return [_ended_row(progress.ended[task_id], progress.tries.get(task_id, 1)) for task_id in ids if task_id in progress.ended]


def _ended_row(event: TaskFinished, tries: int) -> str:
    outcome = event.outcome
    notes = [] if event.status in ("done", "passed") else ["up to date"] if event.status == "up to date" else [event.reason]
    if tries > 1:
        notes.append(count(tries, "attempt"))
    if event.status == "done" and outcome is not None and not outcome.verified:
        notes.append("unverified")
    time, cost = (seconds(outcome.usage.seconds), amount(outcome.usage.units)) if outcome is not None else ("", "")
    return _row(_SIGNS.get(event.status, "⏸️"), event.task_id, event.description, time, cost, ", ".join(notes))


def _held_rows(progress: Progress) -> list[str]:
    run = progress.finished
    assert run is not None
    held = [(word, ids) for word, ids in (("blocked", run.blocked), ("waiting", run.waiting), ("left", run.left))]
    return [
        _row("⛔" if word == "blocked" else "⏸️", task_id, progress.descriptions.get(task_id, ""), "", "", f"{word}: {reason}")
        for word, ids in held
        for task_id, reason in ids.items()
    ]


def _row(sign: str, task_id: str, description: str, time: str, cost: str, notes: str) -> str:
    return f"| {sign} | **{markdown_cell(task_id)}** {markdown_cell(description)} | {time} | {cost} | {markdown_cell(notes)} |\n"
