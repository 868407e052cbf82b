"""The contract of each kind of plugin: the JSON it is given and the JSON it returns. Checked on both ways."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import Any

from core.domain.plugins.plugin import ProvisionKind
from core.plugins.rules.schema_check import TooMuchWork, bounded_validator, mistakes, value_problem
from core.schema.json_reader import dotted

#: Of very many mistakes not all are looked for.
_MOST = 20
_TEXT = {"type": "string", "maxLength": 100_000}
_SHORT = {"type": "string", "maxLength": 2000}


def _object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


_FINDING = _object(
    ("metric", "path", "message"),
    metric={"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$"},
    path={"type": "string", "minLength": 1, "maxLength": 1000, "pattern": "^(?!/)(?!.*(^|/)\\.\\.(/|$))[^\\u0000]*$"},
    block={"type": "string", "maxLength": 500},
    line={"type": "integer", "minimum": 1},
    end_line={"type": "integer", "minimum": 1},
    score={"type": "number"},
    threshold={"type": "number"},
    message=_SHORT,
    suggestion=_SHORT,
)
_METRIC = _object(("name", "value"), name={"type": "string", "pattern": "^[a-z][a-z0-9_.-]{0,63}$"}, value={"type": "number"}, path=_SHORT)

#: What a plugin of each kind is given as ``context.input``, by contract version.
INPUTS: Mapping[tuple[ProvisionKind, int], dict[str, Any]] = {
    (ProvisionKind.TASK, 1): _object(
        ("task",), task=_object(("id", "description"), id=_SHORT, description=_TEXT, attempt={"type": "integer"})
    ),
    (ProvisionKind.AUDITOR, 1): _object(("files",), files={"type": "array", "items": _SHORT}),
    (ProvisionKind.REPORTER, 1): _object(("report",), report={"type": "object"}),
    (ProvisionKind.LISTENER, 1): _object(
        ("event",), event={"type": "object", "required": ["event"], "properties": {"event": {"type": "string"}}}
    ),
    (ProvisionKind.COMMAND, 1): _object(("arguments",), arguments={"type": "array", "items": _TEXT}),
}
#: What it returns.
RESULTS: Mapping[tuple[ProvisionKind, int], dict[str, Any]] = {
    (ProvisionKind.TASK, 1): _object(("message",), message=_TEXT, ok={"type": "boolean"}, data={"type": "object"}),
    (ProvisionKind.AUDITOR, 1): _object(
        ("findings",),
        findings={"type": "array", "maxItems": 10_000, "items": _FINDING},
        metrics={"type": "array", "maxItems": 10_000, "items": _METRIC},
    ),
    (ProvisionKind.REPORTER, 1): _object(("content",), content={"type": "string"}, media_type=_SHORT),
    (ProvisionKind.LISTENER, 1): _object((), message=_SHORT),
    (ProvisionKind.COMMAND, 1): _object(
        ("output",), output={"type": "string"}, exit_code={"type": "integer", "minimum": 0, "maximum": 125}, data={}
    ),
}


def contract_problem(kind: ProvisionKind, version: int) -> str:
    """Return why this host cannot speak a contract, or an empty string."""
    if (kind, version) in INPUTS:
        return ""
    newest = max(known for name, known in INPUTS if name is kind)
    return f"it was written for contract {version} of {kind}; this orchestrator speaks up to {newest}: install a newer orchestrator"


def input_problems(kind: ProvisionKind, version: int, value: Any) -> tuple[str, ...]:
    """Return how ``value`` breaks the contract for what a plugin is given, one line each."""
    return _problems(value, INPUTS[kind, version])


def result_problems(kind: ProvisionKind, version: int, value: Any) -> tuple[str, ...]:
    """Return how ``value`` breaks the contract for what a plugin returns, one line each."""
    return _problems(value, RESULTS[kind, version])


def config_problems(schema: Mapping[str, Any], value: Any, validator: Any = None) -> tuple[str, ...]:
    """Return how a configuration breaks the manifest's schema for it, one line each.

    One ``bounded_validator()`` for many configurations bounds the work of them all.
    """
    problem = value_problem(value)
    if problem:
        return (f"(root): {problem}",)
    # The schema names its own dialect, which would bring a validator without bounds.
    own = {key: part for key, part in schema.items() if key != "$schema"}
    try:
        return _problems(value, own, validator or bounded_validator())
    except TooMuchWork:
        return ("(root): not checked: the configurations of plugins take too much work (make them smaller, or their schemas simpler)",)
    except RecursionError:
        return ("(root): its schema refers to itself without end",)


def _problems(value: Any, schema: Mapping[str, Any], validator: Any = None) -> tuple[str, ...]:
    found = (f"{dotted(path)}: {message}" + (f" ({hint})" if hint else "") for path, _, message, hint in mistakes(value, schema, validator))
    return tuple(sorted(islice(found, _MOST)))
