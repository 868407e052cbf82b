"""Carries out tasks of the kind ``greeting``: writes a file in the work tree."""

from __future__ import annotations

import shlex
from typing import Any

from core.domain.runs.attempt import Attempt, Phase
from core.domain.tasks.task import Task
from core.ports.handlers import Collected, Workspace
from core.ports.wing import Services
from toy.settings import ToySettings


class GreetingHandler:
    """TaskHandler whose work is one shell command that writes ``greeting.txt``."""

    def __init__(self, root: str, word: str) -> None:
        self._root, self._word = root, word

    def set_up(self, task: Task, attempt: Attempt) -> Workspace:
        return Workspace(directory=self._root)

    def work(self, task: Task, workspace: Workspace) -> tuple[Phase, ...]:
        return (Phase(command=f"echo {shlex.quote(f'{self._word} {task.description}')} > greeting.txt", is_check=False),)

    def collect(self, task: Task, workspace: Workspace) -> Collected:
        return Collected(report="greeted")

    def judge(self, task: Task, workspace: Workspace, collected: Collected) -> tuple[Phase, ...]:
        return (Phase(command="test -s greeting.txt", is_check=True),)

    def land(self, task: Task, workspace: Workspace, collected: Collected) -> None: ...

    def discard(self, task: Task, workspace: Workspace) -> None: ...

    def tear_down(self, task: Task, workspace: Workspace) -> None: ...


def handler(services: Services) -> GreetingHandler:
    return GreetingHandler(str(services.root), services.section(ToySettings).word)


def runner(services: Services) -> Any:
    return ("a runner of", services.root)
