"""Every setting: its type, default and meaning, in one table that the schema, the docs and the environment are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Source(StrEnum):
    """Where a value came from, weakest first."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    COMMAND_LINE = "command line"


def option(default: Any, help: str, **schema: Any) -> Any:
    """Declare one setting: its default, one sentence for the docs, and its JSON schema."""
    metadata = {"help": help, "schema": schema}
    if isinstance(default, dict):
        return field(default_factory=lambda: MappingProxyType(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetSettings:
    """``budget:``"""

    cost: float | None = option(None, "Units of cost a run may spend; null: unlimited.", type=["number", "null"], minimum=0)
    time: float | None = option(
        None, "Wall time after which a run starts nothing more; null: unlimited.", type=["string", "number", "null"], format="duration"
    )
    on_exceed: str = option(
        "pass", "What to do when the next task does not fit: pass over it for one that fits, or stop.", enum=["pass", "stop"]
    )
    warn_at: float = option(0.8, "Share of the budget at which a run warns.", type="number", minimum=0, maximum=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """``log:``"""

    directory: str = option("logs", "Directory of the log files, inside the repository.", type="string", minLength=1)
    limit: int = option(
        64 * 1024 * 1024, "Bytes a task's log may grow to; its middle is left out beyond that.", type=["integer", "string"], format="size"
    )
    keep: int = option(500, "How many task logs to keep; the oldest go first.", type="integer", minimum=1)
    tail: int = option(20, "Lines of a failed task's log shown at the end of a run.", type="integer", minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReflectSettings:
    """``reflect:``"""

    enabled: bool = option(True, "Measure the code and append refactor tasks during a run.", type="boolean")
    every: int = option(1, "Measure again after this many execution cycles that changed code.", type="integer", minimum=1)
    max_open_tasks: int = option(
        10, "The Reflector appends while fewer than this many of its own tasks are open.", type="integer", minimum=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdSettings:
    """``audit.thresholds:``"""

    complexity: int = option(10, "Cyclomatic complexity of a block above which it is a finding.", type="integer", minimum=1)
    maintainability: float = option(
        20.0, "Maintainability index of a file below which it is a finding.", type="number", minimum=0, maximum=100
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """``audit:``"""

    include: tuple[str, ...] = option(("**/*.py",), "Globs of files to measure.", type="array", items={"type": "string"})
    exclude: tuple[str, ...] = option((), "Globs of files to leave out.", type="array", items={"type": "string"})
    thresholds: ThresholdSettings = field(default_factory=ThresholdSettings)
    overrides: Mapping[str, Mapping[str, float]] = option(
        {}, "Thresholds for the files that match a glob; the last match wins.", type="object", additionalProperties={"type": "object"}
    )
    baseline: str = option("audit-baseline.json", "File of accepted findings.", type="string", minLength=1)
    use_wily: bool = option(False, "Take trends from wily instead of from git's objects.", type="boolean")
    revisions: int = option(50, "Revisions of history that a trend looks at.", type="integer", minimum=0)
    jobs: int = option(0, "Processes that measure; 0: one a core.", type="integer", minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a run can be told, frozen, with the source of each value."""

    tasks_file: str = option("tasks.yml", "The backlog, inside the repository.", type="string", minLength=1)
    jobs: int = option(0, "Tasks that run at once; 0: one a core.", type="integer", minimum=0)
    fail_fast: bool = option(False, "Start nothing more after the first failure.", type="boolean")
    timeout: float | None = option(
        None, "Time limit of a task that sets none; null: none.", type=["string", "number", "null"], format="duration"
    )
    grace: float = option(5.0, "Time between TERM and KILL.", type=["string", "number"], format="duration")
    handlers: Mapping[str, str] = option(
        {},
        "Command that works on tasks of a kind that have none of their own.",
        type="object",
        additionalProperties={"type": "string", "minLength": 1},
    )
    budget: BudgetSettings = field(default_factory=BudgetSettings)
    log: LogSettings = field(default_factory=LogSettings)
    reflect: ReflectSettings = field(default_factory=ReflectSettings)
    audit: AuditSettings = field(default_factory=AuditSettings)
    #: Source of each value that is not a default, by dotted key: ``{"budget.cost": Source.FILE}``.
    sources: Mapping[str, Source] = field(default_factory=lambda: MappingProxyType({}), metadata={"internal": True})
