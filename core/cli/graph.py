"""``orchestrator graph``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.project import open_project
from core.cli.backlog_view import say, say_json, viewed
from core.cli.options import Directory, Json, TasksFile


class GraphFormat(StrEnum):
    """Languages of graphs."""

    MERMAID = "mermaid"
    DOT = "dot"


Format = Annotated[GraphFormat, typer.Option("--format", help="mermaid for Markdown, dot for Graphviz.")]


def graph(directory: Directory = "", tasks_file: TasksFile = None, format: Format = GraphFormat.MERMAID, json: Json = False) -> int:
    """Draw the dependencies as Mermaid or Graphviz text."""
    from core.reports.backlog.graph_text import dot, mermaid

    with viewed(open_project(directory, tasks_file=tasks_file)) as view:
        if json:
            return say_json({task.id: list(task.dependencies) for task in view.tasks})
        draw = mermaid if format is GraphFormat.MERMAID else dot
        return say(draw(view.tasks, view.context))
