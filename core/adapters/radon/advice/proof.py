"""Whether a part of a function can become a function of its own without a change of behaviour, and what is handed over.

What is proven is about names, values and exceptions. Names of functions in tracebacks and logs, the depth of the stack, and
how long an object lives that nobody looks at any more are no behaviour here.
"""

from __future__ import annotations

import ast
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from core.adapters.radon.advice.events import Events
from core.adapters.radon.advice.flow import END, RAISED, Flow, TooLarge, flow_of
from core.adapters.radon.advice.names import NameFlow, Names, step_names
from core.adapters.radon.advice.scopes import arguments, declared_elsewhere, local_names, own_nodes, rebound_inside
from core.adapters.radon.advice.ties import Surroundings, is_movable, is_open, waits
from core.adapters.radon.nodes import Function


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """How the new function is called."""

    #: The names that it is given, under which it knows the values too, sorted.
    takes: tuple[str, ...]
    #: The names that are bound to what it returns, sorted.
    gives: tuple[str, ...] = ()
    #: What it returns is returned at once.
    returns: bool = False
    #: It is an async function, and awaited.
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Region:
    """The steps of statements in a row."""

    entry: int
    #: The step that follows their normal end, and the steps before it.
    after: int
    ends: Sequence[int]
    inside: set[int]
    returns: bool
    waits: bool


class Prover:
    """Proofs about one function. ``create`` returns None where nothing can be proven of it."""

    def __init__(self, function: Function, surroundings: Surroundings, flow: Flow) -> None:
        self._elsewhere = declared_elsewhere(function)
        self._surroundings = surroundings
        names = local_names(function)
        self._flow = flow
        self._names = NameFlow(flow, names, {argument.arg for argument in arguments(function.args)})
        self._unsteady = self._names.mask(rebound_inside(function))
        self._is_async_generator = isinstance(function, ast.AsyncFunctionDef) and any(
            isinstance(node, ast.Yield) for node in own_nodes(function.body)
        )

    @classmethod
    def create(cls, function: Function, surroundings: Surroundings) -> Prover | None:
        if not is_open(function, surroundings):
            return None
        try:
            return cls(function, surroundings, flow_of(function, Events(surroundings.builtins), surroundings.managers))
        except TooLarge:
            return None

    def statements(self, part: Sequence[ast.stmt]) -> Handover | None:
        """Return how a function made of statements in a row would be called, None where it is not proven to do the same."""
        if not is_movable(part, self._elsewhere, in_class=self._surroundings.in_class):
            return None
        region = self._region(part)
        return self._handover(region) if region and self._may_return(region) and self._may_wait(region) else None

    def expression(self, owner: ast.stmt, part: ast.expr) -> tuple[str, ...] | None:
        """Return the names that a function that returns the expression would be given; None where it is not proven to do the same."""
        if not is_movable([part], self._elsewhere, in_class=self._surroundings.in_class) or waits([part]):
            return None
        names = step_names(Events(self._surroundings.builtins).of(part), self._names.bits)
        steps = self._steps_of({owner}) & self._names.reached
        rebound = names.captured & self._names.changed_in(self._names.reachable(steps))
        if not steps or names.changed or rebound or names.used & (~self._bound_before(steps) | self._unsteady):
            return None
        return self._names.listed(names.used)

    def _region(self, part: Sequence[ast.stmt]) -> _Region | None:
        """Return the steps of statements, None where they have several beginnings or ends, or are never reached."""
        places = self._flow.places.get(part[0], []), self._flow.places.get(part[-1], [])
        if any(len(place) != 1 for place in places) or places[0][0][0] not in self._names.reached:
            return None
        (entry, _), (_, after) = places[0][0], places[1][0]
        statements = {node for node in own_nodes(part) if isinstance(node, ast.stmt)}
        inside = self._steps_of(statements)
        ends = [number for number in inside & self._names.reached if after in self._flow.steps[number].following]
        returns = any(isinstance(statement, ast.Return) for statement in statements)
        return _Region(entry=entry, after=after, inside=inside, ends=ends, returns=returns, waits=waits(part))

    def _steps_of(self, statements: Container[ast.stmt | None]) -> set[int]:
        return {number for number, step in enumerate(self._flow.steps) if step.owner in statements}

    def _may_return(self, region: _Region) -> bool:
        """Return whether what is returned in the region can be returned at once: it always ends so, or nothing comes after it."""
        return not region.returns or not (self._is_async_generator or (region.ends and region.after != END))

    def _may_wait(self, region: _Region) -> bool:
        """Return whether no ``try`` or ``with`` is around: a coroutine turns StopIteration into another error at its border."""
        allowed = region.inside | {RAISED}
        return not region.waits or all(self._flow.steps[number].on_error in allowed for number in region.inside)

    def _handover(self, region: _Region) -> Handover | None:
        names, inside = self._names, region.inside
        after = END if region.returns else region.after
        leaves = self._leaves(inside) | {after}
        outside, later = set(range(len(self._flow.steps))) - inside, names.reachable(leaves)
        changed, only_here = names.changed_in(inside), ~names.parameters & ~names.changed_in(outside)
        gives = self._given(region, changed)
        takes = names.live_within(inside)[region.entry]
        if gives:
            takes |= gives & ~self._bound_after(region.ends, names.bound_from(region.entry, 0, inside))
        if region.entry not in later:
            # Names that the part alone binds, and comes once, have no value before it.
            takes &= ~(changed & only_here)
        unbound = takes & ~names.bound[region.entry] | gives & ~self._bound_after(region.ends, names.bound)
        # What is bound in the part is lost where an exception, or a return by way of a finally, leaves it.
        lost = any(names.live[other] & changed for other in leaves - {after})
        # A name that nothing binds here any more would be one of the module, or of a function around.
        renamed = changed & only_here & ~gives & names.used_in(outside)
        if unbound or lost or renamed or self._differs_in_closures(inside, outside, later, takes | changed):
            return None
        return Handover(takes=names.listed(takes), gives=names.listed(gives), returns=region.returns, waits=region.waits)

    def _differs_in_closures(self, inside: set[int], outside: set[int], later: set[int], touched: Names) -> bool:
        """Return whether functions made in the part, or outside of it, would not see the same values of shared names as before."""
        names = self._names
        captured = names.captured_in(inside)
        seen_outside = names.changed_in(inside) & names.captured_in(outside)
        return bool(seen_outside | captured & names.changed_in(later) | (touched | captured) & self._unsteady)

    def _given(self, region: _Region, changed: Names) -> Names:
        """Return the names of the part that are read after its normal end."""
        return changed & self._names.live[region.after] if region.ends and not region.returns else 0

    def _leaves(self, inside: set[int]) -> set[int]:
        """Return the steps outside that follow one inside."""
        steps = (self._flow.steps[number] for number in inside)
        return {other for step in steps for other in (*step.following, step.on_error)} - inside

    def _bound_before(self, steps: Iterable[int]) -> Names:
        """Return the names that are bound before all of the steps."""
        bound = self._names.all
        for number in steps:
            bound &= self._names.bound[number]
        return bound

    def _bound_after(self, steps: Sequence[int], known: list[Names]) -> Names:
        """Return the names that are bound after all of the steps, where ``known`` are bound before each."""
        bound = self._names.all
        for number in steps:
            step = self._names.steps[number]
            bound &= (known[number] & ~step.unbound) | step.bound
        return bound
