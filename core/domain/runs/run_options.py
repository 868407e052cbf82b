"""What one run was asked to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Settings and flags of one ``orchestrator run``."""

    jobs: int = 1
    #: Units of cost; None is unlimited.
    budget: float | None = None
    #: Seconds of wall time; None is unlimited.
    time_budget: float | None = None
    stop_on_exceed: bool = False
    warn_at: float = 0.8
    fail_fast: bool = False
    retry_failed: bool = False
    #: A budget that ends with work left is exit code 5.
    strict: bool = False
    only: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    handlers: Mapping[str, str] = field(default_factory=dict)
    #: Reflect again after this many execution cycles.
    reflect_every: int = 1
