"""``orchestrator graph``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.backlog_view import viewed
from core.cli.options import Directory, Json, TasksFile


class GraphFormat(StrEnum):
    """Languages of graphs."""

    MERMAID = "mermaid"
    DOT = "dot"


Format = Annotated[GraphFormat, typer.Option("--format", help="mermaid for Markdown, dot for Graphviz.")]


def graph(
    session: Session, directory: Directory = "", tasks_file: TasksFile = None, format: Format = GraphFormat.MERMAID, json: Json = False
) -> int:
    """Draw the dependencies as Mermaid or Graphviz text."""
    from core.reports.backlog.graph_text import dot, mermaid

    with viewed(session.open(directory, tasks_file=tasks_file)) as view:
        if json:
            return session.console.say_json({task.id: list(task.dependencies) for task in view.tasks})
        draw = mermaid if format is GraphFormat.MERMAID else dot
        return session.console.say(draw(view.tasks, view.context))
