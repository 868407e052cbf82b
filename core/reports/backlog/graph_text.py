"""The dependencies as text that draws: Mermaid, which forges render in Markdown, and Graphviz's dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.domain.tasks.task import Task
from core.reports.backlog.display_status import BacklogContext, display_status
from core.reports.text.columns import fit, one_line

#: Columns of a description inside a node.
_WIDTH = 48

#: Fill and border by displayed status; readable on white and on black.
_COLOURS: Mapping[str, tuple[str, str]] = {
    "done": ("#d3f2dc", "#2f8f4e"),
    "failed": ("#fbd9d7", "#c4302b"),
    "blocked": ("#fbe6d4", "#c46a1b"),
    "waiting": ("#fff3c9", "#b58a00"),
    "running": ("#d5e8fb", "#2a6fb5"),
    "open": ("#f2f3f5", "#6b7280"),
    "cancelled": ("#ffffff", "#9ca3af"),
}
_TEXT = "#111827"


def mermaid(tasks: Sequence[Task], context: BacklogContext) -> str:
    """Return a flowchart: an arrow from each dependency to what needs it, a node's colour by the status of its task."""
    names = {task.id: f"t{number}" for number, task in enumerate(tasks)}
    classes = {task.id: _class(task, context) for task in tasks}
    lines = ["flowchart LR"]
    lines += [f'  {names[task.id]}["{_mermaid_label(task)}"]:::{classes[task.id]}' for task in tasks]
    lines += [f"  {names[before]} --> {names[after]}" for before, after in _arrows(tasks, names)]
    used = dict.fromkeys(classes.values())
    lines += [f"  classDef {word} fill:{_COLOURS[word][0]},stroke:{_COLOURS[word][1]},color:{_TEXT}" for word in used]
    return "\n".join(lines) + "\n"


def dot(tasks: Sequence[Task], context: BacklogContext) -> str:
    """Return the same as a dot digraph."""
    names = {task.id: task.id for task in tasks}
    head = ["digraph tasks {", "  rankdir=LR;", '  node [shape=box, style="rounded,filled", fontname="sans-serif"];']
    lines = [_dot_node(task, _class(task, context)) for task in tasks]
    lines += [f"  {_quoted(before)} -> {_quoted(after)};" for before, after in _arrows(tasks, names)]
    return "\n".join([*head, *lines, "}"]) + "\n"


def _arrows(tasks: Sequence[Task], known: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(before, task.id) for task in tasks for before in task.dependencies if before in known]


def _class(task: Task, context: BacklogContext) -> str:
    word = display_status(task, context)
    if word.startswith("done"):
        return "done"
    if word == "in progress":
        return "running"
    return word if word in _COLOURS else "open"


def _label(task: Task) -> tuple[str, str]:
    return one_line(task.id), fit(one_line(task.description), _WIDTH)


def _mermaid_label(task: Task) -> str:
    name, words = (_entities(part) for part in _label(task))
    return f"<b>{name}</b><br/>{words}" if words else f"<b>{name}</b>"


def _entities(text: str) -> str:
    """Return text that Mermaid shows as it is: everything but letters, digits, spaces and harmless signs as ``#code;``."""
    return "".join(c if c.isalnum() or c in " .,-+/_…" else f"#{ord(c)};" for c in text)


def _dot_node(task: Task, word: str) -> str:
    name, words = _label(task)
    fill, border = _COLOURS[word]
    label = _quoted(f"{name}\n{words}" if words else name)
    return f'  {_quoted(task.id)} [label={label}, fillcolor="{fill}", color="{border}", fontcolor="{_TEXT}"];'


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
