"""Configuration schemas of plugins: what could take without end is refused at its place, and all checking has a bound."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from core.plugins.rules.contracts import config_problems
from core.plugins.rules.schema_check import bounded_validator, schema_mistake
from tests.unit.test_plugin_manifest_text import manifest, problems_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def under(key: str, schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {key: schema}}


@pytest.mark.parametrize(
    ("schema", "place", "why"),
    [
        (under("a", {"pattern": "^(a+)+$"}), ("properties", "a", "pattern"), "a group is repeated"),
        ({"patternProperties": {"(a*)*": True}}, ("patternProperties", "(a*)*"), "a group is repeated"),
        ({"allOf": [True, {"not": {"items": {"pattern": "(a*)*"}}}]}, ("allOf", 1, "not", "items", "pattern"), "a group is repeated"),
        ({"$defs": {"x": {"pattern": "(a*)*"}}}, ("$defs", "x", "pattern"), "a group is repeated"),
        ({"definitions": {"x": {"pattern": "(" * 3000}}}, ("definitions", "x", "pattern"), "longer than 500"),
        (under("a", {"$ref": "#"}), ("properties", "a", "$ref"), "not taken"),
        (under("a", {"$dynamicRef": "#x"}), ("properties", "a", "$dynamicRef"), "not taken"),
        (under("a", {"$recursiveRef": "#"}), ("properties", "a", "$recursiveRef"), "not taken"),
        (under("a", {"$id": "http://["}), ("properties", "a", "$id"), "not taken"),
        (under("a", {"$schema": DIALECT}), ("properties", "a", "$schema"), "not taken"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, ("$schema",), "only https"),
        ({"unevaluatedProperties": False}, ("unevaluatedProperties",), "say additionalProperties"),
        ({"anyOf": [False] * 300}, (), "more than 250 schemas"),
        ({"anyOf": [{"pattern": "a" * 400}] * 20}, ("anyOf", 7), "5,000 characters of patterns"),
        ({"type": "objekt"}, (), "not a JSON schema"),
    ],
)
def test_what_goes_beyond_the_limits_is_refused_at_its_place(schema: dict[str, Any], place: tuple[str | int, ...], why: str):
    told = schema_mistake(schema)
    assert told
    assert told[0] == place
    assert why in told[1]


def test_a_problem_has_its_line_and_column():
    told = problems_of(manifest(config=under("a", {"pattern": "^(a+)+$"})))
    assert len(told) == 1
    assert told[0].startswith(
        "manifest.json:22:20: config.properties.a.pattern: the pattern '^(a+)+$' is not used: a group is repeated by +"
    )


def test_a_value_that_a_boolean_schema_forbids_is_a_problem():
    (problem,) = config_problems(under("a", {"not": True}), {"a": 1})
    assert problem.startswith("a: ")


def test_names_of_settings_and_plain_values_are_no_keywords():
    schema = {"$schema": DIALECT, **under("$ref", {"enum": [{"$ref": "#", "pattern": "(a*)*"}]}), "default": {"pattern": "(a*)*"}}
    assert schema_mistake(schema) is None
    assert config_problems(schema, {"$ref": 1}) == ("$ref: 1 is not one of: {'$ref': '#', 'pattern': '(a*)*'}",)


@pytest.mark.parametrize(
    ("schema", "value", "told"),
    [
        (under("a", {"pattern": "^a"}), {"a": "a" * 501}, "a: longer than 500 characters"),
        ({}, {"k" * 501: 1}, "(root): a key is longer than 500 characters"),
        ({}, {"a": [1] * 20_001}, "(root): more than 20,000 values and keys, or 100,000 characters"),
        ({}, {"a": "x" * 100_001}, "(root): more than 20,000 values and keys, or 100,000 characters"),
        (under("a", {"uniqueItems": True}), {"a": list(range(501))}, "a: more than 500 items, which are not compared"),
        (under("a", {"multipleOf": 0.3}), {"a": float("inf")}, "a: no finite number"),
        (under("a", {"multipleOf": 0.3}), {"a": float("nan")}, "a: no finite number"),
        (under("a", False), {"a": 1}, "(root): 1 is not allowed"),
        (
            {"patternProperties": {"^a": True}, "additionalProperties": False},
            {"b": 1},
            "(root): 'b' does not match any of the regexes: '^a'",
        ),
    ],
)
def test_a_configuration_beyond_the_limits_is_reported(schema: dict[str, Any], value: dict[str, Any], told: str):
    assert config_problems(schema, value) == (told,)


def test_the_largest_unlike_lists_are_compared():
    assert config_problems(under("a", {"uniqueItems": True}), {"a": [{"b": n} for n in range(500)]}) == ()


def nested(depth: int, keyword: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"properties": {"x": {"type": "string"}}}
    for _ in range(depth):
        schema = {keyword: [schema, schema]} if keyword == "anyOf" else {"items": schema, "not": {"type": "null"}}
    return schema


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"anyOf": [{"items": {"enum": ["x" * 50] * 99}}] * 240}, [["y" * 9] * 90] * 20),
        ({"items": {"pattern": "^[^!]+a[^!]+b$"}}, ["a" * 500] * 190),
        ({"items": {"patternProperties": {f"^.*{n}.*!$": True for n in range(99)}}}, [{f"{k}" * 90: 1 for k in range(10)}] * 100),
        ({"allOf": [{"uniqueItems": True}] * 200}, [{"n": n, "t": "x" * 150} for n in range(500)]),
        (nested(7, "anyOf"), {"x": 1}),
        ({"items": {"anyOf": [False] * 240}}, [1] * 9000),
    ],
)
def test_checking_has_a_bound_whatever_schema_and_value_are(schema: dict[str, Any], value: Any):
    started = time.process_time()
    config_problems(schema, value)
    assert time.process_time() - started < 15


def test_many_configurations_share_one_bound():
    schema = under("a", {"items": {"pattern": "^[^!]+a[^!]+b$"}})
    validator = bounded_validator()
    told = {config_problems(schema, {"a": ["a" * 500] * 5 + [f"{n}"]}, validator)[0] for n in range(1000)}
    assert "(root): not checked: the configurations of plugins take too much work (make them smaller, or their schemas simpler)" in told


def test_ten_thousand_ordinary_configurations_are_within_the_bound():
    schema = {"additionalProperties": False, **under("name", {"type": "string", "pattern": "^[a-z]{1,20}$", "description": "x"})}
    validator = bounded_validator()
    assert not any(config_problems(schema, {"name": "abc"}, validator) for _ in range(10_000))


def test_a_long_unknown_name_is_compared_with_no_other():
    known = {("ab" * 25_000) + str(n): True for n in range(2)}
    schema = {"properties": known, "additionalProperties": False}
    assert config_problems(schema, {"b" * 400: 1}) == (f"{'b' * 400}: unknown key",)
    assert "not one of" in config_problems({"enum": list(known)}, "ba" * 40_000)[0]


def test_a_schema_that_is_taken_is_taken_from_a_manifest():
    schema = {"$schema": DIALECT, "$comment": "ours", "$defs": {}, **under("a", {"pattern": "^a+$"})}
    assert json.loads(manifest(config=schema))["config"] == schema
    assert schema_mistake(schema) is None
