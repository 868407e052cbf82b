"""The control flow of one function: which step follows which, where an exception goes, and what each step does to names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from core.adapters.radon.advice.events import Effect, Event, Events, import_events, pattern_names
from core.adapters.radon.nodes import Function

#: Steps of every flow: the function ends, by a return or at its end; it ends by an exception.
END, RAISED = 0, 1
#: ``finally`` is copied for each way out of its ``try``; a function that needs more steps than this is not looked at.
_MOST_STEPS = 5000


class TooLarge(Exception):
    """The flow of a function would have too many steps."""


@dataclass(slots=True)
class Step:
    """One step; its events happen in order, and an exception may come before each."""

    #: The statement that it belongs to; None for the two ends.
    owner: ast.stmt | None
    events: Sequence[Event]
    following: list[int]
    #: Where an exception goes.
    on_error: int


@dataclass(slots=True, kw_only=True)
class Flow:
    """The steps of one function."""

    steps: list[Step] = field(default_factory=list)
    entry: int = END
    #: Statement → first step and the step that follows its normal end; several in a ``finally``, which is copied.
    places: dict[ast.stmt, list[tuple[int, int]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Targets:
    """Where jumps and exceptions lead from here."""

    on_return: Callable[[], int]
    on_error: int
    on_break: Callable[[], int] = lambda: END
    on_continue: Callable[[], int] = lambda: END


def flow_of(function: Function, events: Events, known_managers: frozenset[str]) -> Flow:
    """Return the flow of a function. ``known_managers``: callees whose context managers swallow no exception. Raises TooLarge."""
    builder = _Builder(events, known_managers)
    builder.flow.entry = builder.block(function.body, END, _Targets(on_return=lambda: END, on_error=RAISED))
    return builder.flow


class _Builder:
    """Builds from the end: what follows a statement is known when it is built."""

    def __init__(self, events: Events, known_managers: frozenset[str]) -> None:
        self._events = events
        self._known_managers = known_managers
        self.flow = Flow(steps=[Step(None, (), [], RAISED), Step(None, (), [], RAISED)])

    def block(self, statements: Sequence[ast.stmt], following: int, targets: _Targets) -> int:
        """Build statements in a row and return their first step."""
        for statement in reversed(statements):
            first = self._statement(statement, following, targets)
            self.flow.places.setdefault(statement, []).append((first, following))
            following = first
        return following

    def _step(self, owner: ast.stmt, events: Sequence[Event], following: Sequence[int], on_error: int) -> int:
        if len(self.flow.steps) >= _MOST_STEPS:
            raise TooLarge
        self.flow.steps.append(Step(owner, events, list(following), on_error))
        return len(self.flow.steps) - 1

    def _statement(self, node: ast.stmt, following: int, targets: _Targets) -> int:
        match node:
            case ast.If():
                arms = [self.block(node.body, following, targets), self.block(node.orelse, following, targets)]
                return self._step(node, self._events.of(node.test), arms, targets.on_error)
            case ast.While() | ast.For() | ast.AsyncFor():
                return self._loop(node, following, targets)
            case ast.With() | ast.AsyncWith():
                return self._with(node, 0, following, targets)
            case ast.Try():
                return self._try(node, following, targets)
            case ast.Match():
                return self._match(node, following, targets)
        return self._simple(node, following, targets)

    def _simple(self, node: ast.stmt, following: int, targets: _Targets) -> int:
        of = self._events.of
        match node:
            case ast.Return():
                return self._step(node, of(node.value), [targets.on_return()], targets.on_error)
            case ast.Raise():
                return self._step(node, of(node.exc, node.cause), [], targets.on_error)
            case ast.Break():
                return self._step(node, (), [targets.on_break()], targets.on_error)
            case ast.Continue():
                return self._step(node, (), [targets.on_continue()], targets.on_error)
        return self._step(node, self._simple_events(node), [following], targets.on_error)

    def _simple_events(self, node: ast.stmt) -> list[Event]:
        of = self._events.of
        match node:
            case ast.Assign():
                return of(node.value, *node.targets)
            case ast.AugAssign():
                return self._augmented(node)
            case ast.AnnAssign():
                bare = node.value is None and isinstance(node.target, ast.Name)
                return [] if bare else of(node.value, node.target)
            case ast.Import() | ast.ImportFrom():
                return import_events(node)
            case ast.Assert():
                # The message is evaluated only where it fails.
                failed = [(Effect.MAY_WRITE if effect is Effect.WRITE else effect, name) for effect, name in of(node.msg)]
                return [*of(node.test), *failed]
        return of(node)

    def _augmented(self, node: ast.AugAssign) -> list[Event]:
        if isinstance(node.target, ast.Name):
            return [(Effect.READ, node.target.id), *self._events.of(node.value, node.target)]
        return self._events.of(node.target, node.value)

    def _loop(self, node: ast.While | ast.For | ast.AsyncFor, following: int, targets: _Targets) -> int:
        head = self._step(node, (), [], targets.on_error)
        inside = replace(targets, on_break=lambda: following, on_continue=lambda: head)
        body = self.block(node.body, head, inside)
        done = self.block(node.orelse, following, targets)
        step = self.flow.steps[head]
        if isinstance(node, ast.While):
            endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
            step.events, step.following = self._events.of(node.test), [body] if endless else [body, done]
            return head
        step.following = [self._step(node, self._events.of(node.target), [body], targets.on_error), done]
        return self._step(node, self._events.of(node.iter), [head], targets.on_error)

    def _with(self, node: ast.With | ast.AsyncWith, position: int, following: int, targets: _Targets) -> int:
        """Build one item and what is in it. A context manager may swallow an exception: then what comes after it follows."""
        item = node.items[position]
        swallows = not self._is_known_manager(item.context_expr)
        after_error = self._step(node, (), [following] if swallows else [], targets.on_error)
        left = self._step(node, (), [following], targets.on_error)
        inside = replace(targets, on_error=after_error)
        is_last = position + 1 == len(node.items)
        body = self.block(node.body, left, inside) if is_last else self._with(node, position + 1, left, inside)
        bind = self._step(node, self._events.of(item.optional_vars), [body], after_error)
        return self._step(node, self._events.of(item.context_expr), [bind], targets.on_error)

    def _is_known_manager(self, manager: ast.expr) -> bool:
        return isinstance(manager, ast.Call) and ast.unparse(manager.func) in self._known_managers

    def _match(self, node: ast.Match, following: int, targets: _Targets) -> int:
        otherwise = following
        for case in reversed(node.cases):
            names = pattern_names(case.pattern)
            bound = [(Effect.WRITE, name) for name in names]
            body = self.block(case.body, following, targets)
            certain = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
            ways = [body, otherwise] if case.guard else [body]
            matched = self._step(node, [*bound, *self._events.of(case.guard)], ways, targets.on_error)
            tried = [*self._events.of(case.pattern), *((Effect.MAY_WRITE, name) for name in names)]
            otherwise = self._step(node, tried, [matched] if certain else [matched, otherwise], targets.on_error)
        return self._step(node, self._events.of(node.subject), [otherwise], targets.on_error)

    def _try(self, node: ast.Try, following: int, targets: _Targets) -> int:
        if node.finalbody:
            outer = targets
            following, targets = self._through(lambda after: self.block(node.finalbody, after, outer), following, targets)
        handled = targets.on_error
        for handler in reversed(node.handlers):
            handled = self._handler(node, handler, handled, following, targets)
        after_body = self.block(node.orelse, following, targets)
        # An exception in the body is raised before anything of a handler is evaluated.
        caught = self._step(node, (), [handled], targets.on_error)
        return self.block(node.body, after_body, replace(targets, on_error=caught))

    def _handler(self, node: ast.Try, handler: ast.ExceptHandler, otherwise: int, following: int, targets: _Targets) -> int:
        name = handler.name
        if name:
            # Its name is unbound on every way out of the handler.
            unbind = [(Effect.UNBIND, name)]
            outer = targets
            following, targets = self._through(lambda after: self._step(node, unbind, [after], outer.on_error), following, targets)
        body = self.block(handler.body, following, targets)
        if name:
            body = self._step(node, [(Effect.WRITE, name)], [body], targets.on_error)
        return self._step(node, self._events.of(handler.type), [body, otherwise] if handler.type else [body], targets.on_error)

    @staticmethod
    def _through(cleanup: Callable[[int], int], following: int, targets: _Targets) -> tuple[int, _Targets]:
        """Return what follows, and the targets, for statements that are only left by way of ``cleanup``, copied for each way."""
        return cleanup(following), _Targets(
            on_return=cache(lambda: cleanup(targets.on_return())),
            on_error=cleanup(targets.on_error),
            on_break=cache(lambda: cleanup(targets.on_break())),
            on_continue=cache(lambda: cleanup(targets.on_continue())),
        )
