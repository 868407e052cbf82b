"""What an Executor needs to know of the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutorSettings:
    """What an Executor needs to know of the settings."""

    #: Absolute path of the tasks file, for the variables of the processes.
    tasks_file: str
    #: Absolute path of the repository, likewise.
    root: str = ""
    #: Variables for every process; a handler's and a task's own are stronger.
    variables: Mapping[str, str] = field(default_factory=dict)
    #: Seconds between TERM and KILL.
    grace: float = 5.0
    #: Seconds; for tasks that set none. None: no limit.
    timeout: float | None = None
    #: Called with the variables of each task before anything of it is written; ``mask`` then takes the secrets out of what is.
    learn: Callable[[Mapping[str, str]], None] = lambda _variables: None
    mask: Callable[[str], str] = str
