"""Our counters are used while they agree with the radon that is installed; else it counts itself."""

from __future__ import annotations

import pytest
import radon.raw
from radon.visitors import ComplexityVisitor

from core.adapters.radon import agreement
from core.adapters.radon.fast.by_radon import raw_counts_by_radon, tree_counts_by_radon
from core.adapters.radon.fast.raw_counts import raw_counts
from core.adapters.radon.fast.tree_counts import tree_counts


@pytest.fixture(autouse=True)
def ask_again():
    def forget():
        agreement.tree_counter.cache_clear()
        agreement.raw_counter.cache_clear()

    forget()
    yield
    forget()


def test_ours_are_used_beside_the_radon_we_know():
    assert agreement.tree_counter() is tree_counts
    assert agreement.raw_counter() is raw_counts


def test_a_radon_with_other_rules_counts_itself(monkeypatch):
    def two(self, node):
        self.complexity += 2

    monkeypatch.setattr(ComplexityVisitor, "visit_Assert", two)
    assert agreement.tree_counter() is tree_counts_by_radon


def test_a_radon_that_counts_lines_otherwise_counts_them_itself(monkeypatch):
    theirs = radon.raw.analyze
    monkeypatch.setattr(radon.raw, "analyze", lambda source: theirs(source)._replace(lloc=0))
    assert agreement.raw_counter() is raw_counts_by_radon
