"""Which handler carries out a task, and the handler of plain commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath

from core.domain.runs.attempt import Attempt, Phase, checks_of, work_of
from core.domain.runs.reasons import Code
from core.domain.tasks.task import Task
from core.ports.handlers import Collected, HandlerRefused, TaskHandler, Workspace

_NOTHING = Collected()


class CommandHandler:
    """A plain command: it works in the work tree itself, so there is nothing to set up, land or tear down.

    ``root`` is the absolute path of the repository, ``commands`` has the command of each kind from config.yaml, ``plugin_command`` is
    what runs a plugin, before its name. ``plugin_problem`` returns why the plugin of a task cannot run; empty where it is not known.
    """

    def __init__(
        self,
        root: str,
        commands: Mapping[str, str] | None = None,
        plugin_command: tuple[str, ...] = ("orchestrator", "plugins", "run"),
        plugin_problem: Callable[[Task], str] = lambda _task: "",
    ) -> None:
        self._root = root
        self._commands = commands or {}
        self._plugin_command = plugin_command
        self._plugin_problem = plugin_problem
        self._work_tree = Workspace(directory=root)

    def set_up(self, task: Task, attempt: Attempt) -> Workspace:
        del attempt
        return Workspace(directory=str(PurePath(self._root, task.cwd))) if task.cwd else self._work_tree

    def work(self, task: Task, workspace: Workspace) -> tuple[Phase, ...]:
        del workspace
        phases = work_of(task, self._commands, self._plugin_command)
        if phases and task.plugin is not None and (problem := self._plugin_problem(task)):
            raise HandlerRefused(problem)
        if not phases and not task.verify:
            if task.manual and (task.command is not None or task.plugin is not None):
                raise HandlerRefused(reason=Code.MANUAL.of())
            raise HandlerRefused(reason=Code.NOTHING_TO_EXECUTE.of())
        return phases

    def collect(self, task: Task, workspace: Workspace) -> Collected:
        del task, workspace
        return _NOTHING

    def judge(self, task: Task, workspace: Workspace, collected: Collected) -> tuple[Phase, ...]:
        del workspace, collected
        return checks_of(task)

    def gate_phases(self, check: Task, digest: str = "") -> tuple[Phase, ...]:
        """Return the processes of a gating check after the work of another task; ``digest`` is of what it is about then."""
        own = (*work_of(check, self._commands, self._plugin_command), *checks_of(check))
        directory = str(PurePath(self._root, check.cwd)) if check.cwd else self._root
        return tuple(Phase(command=each.command, is_check=True, gate=check, gate_digest=digest, directory=directory) for each in own)

    def land(self, task: Task, workspace: Workspace, collected: Collected) -> None:
        del task, workspace, collected

    def discard(self, task: Task, workspace: Workspace) -> None:
        del task, workspace

    def tear_down(self, task: Task, workspace: Workspace) -> None:
        del task, workspace


class VerifyHandler(CommandHandler):
    """Runs the verify commands of a task, whatever carries it out, and nothing else of it."""

    def work(self, task: Task, workspace: Workspace) -> tuple[Phase, ...]:
        del task, workspace
        return ()


class Handlers:
    """The registry: a task without a command or plugin of its own goes to the handler of its kind, every other one to ``command``.

    What ``command`` would carry out goes to what ``judged`` makes, called once, if it ``is_judged``.
    """

    def __init__(
        self,
        command: TaskHandler,
        by_kind: Mapping[str, TaskHandler] | None = None,
        *,
        judged: Callable[[], TaskHandler] | None = None,
        is_judged: Callable[[Task], bool] = lambda _task: False,
    ) -> None:
        self._command = command
        self._by_kind = by_kind or {}
        self._make_judged, self._is_judged = judged, is_judged
        self._judged: TaskHandler | None = None

    def of(self, task: Task) -> TaskHandler:
        """Return the handler that carries out ``task``."""
        if self._by_kind and task.command is None and task.plugin is None and task.kind in self._by_kind:
            return self._by_kind[task.kind]
        if self._make_judged is None or not self._is_judged(task):
            return self._command
        self._judged = self._judged or self._make_judged()
        return self._judged
