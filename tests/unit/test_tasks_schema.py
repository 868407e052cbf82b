"""The JSON schema and the reader accept exactly the same documents."""

from __future__ import annotations

import functools
import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core.adapters.tasks_yaml import FIELDS, tasks_schema
from core.adapters.tasks_yaml.parse.fields import complain_about_fields, read_entry
from core.domain.tasks.task import Place
from core.schema.document import Mistake
from core.schema.yaml_errors import Stop
from core.schema.yaml_reader import YamlReader


@functools.cache
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(tasks_schema())
    return Draft202012Validator(tasks_schema())


def mistakes_in(text: str) -> list[Mistake]:
    """Return what the reader says about the shape of a text."""
    reader = YamlReader(text)
    mistakes = reader.mistakes

    def note(index: int, message: str, hint: str) -> None:
        mistakes.append(Mistake(index=index, message=message, hint=hint))

    try:
        for node in reader.entries():
            read_entry(node, Place(line=0, column=0), note)
            complain_about_fields(node, note)
    except Stop as stop:
        mistakes.append(stop.mistake)
    return mistakes


def as_yaml(document: Any) -> str:
    """JSON is YAML but for characters outside of the first plane, which YAML does not write as surrogates."""
    text = json.dumps(document, allow_nan=False, ensure_ascii=False)
    return re.sub("[\x7f-\uffff]", lambda found: f"\\u{ord(found[0]):04x}", text)


# Whole numbers are written without a fraction: how a number is spelled is not a matter of shape.
numbers = st.one_of(
    st.integers(-(10**18) + 1, 10**18 - 1),
    st.integers(-3, 3),
    st.sampled_from([2**53 - 1, 2**53, 10**9, 10**9 + 1, 10**12, 10**12 + 1, 1_000_000, 1_000_001]),
    st.floats(allow_nan=False, allow_infinity=False, width=32).filter(lambda value: value != int(value)),
)
telling = st.sampled_from(
    [
        "", " ", "\n", "a", "a b", "a\n", "1", "01", "90s", "0s", "1h30m", "0.0s", "1.5h", "10x", "low",
        "high", "urgent", "done", "pending ",
        "..", "../x", "a/../b", "a..b", "/etc", "a/..", "..\n", "./a", "A=B", "x-", "x-y", "é", "a" * 200, "a" * 201, "\u0000", "a\u0000b",
        "\u2028", "\u00a0", "on", "~", "null", "true", "1e5", "a:b/c.d_e-f", "-", "\t\n", "1:30",
    ]
)  # fmt: skip
texts = st.one_of(telling, st.text(st.characters(codec="utf-8"), max_size=6))
keys = st.one_of(
    st.sampled_from([*FIELDS, "limit", "delay", "backoff", "max_delay", "by", "score", "trend", "x-a", "x-", "descripton"]), texts
)
leaves = st.one_of(st.none(), st.booleans(), numbers, texts)
values = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)), max_leaves=6)
maps = {
    "retries": st.dictionaries(st.sampled_from(["limit", "delay", "backoff", "max_delay", "limt"]), leaves, max_size=3),
    "env": st.dictionaries(texts, leaves, max_size=3),
    "check": st.booleans(),
    "gate": st.booleans(),
    "origin": st.dictionaries(st.sampled_from(["by", "path", "score", "threshold", "trend", "extra"]), values, max_size=3),
}


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """A map that may well be a task."""
    entry: dict[str, Any] = {"id": draw(st.one_of(texts, numbers)), "description": draw(texts)}
    for name in draw(st.lists(st.sampled_from([*maps, "command", "verify", "priority", "status", "x-own", "other"]), max_size=3)):
        entry[name] = draw(st.one_of(leaves, maps.get(name, values)))
    return entry


documents = st.one_of(values, st.lists(st.one_of(entries(), values), max_size=2))


@given(documents)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_schema_accepts_what_the_reader_accepts_and_nothing_else(document: Any):
    mistakes = mistakes_in(as_yaml(document))
    assert validator().is_valid(document) == (not mistakes), mistakes


@pytest.mark.parametrize("name", list(FIELDS))
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_each_field_is_as_strict_in_the_schema_as_in_the_reader(name: str, data: st.DataObject):
    value = data.draw(st.one_of(leaves, st.lists(leaves, max_size=2), maps.get(name, values)))
    document = [{"id": "a", "description": "b", name: value}]
    mistakes = mistakes_in(as_yaml(document))
    assert validator().is_valid(document) == (not mistakes), mistakes


def test_every_field_has_a_sentence_in_the_schema():
    properties = tasks_schema()["items"]["properties"]
    assert all(properties[name]["description"] for name in FIELDS)
    assert json.loads(json.dumps(tasks_schema())) == tasks_schema()
