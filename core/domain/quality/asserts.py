"""Where ``assert`` statements add to complexity. Pure."""

from __future__ import annotations

from enum import StrEnum

from core.domain.quality.files_of_tests import is_test_file
from core.domain.quality.metric import FileMeasure


class AssertRule(StrEnum):
    """A choice of ``audit.asserts``."""

    #: They add to complexity, but not in files of tests.
    IGNORE_IN_TESTS = "ignore-in-tests"
    COUNT = "count"
    IGNORE = "ignore"


def ignores_asserts(rule: str, path: str) -> bool:
    """Return whether ``assert`` adds nothing in a file. ``rule`` is one of AssertRule."""
    return rule == AssertRule.IGNORE or (rule == AssertRule.IGNORE_IN_TESTS and is_test_file(path))


def judged_measure(path: str, measure: FileMeasure, rule: str) -> FileMeasure:
    """Return the measure of a file by which it is judged."""
    return measure.without_asserts() if measure.tally.asserts and ignores_asserts(rule, path) else measure
