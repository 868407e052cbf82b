"""Values against JSON schemas, with messages for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from core.domain.duration import parse_duration
from core.domain.size import parse_size
from core.errors import Problem
from core.json_text import JsonText, Path, dotted

_MOST = 100


def schema_problems(document: JsonText, schema: Mapping[str, Any], file: str) -> list[Problem]:
    """Return the mistakes of a document, each with its line, column and key; of very many not all are looked for."""
    found = list(islice(mistakes(document.value, schema), _MOST))
    values = document.places(path for path, at_key, _, _ in found if not at_key)
    keys = document.places((path for path, at_key, _, _ in found if at_key), keys=True)
    problems = []
    for path, at_key, message, hint in found:
        line, column = keys[path] if at_key else values[path]
        problems.append(Problem(file=file, line=line, column=column, message=f"{dotted(path)}: {message}", hint=hint))
    return sorted(problems)


def mistakes(value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Path, bool, str, str]]:
    """Yield (path, whether the key itself is wrong, message, hint) for every mistake in ``value``."""
    from jsonschema import Draft202012Validator, FormatChecker

    missing: dict[tuple[Path, Path], Iterator[str]] = {}
    checker = FormatChecker(formats=())
    checker.checks("duration", raises=ValueError)(_is_duration)
    checker.checks("size", raises=ValueError)(_is_size)
    for error in Draft202012Validator(dict(schema), format_checker=checker).iter_errors(value):
        path: Path = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            patterns = error.schema.get("patternProperties", {})
            for key in sorted(set(error.instance) - set(known)):
                if not patterns:
                    yield (*path, key), True, "unknown key", _nearest(key, known)
        elif error.validator == "required":
            # One error for each missing key, which only its message names.
            place = (path, tuple(error.absolute_schema_path))
            missing.setdefault(place, iter([key for key in error.validator_value if key not in error.instance]))
            yield path, False, f"the key {next(missing[place], '?')} is missing", ""
        else:
            yield path, False, *_worded(error)


def schema_mistake(schema: Any) -> str:
    """Return why ``schema`` is no JSON schema, or an empty string."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    if _refers_outside(schema):
        return "a schema may refer only into itself: #/…"
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return str(error.message)
    return ""


def _refers_outside(schema: Any) -> bool:
    if isinstance(schema, dict):
        pointers = (schema.get("$ref"), schema.get("$dynamicRef"))
        return any(isinstance(item, str) and not item.startswith("#") for item in pointers) or any(map(_refers_outside, schema.values()))
    return isinstance(schema, list) and any(map(_refers_outside, schema))


def _worded(error: Any) -> tuple[str, str]:
    shown = repr(error.instance) if len(repr(error.instance)) <= 60 else type(error.instance).__name__
    description = error.schema.get("description", "")
    if error.validator == "type":
        wanted = error.validator_value
        return f"{shown} is not {wanted if isinstance(wanted, str) else ' or '.join(wanted)}", description
    if error.validator == "enum":
        return f"{shown} is not one of: {', '.join(map(str, error.validator_value))}", _nearest(str(error.instance), error.validator_value)
    if error.validator == "pattern":
        return f"{shown} does not have the right form", description or f"it must match {error.validator_value}"
    if error.validator == "format":
        return f"{shown} is not a {error.validator_value}", {"duration": "write 90s or 10m", "size": "write 64MB or 1GiB"}[
            error.validator_value
        ]
    return str(error.message), description


def _nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, [str(item) for item in known], n=1)
    return f"did you mean {close[0]}?" if close else ""


def _is_duration(value: object) -> bool:
    return not isinstance(value, str) or parse_duration(value) > 0


def _is_size(value: object) -> bool:
    return not isinstance(value, str) or parse_size(value) > 0
