"""What of an audit's settings may let more pass than before; what certainly does not is passed over."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.settings.loosening import loosened_values
from core.domain.settings.options import settings_table
from core.domain.settings.settings import Settings
from core.schema.yaml_reader import read_yaml


def loosened(before, after):
    base, here = (read_yaml(f"audit: {text}\n", "config.yaml") for text in (before, after))
    return [each.what for each in loosened_values(settings_table(Settings), here, base)]


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("{}", "{thresholds: {complexity: 11}}", ["audit.thresholds.complexity 10 → 11"]),
        ("{thresholds: {complexity: 5}}", "{}", ["audit.thresholds.complexity 5 → 10"]),
        ("{}", "{thresholds: {maintainability: 10}}", ["audit.thresholds.maintainability 20 → 10"]),
        ("{exclude: [a/]}", "{exclude: [a/, b/, c/]}", ["audit.exclude: b/", "audit.exclude: c/"]),
        ("{include: [a/, b/]}", "{include: [b/]}", ["audit.include without a/"]),
        ("{metrics: [all]}", "{metrics: [complexity, maintainability, cognitive, length, nesting, parameters]}", None),
        ("{metrics: [complexity, length]}", "{metrics: [complexity]}", ["audit.metrics without length"]),
        ("{}", "{overrides: {a/: {complexity: 20}}}", ["audit.overrides a/: complexity 20"]),
        ("{overrides: {a/: {complexity: 20}}}", "{overrides: {a/: {complexity: 30}}}", ["audit.overrides a/: complexity 20 → 30"]),
        ("{overrides: {a/: {complexity: 5}}}", "{}", ["audit.overrides a/: complexity 5 is gone"]),
        (
            "{overrides: {a/: {complexity: 5}}}",
            "{overrides: {a/: {complexity: 5}, b/: {complexity: 9}}}",
            ["audit.overrides b/: complexity 9"],
        ),
        (
            "{overrides: {a/: {complexity: 5}, b/: {complexity: 9}}}",
            "{overrides: {b/: {complexity: 9}, a/: {complexity: 5}}}",
            ["audit.overrides in another order"],
        ),
        ("{}", "{baseline: other.json}", ["audit.baseline audit-baseline.json → other.json"]),
        ("{}", "{silence: note}", ["audit.silence finding → note"]),
        ("{}", "{asserts: ignore}", ["audit.asserts ignore-in-tests → ignore"]),
        ("{asserts: count}", "{}", ["audit.asserts count → ignore-in-tests"]),
        ("{coverage: coverage.xml}", "{}", ["audit.coverage coverage.xml → null"]),
    ],
)
def test_what_may_let_more_pass_is_told_thing_by_thing(before, after, what):
    found = loosened(before, after)
    assert found == what if what is not None else all(each.startswith("audit.metrics without ") for each in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{}", "{thresholds: {complexity: 9, maintainability: 30}}"),
        ("{exclude: [a/, b/]}", "{exclude: [b/]}"),
        ("{include: [a/]}", "{include: [a/, b/]}"),
        ("{}", "{metrics: [all]}"),
        ("{}", "{overrides: {a/: {complexity: 8}, b/: {maintainability: 40}}}"),
        ("{overrides: {a/: {complexity: 20}}}", "{overrides: {a/: {complexity: 15}}}"),
        ("{overrides: {a/: {complexity: 20}}}", "{}"),
        ("{silence: note}", "{silence: finding}"),
        ("{}", "{asserts: count, coverage: coverage.xml}"),
        ("{jobs: 1}", "{jobs: 2}"),
    ],
)
def test_what_lets_no_more_pass_is_passed_over(before, after):
    assert loosened(before, after) == []


_LIMITS = st.dictionaries(st.sampled_from(["a/", "b/", "**"]), st.fixed_dictionaries({"complexity": st.integers(1, 30)}))


@given(_LIMITS, _LIMITS, st.sampled_from(["a/x.py", "b/x.py", "x.py"]))
def test_overrides_that_are_not_told_let_no_more_pass_for_any_file(before, after, path):
    from core.domain.untrusted.globs import matches

    def limit(overrides):
        return [10, *(limits["complexity"] for glob, limits in overrides.items() if matches(path, glob))][-1]

    if not loosened(f"{{overrides: {before}}}", f"{{overrides: {after}}}"):
        assert limit(after) <= limit(before)
