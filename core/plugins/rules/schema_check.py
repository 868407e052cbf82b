"""Values against JSON schemas, with messages for people."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from core.errors import Problem
from core.plugins.rules.schema_limits import limit_flaw
from core.schema.document import Path
from core.schema.json_reader import JsonDocument, dotted

_MOST = 100
#: Characters of a name for which one that is like it is looked for.
_LONGEST_NAME = 100


def schema_problems(document: JsonDocument, schema: Mapping[str, Any], file: str) -> list[Problem]:
    """Return the mistakes of a document, each with its line, column and key; of very many not all are looked for."""
    found = list(islice(mistakes(document.value, schema), _MOST))
    values = document.places(path for path, at_key, _, _ in found if not at_key)
    keys = document.places((path for path, at_key, _, _ in found if at_key), keys=True)
    problems = []
    for path, at_key, message, hint in found:
        line, column = keys[path] if at_key else values[path]
        problems.append(Problem(file=file, line=line, column=column, message=f"{dotted(path)}: {message}", hint=hint))
    return sorted(problems)


def mistakes(value: Any, schema: Mapping[str, Any], validator: Any = None) -> Iterator[tuple[Path, bool, str, str]]:
    """Yield (path, whether the key itself is wrong, message, hint) for every mistake in ``value``.

    A stranger's schema needs a ``validator`` that is bounded; whatever that raises is raised.
    """
    from jsonschema import Draft202012Validator

    missing: dict[tuple[Path, Path], Iterator[str]] = {}
    for error in (validator or Draft202012Validator)(dict(schema)).iter_errors(value):
        path: Path = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict) and "patternProperties" not in error.schema:
            known = error.schema.get("properties", {})
            for key in sorted(set(error.instance) - set(known)):
                yield (*path, key), True, "unknown key", _nearest(key, known)
        elif error.validator == "required":
            # One error for each missing key, which only its message names.
            place = (path, tuple(error.absolute_schema_path))
            missing.setdefault(place, iter([key for key in error.validator_value if key not in error.instance]))
            yield path, False, f"the key {next(missing[place], '?')} is missing", ""
        else:
            yield path, False, *_worded(error)


def schema_mistake(schema: Any) -> tuple[Path, str] | None:
    """Return the place in a plugin's schema that is no JSON schema or beyond the limits of one, and why; or None."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    flaw = limit_flaw(schema)
    if flaw:
        return flaw
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return (), f"not a JSON schema: {error.message}"
    return None


def _worded(error: Any) -> tuple[str, str]:
    shown = repr(error.instance) if len(repr(error.instance)) <= 60 else type(error.instance).__name__
    if error.validator is None:
        return f"{shown} is not allowed", ""
    description = error.schema.get("description", "")
    if error.validator == "type":
        wanted = error.validator_value
        return f"{shown} is not {wanted if isinstance(wanted, str) else ' or '.join(wanted)}", description
    if error.validator == "enum":
        return f"{shown} is not one of: {', '.join(map(str, error.validator_value))}", _nearest(str(error.instance), error.validator_value)
    if error.validator == "pattern":
        return f"{shown} does not have the right form", description or f"it must match {error.validator_value}"
    if error.validator == "not" and "description" in error.validator_value:
        return error.validator_value["description"], ""
    return str(error.message), description


def _nearest(name: str, known: Any) -> str:
    if len(name) > _LONGEST_NAME:
        return ""
    names = (str(item) for item in islice(known, _MOST))
    close = difflib.get_close_matches(name, [item for item in names if len(item) <= _LONGEST_NAME], n=1)
    return f"did you mean {close[0]}?" if close else ""
