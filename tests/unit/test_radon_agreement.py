"""Our counters are used while they agree with the radon that is installed; else it counts itself."""

from __future__ import annotations

import ast

import pytest
import radon.raw
from radon.visitors import ComplexityVisitor

from core.adapters.radon import agreement
from core.adapters.radon.fast.by_radon import raw_counts_by_radon, tree_counts_by_radon
from core.adapters.radon.fast.raw_counts import raw_counts

MATCH = ast.parse("def f(x):\n    match x:\n        case 1: pass\n        case 2: pass\n")


@pytest.fixture(autouse=True)
def ask_again():
    def forget():
        agreement.tree_counter.cache_clear()
        agreement.raw_counter.cache_clear()

    forget()
    yield
    forget()


def complexity():
    return agreement.tree_counter()(MATCH).blocks[0].complexity


def test_ours_are_used_beside_the_radon_we_know():
    assert agreement.tree_counter() is not tree_counts_by_radon
    assert agreement.raw_counter() is raw_counts


@pytest.mark.parametrize("counts", [True, False])
def test_match_counts_where_it_counts_for_radon(monkeypatch, counts):
    """Radon 6 counts the cases, radon 5.1 none of them."""
    theirs = ComplexityVisitor.generic_visit

    def generic_visit(self, node):
        if not isinstance(node, ast.Match):
            return theirs(self, node)
        if counts:
            self.complexity += len(node.cases) - any(getattr(case.pattern, "pattern", False) is None for case in node.cases)
        return ast.NodeVisitor.generic_visit(self, node)

    monkeypatch.setattr(ComplexityVisitor, "generic_visit", generic_visit)
    assert agreement.tree_counter() is not tree_counts_by_radon
    assert complexity() == (3 if counts else 1)


def test_a_radon_with_other_rules_counts_itself(monkeypatch):
    def two(self, node):
        self.complexity += 2

    monkeypatch.setattr(ComplexityVisitor, "visit_Assert", two)
    assert agreement.tree_counter() is tree_counts_by_radon


def test_a_radon_that_counts_lines_otherwise_counts_them_itself(monkeypatch):
    theirs = radon.raw.analyze
    monkeypatch.setattr(radon.raw, "analyze", lambda source: theirs(source)._replace(lloc=0))
    assert agreement.raw_counter() is raw_counts_by_radon
