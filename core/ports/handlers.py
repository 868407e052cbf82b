"""Carrying out one kind of task: the port between a runner and what does the work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.domain.runs.attempt import Attempt, Phase
from core.domain.runs.outcome import Usage
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Where an attempt works."""

    #: Absolute directory that its processes start in.
    directory: str
    #: Variables for its processes, stronger than the run's and weaker than the task's own.
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What the work of an attempt came to, before it is judged."""

    #: What only the handler can know, above all tokens and money; added to what the runner measured.
    usage: Usage = field(default_factory=Usage)
    #: Text for the attempt's log.
    report: str = ""
    #: What the work changed, in the handler's own terms: paths, commits.
    changes: tuple[str, ...] = ()


class HandlerRefused(Exception):
    """A step of a handler failed; the attempt ends as FAILED. ``text`` says why, one sentence for a person, or a ``reason`` with a code."""

    def __init__(self, text: str = "", *, reason: Reason | None = None) -> None:
        self.reason = reason or Code.TEXT.of(text)
        super().__init__(str(self.reason))


class TaskHandler(Protocol):
    """Carries out the tasks of one kind. A runner calls the steps of an attempt in this order::

        set_up → work → (its processes) → collect → judge → (its processes) → land or discard → tear_down

    The processes run one after another in the workspace, under the task's deadline, into the attempt's log; the first one that does
    not exit with 0 decides. A step itself must be short: the loop waits for it. ``set_up`` to ``land`` may raise HandlerRefused.
    ``discard`` follows whenever ``land`` was not reached or raised; ``tear_down`` follows whenever ``set_up`` returned.
    Handlers are registered by kind; a task with a command or plugin of its own is always a plain command.
    """

    def set_up(self, task: Task, attempt: Attempt) -> Workspace:
        """Make the place where the attempt works."""

    def work(self, task: Task, workspace: Workspace) -> tuple[Phase, ...]:
        """Return the processes that do the work; none where there is nothing but checks. What has work costs ``task.cost``."""

    def collect(self, task: Task, workspace: Workspace) -> Collected:
        """Return what the work came to; called once all of it exited with 0."""

    def judge(self, task: Task, workspace: Workspace, collected: Collected) -> tuple[Phase, ...]:
        """Return the checks, which must all exit with 0."""

    def land(self, task: Task, workspace: Workspace, collected: Collected) -> None:
        """Every check passed: bring the changes to where they belong.

        Idempotent: the tool may be killed between this and the journal's note of it, and the next attempt then lands the same work
        again, which must change nothing.
        """

    def discard(self, task: Task, workspace: Workspace) -> Reason | None:
        """The attempt did not succeed: leave nothing of it. Return what is to be said of that after its reason. Must not raise."""

    def tear_down(self, task: Task, workspace: Workspace) -> None:
        """Remove the workspace. Must not raise."""
