"""Values against JSON schemas, with messages for people; and limits for the configuration schemas of plugins, which are untrusted.

Without references and ``unevaluated…`` each part of a schema is applied to each part of a value at most once; the work is counted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from core.domain.untrusted.pattern_cost import LONGEST_TEXT, pattern_problem, pattern_steps
from core.errors import Problem
from core.schema.document import Path
from core.schema.json_reader import JsonDocument, dotted
from core.schema.wording import nearest

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

    An untrusted schema needs a ``validator`` that is bounded; whatever that raises is raised.
    """
    from jsonschema import Draft202012Validator

    missing: dict[tuple[Path, Path], Iterator[str]] = {}
    for error in (validator or Draft202012Validator)(dict(schema)).iter_errors(value):
        path: Path = tuple(error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(error.instance, dict) and "patternProperties" not in error.schema:
            known = error.schema.get("properties", {})
            for key in sorted(set(error.instance) - set(known)):
                yield (*path, key), True, "unknown key", _hint(key, known)
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

    problem = limit_problem(schema)
    if problem:
        return problem
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
        return f"{shown} is not one of: {', '.join(map(str, error.validator_value))}", _hint(str(error.instance), error.validator_value)
    if error.validator == "pattern":
        return f"{shown} does not have the right form", description or f"it must match {error.validator_value}"
    refused = _description(error.validator_value) if error.validator == "not" else ""
    return (refused, "") if refused else (str(error.message), description)


def _description(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, dict) else ""


def _hint(name: str, known: Any) -> str:
    if len(name) > _LONGEST_NAME:
        return ""
    names = (str(item) for item in islice(known, _MOST))
    near = nearest(name, [item for item in names if len(item) <= _LONGEST_NAME])
    return f"did you mean {near}?" if near else ""


#: Schemas in one schema, itself among them.
MOST_SCHEMAS: Final = 250
#: Characters of all patterns in one schema.
MOST_OF_PATTERNS: Final = 5_000
#: Values and keys in one configuration, and their characters together.
MOST_VALUES: Final = 20_000
MOST_CHARACTERS: Final = 100_000
#: Units of work, of one or two microseconds each, that a checker may spend in its life.
MOST_WORK: Final = 1_000_000
_STEPS_OF_A_UNIT: Final = 100
_UNITS_OF_AN_ERROR: Final = 10
_MOST_UNIQUE: Final = 500

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_HARMLESS = ("$comment", "$defs")
_ONE = ("additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then")
_LISTED = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")

Keyword = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


class TooMuchWork(Exception):
    """A check took more work than it was allowed."""


def limit_problem(schema: Any) -> tuple[Path, str] | None:
    """Return the place in a schema that goes beyond the limits and why, or None."""
    characters = 0
    for count, (path, part) in enumerate(_parts(schema), 1):
        if count > MOST_SCHEMAS:
            return (), f"more than {MOST_SCHEMAS} schemas in one"
        patterns = list(_patterns(part))
        characters += sum(len(pattern) for *_, pattern in patterns)
        if characters > MOST_OF_PATTERNS:
            return path, f"more than {MOST_OF_PATTERNS:,} characters of patterns"
        problem = _keyword_problem(path, part) or _problem_of_patterns(path, patterns)
        if problem:
            return problem
    return None


def value_problem(value: Any) -> str:
    """Return why a configuration is too large to be checked, or an empty string."""
    waiting = [value]
    values = characters = 0
    while waiting:
        part = waiting.pop()
        values += 1
        inside = (*part, *part.values()) if isinstance(part, Mapping) else part if isinstance(part, (list, tuple)) else ()
        waiting.extend(inside)
        characters += len(part) if isinstance(part, str) else 0
        if values > MOST_VALUES or characters > MOST_CHARACTERS:
            return f"more than {MOST_VALUES:,} values and keys, or {MOST_CHARACTERS:,} characters"
        if isinstance(part, Mapping) and any(len(str(key)) > LONGEST_TEXT for key in part):
            return f"a key is longer than {LONGEST_TEXT} characters"
    return ""


def bounded_validator(work: int = MOST_WORK) -> Any:
    """Return a class of validators that together do no more than ``work`` and then raise TooMuchWork."""
    from jsonschema import Draft202012Validator, ValidationError
    from jsonschema.validators import extend

    left = work

    def spend(units: int) -> None:
        nonlocal left
        left -= units
        if left < 0:
            raise TooMuchWork

    def counted(name: str, keyword: Keyword) -> Keyword:
        def check(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
            problem = _beyond(name, instance)
            if problem:
                yield ValidationError(problem, validator="limit")
                return
            spend(_units(name, wanted, instance))
            for error in keyword(validator, wanted, instance, schema) or ():
                spend(_UNITS_OF_AN_ERROR + len(error.message) // 100)
                yield error

        return check

    keywords = {name: counted(name, keyword) for name, keyword in Draft202012Validator.VALIDATORS.items()}
    return extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]


def _parts(schema: Any) -> Iterator[tuple[Path, Any]]:
    """Yield a schema and each below it, with its path."""
    waiting: list[tuple[Path, Any]] = [((), schema)]
    while waiting:
        path, part = waiting.pop()
        yield path, part
        if isinstance(part, dict):
            waiting.extend(((*path, key), part[key]) for key in _ONE if key in part)
            for key in (*_LISTED, *_NAMED):
                inside = part.get(key)
                named = inside.items() if isinstance(inside, dict) else enumerate(inside) if isinstance(inside, list) else ()
                waiting.extend(((*path, key, name), item) for name, item in named)


def _keyword_problem(path: Path, part: Any) -> tuple[Path, str] | None:
    for key in part if isinstance(part, dict) else ():
        if key == "$schema" and not path:
            if part[key] != _DIALECT:
                return (*path, key), f"only {_DIALECT} is understood"
        elif key.startswith("unevaluated"):
            return (*path, key), "not taken in a plugin's configuration: say additionalProperties or items"
        elif key.startswith("$") and key not in _HARMLESS:
            return (*path, key), "not taken in a plugin's configuration: write out what it stands for"
    return None


def _problem_of_patterns(path: Path, patterns: list[tuple[str, ...]]) -> tuple[Path, str] | None:
    for *place, pattern in patterns:
        problem = pattern_problem(pattern)
        if problem:
            return (*path, *place), f"the pattern {pattern[:60]!r} is not used: {problem}"
    return None


def _patterns(part: Any) -> Iterator[tuple[str, ...]]:
    """Yield the patterns of one schema, each behind the path to it."""
    if isinstance(part, dict):
        if isinstance(part.get("pattern"), str):
            yield "pattern", part["pattern"]
        named = part.get("patternProperties")
        for pattern in named if isinstance(named, dict) else ():
            yield "patternProperties", pattern, pattern


def _beyond(name: str, instance: Any) -> str:
    """Return why a keyword is not asked about a value, or an empty string."""
    if name == "pattern" and isinstance(instance, str) and len(instance) > LONGEST_TEXT:
        return f"longer than {LONGEST_TEXT} characters"
    if name == "multipleOf" and isinstance(instance, float) and not math.isfinite(instance):
        return "no finite number"
    if name == "uniqueItems" and isinstance(instance, list) and len(instance) > _MOST_UNIQUE:
        return f"more than {_MOST_UNIQUE} items, which are not compared"
    return ""


def _units(name: str, wanted: Any, instance: Any) -> int:
    """Return the work of asking one keyword about one value, without what it asks of others."""
    units = 1 + sum(len(item) // 10 for item in (wanted, instance) if isinstance(item, (dict, list)))
    if isinstance(instance, str):
        return units + (_match_units(wanted, len(instance)) if name == "pattern" else 0)
    if name == "patternProperties" and isinstance(instance, dict):
        # Once for themselves and once for additionalProperties.
        longest = max(map(len, instance), default=0)
        units += 2 * len(instance) * sum(_match_units(pattern, longest) for pattern in wanted)
    if name == "uniqueItems" and isinstance(instance, list):
        units += len(instance) * len(repr(instance)) // 100
    return units


def _match_units(pattern: str, length: int) -> int:
    """Return the work of compiling a pattern and of one search."""
    return 1 + len(pattern) // 2 + pattern_steps(pattern, length) // _STEPS_OF_A_UNIT
