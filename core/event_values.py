"""Events as JSON values, and without secrets."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import Any

from core.domain.runs.outcome import Outcome, Usage
from core.domain.runs.reasons import Reason, words
from core.domain.runs.reasons import masked as masked_reason
from core.events import Event

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_SCALARS = frozenset({str, int, float, bool, type(None)})
_TEXTLESS = _SCALARS - {str} | {Usage}


def name_of(event: Event) -> str:
    """Return what an event is called: ``task_finished``."""
    return _name(type(event).__name__)


def to_json(event: Event) -> dict[str, Any]:
    """Return the event as JSON values: ``{"event": "task_finished", "at": …, …}``."""
    kind: Any = type(event)
    document: dict[str, Any] = {"event": _name(kind.__name__)}
    for name in _fields(kind):
        value = getattr(event, name)
        document[name] = value if type(value) in _SCALARS else _plain(value)
    return document


def masked(event: Event, mask: Callable[[str], str]) -> Event:
    """Return the event with every text in it passed through ``mask``; the same object where that changes none.

    ``mask`` must find in a text what it finds in a part of it that stands on lines of its own.
    """
    texts: list[str] = []
    _collect_texts(event, texts)
    # Nearly no event has a secret in it: all its texts are looked through at once.
    together = "\n".join(texts)
    if mask(together) == together:
        return event
    changed: Event = _masked(event, mask)
    return changed


def _collect_texts(value: Any, texts: list[str]) -> None:
    """Append the texts in a dataclass, a tuple or a mapping; a reason counts as its words."""
    kind: Any = type(value)
    if kind is Reason:
        texts.append(words(value))
        return
    for part in _parts(kind)(value):
        # Most parts are no containers: a call for each would take half the time of the whole.
        kind = type(part)
        if kind is str:
            texts.append(part)
        elif kind not in _TEXTLESS and not isinstance(part, Enum):
            _collect_texts(part, texts)


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    if type(value) is str:
        return mask(value)
    if type(value) is Reason:
        return masked_reason(value, mask)
    if isinstance(value, tuple):
        return tuple(_masked(item, mask) for item in value)
    if isinstance(value, Mapping):
        return {key: _masked(item, mask) for key, item in value.items()}
    return value if type(value) in _SCALARS or isinstance(value, Enum) else _masked_fields(value, mask)


def _masked_fields(value: Any, mask: Callable[[str], str]) -> Any:
    changes = {}
    for name in _fields(value.__class__):
        before = getattr(value, name)
        after = _masked(before, mask)
        if after != before:
            changes[name] = after
    return dataclasses.replace(value, **changes) if changes else value


def _plain(value: Any) -> Any:
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Outcome):
        return _outcome(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, frozenset, set)):
        return [_plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return {name: _plain(getattr(value, name)) for name in _fields(value.__class__)}


def _outcome(outcome: Outcome) -> dict[str, Any]:
    """Return an outcome with its usage among its own keys; tokens and money only where there are any."""
    usage = outcome.usage
    models = {"tokens": usage.tokens, "money": usage.money} if usage.tokens or usage.money else {}
    return {
        "ending": outcome.ending.value,
        "reason": words(outcome.reason),
        "exit_code": outcome.exit_code,
        "duration": usage.seconds,
        "cpu": usage.cpu,
        "peak_memory": usage.peak_memory,
        "cost": usage.units,
        **models,
        "log": outcome.log,
        "log_digest": outcome.log_digest,
        "verified": outcome.verified,
    }


@cache
def _name(class_name: str) -> str:
    return _WORD.sub("_", class_name).lower()


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


@cache
def _parts(kind: Any) -> Callable[[Any], Iterable[Any]]:
    """Return what takes a tuple, a mapping or a dataclass of at least two fields apart."""
    if issubclass(kind, tuple):
        return iter
    values: Callable[[Any], Iterable[Any]] = kind.values if issubclass(kind, Mapping) else attrgetter(*_fields(kind))
    return values
