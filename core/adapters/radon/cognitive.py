"""Cognitive complexity, as complexipy counts it: of top-level functions and of methods, with what is nested in them."""

from __future__ import annotations

from collections.abc import Mapping

from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import SPECS
from core.errors import UsageError


class Uncounted(Exception):
    """complexipy cannot read a source that Python can. Internal to this package."""


def counter_version() -> str:
    """Return complexipy's version. Raises UsageError where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # loads the email package: only where it is asked for

    try:
        return version("complexipy")
    except PackageNotFoundError:
        raise UsageError(
            "audit.metrics asks for cognitive, and complexipy, which counts it, is not installed",
            hint=f"pip install 'orchestrator[{SPECS[Metric.COGNITIVE].extra}]', or leave cognitive out of audit.metrics",
        ) from None


def cognitive_complexities(text: str) -> Mapping[int, int]:
    """Return the cognitive complexity of each function by the line on which it begins, decorators included. Raises Uncounted.

    Comments that tell complexipy to leave a function out do not count: a gate is not passed by silence.
    """
    from complexipy import code_complexity

    try:
        found = code_complexity(text, no_ignore=True, with_plans=False)
    except ValueError as error:
        raise Uncounted(str(error)) from None
    return {function.line_start: function.complexity for function in found.functions}
