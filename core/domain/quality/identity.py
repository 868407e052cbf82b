"""Which finding is which known one: at the same place, the same code in another place, or one of several of a name. Pure.

Both sides are ``Accepted``: findings of now; and what was accepted, found at a base, or written into a task. Each known one is at most
one finding. In this order:

1. the same name in the same file, and the same code;
2. the same code under another name or in another file, unless a finding of that name in that file has no other known one left;
3. the same name in the same file: namesakes by their decorators, then in order, or by the nearest score where one side has more;
4. similar code: a block with the same last name, or with nearly all lines; a file with half of its lines.

A finding about a whole file has no name; its path decides. A score decides only between namesakes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Any

from core.domain.quality.finding import Accepted, name_of, nearness, variant_of
from core.domain.quality.shape import exact, likeness, samples

#: Share of lines that similar code has in common: of files, and of blocks with the same last name; of blocks with another one.
_SIMILAR = 0.5
_NEARLY_EQUAL = 0.75
#: Pairs among which the nearest are looked for; of more, order decides.
_MOST_PAIRS = 10_000
#: Known ones with the same sample of their lines that are counted, and those that are looked at, which have most samples in common.
_MOST_COUNTED = 400
_MOST_ALIKE = 20
#: Samples that similar code has in common at least: half of the fewest that a sketch has.
_LEAST_ALIKE = 3
_PLAIN = ""

#: Metric, path, name.
_Group = tuple[str, str, str]
_Of = Callable[[Accepted], Hashable]


def match(now: Sequence[Accepted], known: Sequence[Accepted]) -> dict[int, int]:
    """Return which of ``known`` each of ``now`` is, by their positions; one that is none of them is not in it."""
    matching = _Matching(now, known)
    matching.pair_by(lambda each: (*each.key, exact(each.shape)))
    matching.pair_by(lambda each: (*_group(each), exact(each.shape)))
    matching.pair_moved()
    matching.pair_namesakes()
    matching.pair_similar()
    return matching.pairs


def origins(now: Iterable[Accepted], known: Sequence[Accepted]) -> set[int]:
    """Return the positions of all known ones that one of ``now`` may be by its code, under another name or in another place."""
    by_code = _positions(known, lambda each: (each.metric, exact(each.shape)), range(len(known)))
    alike = _BySample(known, range(len(known)))
    found: set[int] = set()
    for each in now:
        found.update(by_code.get((each.metric, exact(each.shape)), ()) if each.shape else ())
        found.update(position for _, position in alike.similar(each))
    return found


class _Matching:
    """Pairs of positions, added to step by step."""

    def __init__(self, now: Sequence[Accepted], known: Sequence[Accepted]) -> None:
        self._now, self._known = now, known
        self._free_now = dict.fromkeys(range(len(now)))
        self._free_known = dict.fromkeys(range(len(known)))
        self.pairs: dict[int, int] = {}

    def _pair(self, mine: int, theirs: int) -> None:
        self.pairs[mine] = theirs
        del self._free_now[mine], self._free_known[theirs]

    def _part(self, mine: int) -> None:
        self._free_now[mine] = self._free_known[self.pairs.pop(mine)] = None

    def pair_by(self, trait: _Of) -> None:
        """Pair those with an equal trait, in order; what has no shape has none."""
        by_trait = _positions(self._known, trait, (each for each in self._free_known if self._known[each].shape))
        for mine in [each for each in self._free_now if self._now[each].shape]:
            if candidates := by_trait.get(trait(self._now[mine])):
                self._pair(mine, candidates.pop(0))

    def pair_moved(self) -> None:
        """Pair the same code under another name or in another file, nearest first; then give back what is missed where it was."""
        theirs = _positions(self._known, _code, (each for each in self._free_known if self._known[each].shape))
        mine = _positions(self._now, _code, (each for each in self._free_now if self._now[each].shape))
        moved: dict[_Group, list[int]] = defaultdict(list)
        for code in mine:
            for one in self._pair_nearest(mine[code], theirs.get(code, []), nearness):
                moved[_group(self._known[self.pairs[one]])].append(one)
        self._give_back(moved)

    def _pair_nearest(self, mine: Sequence[int], theirs: Sequence[int], distance: Callable[[Accepted, Accepted], Any]) -> list[int]:
        """Pair the nearest to each other first, of very many in order; return those of ``mine`` that are paired."""
        pairs: Iterable[tuple[int, int]] = zip(mine, theirs, strict=False)
        if max(len(mine), len(theirs)) > 1 and len(mine) * len(theirs) <= _MOST_PAIRS:
            both = ((one, other) for one in mine for other in theirs)
            pairs = sorted(both, key=lambda pair: distance(self._now[pair[0]], self._known[pair[1]]))
        return [one for one, other in pairs if self._pair_if_free(one, other)]

    def _pair_if_free(self, mine: int, theirs: int) -> bool:
        free = mine in self._free_now and theirs in self._free_known
        if free:
            self._pair(mine, theirs)
        return free

    def _give_back(self, moved: dict[_Group, list[int]]) -> None:
        """Part pairs whose known one is the last that a finding of its own name and file could be. ``moved``: by the known one's group."""
        wanting = Counter(_group(self._now[each]) for each in self._free_now)
        left = Counter(_group(self._known[each]) for each in self._free_known)
        groups = list(moved)
        while groups:
            group = groups.pop()
            while moved.get(group) and wanting[group] > left[group]:
                mine = moved[group].pop()
                self._part(mine)
                left[group] += 1
                wanting[_group(self._now[mine])] += 1
                groups.append(_group(self._now[mine]))

    def pair_namesakes(self) -> None:
        """Pair what has the same name in the same file."""
        theirs = _positions(self._known, _group, self._free_known)
        for group, mine in _positions(self._now, _group, self._free_now).items():
            if group in theirs:
                self._pair_group(mine, theirs[group])

    def _pair_group(self, mine: list[int], theirs: list[int]) -> None:
        """Pair namesakes with the same decorator; then those without one with any: the name was, or is, the only one in its file."""
        decorators = _positions(self._known, _decorator, theirs)
        for decorator, some in _positions(self._now, _decorator, mine).items():
            self._pair_in_order(some, decorators.get(decorator, []))
        mine, theirs = self._left(mine, theirs)
        self._pair_in_order([each for each in mine if _decorator(self._now[each]) == _PLAIN], theirs)
        mine, theirs = self._left(mine, theirs)
        self._pair_in_order(mine, [each for each in theirs if _decorator(self._known[each]) == _PLAIN])

    def _left(self, mine: Iterable[int], theirs: Iterable[int]) -> tuple[list[int], list[int]]:
        return [each for each in mine if each in self._free_now], [each for each in theirs if each in self._free_known]

    def _pair_in_order(self, mine: Iterable[int], theirs: Iterable[int]) -> None:
        """Pair by place where both sides have as many, else those whose scores are nearest to each other."""
        mine = sorted(mine, key=lambda each: _ordinal(self._now[each]))
        theirs = sorted(theirs, key=lambda each: _ordinal(self._known[each]))
        if len(mine) == len(theirs):
            for one, other in zip(mine, theirs, strict=True):
                self._pair(one, other)
        else:
            self._pair_nearest(mine, theirs, lambda one, other: abs(one.compared - other.compared))

    def pair_similar(self) -> None:
        """Pair similar code, the most similar first."""
        if not self._free_now or not self._free_known:
            return
        alike = _BySample(self._known, self._free_known)
        found = [(-share, mine, theirs) for mine in self._free_now for share, theirs in alike.similar(self._now[mine])]
        for _, mine, theirs in sorted(found, key=lambda each: (each[0], nearness(self._now[each[1]], self._known[each[2]]))):
            self._pair_if_free(mine, theirs)


class _BySample:
    """Finds similar code among known ones without comparing each with each."""

    def __init__(self, known: Sequence[Accepted], positions: Iterable[int]) -> None:
        self._known = known
        self._positions: dict[tuple[str, int, int], list[int]] = defaultdict(list)
        for position in positions:
            for sample in _samples(known[position]):
                self._positions[sample].append(position)

    def similar(self, one: Accepted) -> list[tuple[float, int]]:
        """Return known ones that ``one`` may be, each with the share of equal lines."""
        common: Counter[int] = Counter()
        for sample in _samples(one):
            common.update(self._positions.get(sample, [])[:_MOST_COUNTED])
        positions = [position for position, count in common.most_common(_MOST_ALIKE) if count >= _LEAST_ALIKE]
        shares = ((likeness(one.shape, self._known[position].shape), position) for position in positions)
        return [(share, position) for share, position in shares if share >= _least(one, self._known[position])]


def _samples(each: Accepted) -> Collection[tuple[str, int, int]]:
    return [(each.metric.value, place, sample) for place, sample in enumerate(samples(each.shape)) if sample]


def _least(one: Accepted, other: Accepted) -> float:
    return _SIMILAR if _last_name(one) == _last_name(other) else _NEARLY_EQUAL


def _last_name(each: Accepted) -> str:
    return name_of(each.metric, each.block).rpartition(".")[2]


def _positions(side: Sequence[Accepted], trait: _Of, positions: Iterable[int]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = defaultdict(list)
    for position in positions:
        found[trait(side[position])].append(position)
    return found


def _group(each: Accepted) -> _Group:
    return (each.metric.value, each.path, name_of(each.metric, each.block))


def _code(each: Accepted) -> tuple[str, str]:
    return (each.metric.value, exact(each.shape))


def _decorator(each: Accepted) -> str:
    return variant_of(each.metric, each.block)[0]


def _ordinal(each: Accepted) -> int:
    return variant_of(each.metric, each.block)[1]
