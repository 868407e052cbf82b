"""Which names are live and which are surely bound at each step of a function. Sets of names are the bits of an integer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.adapters.radon.advice.events import Effect, Event
from core.adapters.radon.advice.flow import Flow

Names = int


@dataclass(frozen=True, slots=True)
class StepNames:
    """What one step does to names."""

    #: May be read before the step binds them.
    used: Names = 0
    #: May be bound or unbound.
    changed: Names = 0
    #: Referred to by a function, lambda or generator made here.
    captured: Names = 0
    #: Bound at its end, whatever was before.
    bound: Names = 0
    unbound: Names = 0
    #: Bound or unbound for sure: the value from before is gone.
    killed: Names = 0


def step_names(events: Sequence[Event], bits: dict[str, int]) -> StepNames:
    """Add up the events of a step. Names that are not in ``bits`` are not looked at."""
    used = changed = captured = bound = unbound = killed = 0
    for effect, name in events:
        bit = bits.get(name, 0)
        if effect is Effect.READ or effect is Effect.CAPTURE:
            used |= bit & ~killed
            captured |= bit if effect is Effect.CAPTURE else 0
            continue
        changed |= bit
        if effect is Effect.WRITE:
            bound, unbound, killed = bound | bit, unbound & ~bit, killed | bit
        elif effect is Effect.UNBIND:
            bound, unbound, killed = bound & ~bit, unbound | bit, killed | bit
    return StepNames(used, changed, captured, bound, unbound, killed)


class NameFlow:
    """The names of a flow. ``locals`` are the names of the function, ``parameters`` those bound at its start."""

    def __init__(self, flow: Flow, locals: Collection[str], parameters: Collection[str]) -> None:
        self.flow = flow
        self.bits = {name: 1 << position for position, name in enumerate(sorted(locals))}
        self.all = (1 << len(self.bits)) - 1
        self.steps = [step_names(step.events, self.bits) for step in flow.steps]
        self.parameters = self.mask(parameters)

    def mask(self, names: Iterable[str]) -> Names:
        """Return the set of those of the names that are the function's."""
        return sum(self.bits.get(name, 0) for name in set(names))

    def listed(self, names: Names) -> tuple[str, ...]:
        """Return the names of a set, sorted."""
        return tuple(name for name, bit in self.bits.items() if names & bit)

    @cached_property
    def before(self) -> list[list[int]]:
        """For each step the steps that it follows, by exceptions too."""
        before: list[list[int]] = [[] for _ in self.flow.steps]
        for number, step in enumerate(self.flow.steps):
            for other in {*step.following, step.on_error}:
                before[other].append(number)
        return before

    @cached_property
    def live(self) -> list[Names]:
        """For each step the names that may be read from there on before they are bound again."""
        return self.live_within(range(len(self.flow.steps)))

    def live_within(self, steps: Collection[int]) -> list[Names]:
        """Return the same for some of the steps, as if nothing came after them."""
        live = [0] * len(self.flow.steps)
        waiting = list(steps)
        while waiting:
            number = waiting.pop()
            step, names = self.flow.steps[number], self.steps[number]
            after = 0
            for other in step.following:
                after |= live[other]
            # An exception may come before the step binds anything.
            found = names.used | (after & ~names.killed) | live[step.on_error]
            if found != live[number]:
                live[number] = found
                waiting.extend(other for other in self.before[number] if other in steps)
        return live

    @cached_property
    def bound(self) -> list[Names]:
        """For each step the names that are bound when it begins, on every way to it; every name where there is no way."""
        return self.bound_from(self.flow.entry, self.parameters, range(len(self.flow.steps)))

    def bound_from(self, entry: int, bound: Names, inside: Collection[int]) -> list[Names]:
        """Return the same for the steps ``inside`` and those that follow them, where ``bound`` are bound at ``entry``."""
        known = [self.all] * len(self.flow.steps)
        known[entry] = bound
        waiting = [entry]
        seen = set(waiting)
        while waiting:
            number = waiting.pop()
            if number not in inside:
                continue
            step, names = self.flow.steps[number], self.steps[number]
            begin = known[number]
            ways = [(other, (begin & ~names.unbound) | names.bound) for other in step.following]
            for other, after in (*ways, (step.on_error, begin & ~names.unbound)):
                if other not in seen or known[other] & ~after:
                    known[other] &= after
                    seen.add(other)
                    waiting.append(other)
        return known

    def reachable(self, starts: Iterable[int]) -> set[int]:
        """Return the steps that may come once any of ``starts`` begins, these among them."""
        seen: set[int] = set()
        waiting = list(starts)
        while waiting:
            number = waiting.pop()
            if number not in seen:
                seen.add(number)
                step = self.flow.steps[number]
                waiting.extend((*step.following, step.on_error))
        return seen

    def changed_in(self, steps: Iterable[int]) -> Names:
        """Return the names that any of the steps may bind or unbind."""
        changed = 0
        for number in steps:
            changed |= self.steps[number].changed
        return changed

    def used_in(self, steps: Iterable[int]) -> Names:
        """Return the names that any of the steps may read as they were before it."""
        used = 0
        for number in steps:
            used |= self.steps[number].used
        return used

    def captured_in(self, steps: Iterable[int]) -> Names:
        """Return the names that a function, lambda or generator made in any of the steps refers to."""
        captured = 0
        for number in steps:
            captured |= self.steps[number].captured
        return captured

    @cached_property
    def reached(self) -> set[int]:
        """The steps that may come at all."""
        return self.reachable([self.flow.entry])
