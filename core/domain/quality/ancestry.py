"""Commits and their parents, as far as a clone holds them, and what two commits have in common. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitGraph:
    """Part of a history."""

    #: Ids of the parents by commit id; every parent is a key, too.
    parents: Mapping[str, tuple[str, ...]]
    #: Commits that have more parents, which this clone lacks: here a shallow clone ends.
    cut: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonHistory:
    """The best common ancestors of two commits, and whether commits that are not here could change them."""

    #: Common ancestors that are ancestors of no other one; sorted. Empty where none is here.
    bases: tuple[str, ...]
    #: Cut commits that only the first has in its history, as far as they matter; sorted.
    first_cut: tuple[str, ...] = ()
    #: Those that only the second has.
    second_cut: tuple[str, ...] = ()

    @property
    def is_certain(self) -> bool:
        """Whether the whole history gives the same bases."""
        return not self.first_cut and not self.second_cut


def common_history(graph: CommitGraph, first: str, second: str) -> CommonHistory:
    """Return what two commits of the graph have in common.

    The bases are certain where one of the two is an ancestor of the other. Else a cut commit that only one of the two has in its
    history may lead to a better common ancestor; one that both have leads only to ancestors of the bases.
    """
    of_first, of_second = _with_ancestors(graph, first), _with_ancestors(graph, second)
    common = of_first & of_second
    bases = common.difference(parent for commit in common for parent in graph.parents[commit])
    if first in common or second in common:
        return CommonHistory(bases=tuple(sorted(bases)))
    return CommonHistory(
        bases=tuple(sorted(bases)), first_cut=_sorted(graph.cut & of_first - common), second_cut=_sorted(graph.cut & of_second - common)
    )


def _with_ancestors(graph: CommitGraph, commit: str) -> frozenset[str]:
    found, ahead = {commit}, [commit]
    while ahead:
        fresh = [parent for parent in graph.parents[ahead.pop()] if parent not in found]
        found.update(fresh)
        ahead += fresh
    return frozenset(found)


def _sorted(commits: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(commits))
