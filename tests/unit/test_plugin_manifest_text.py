"""Manifests: every mistake with its place and key."""

from __future__ import annotations

import json

import pytest

from core.errors import InvalidFile
from core.plugins.manifest import parse_manifest
from core.plugins.rules.contracts import config_problems

GOOD = {
    "id": "shout",
    "version": "1.2.3",
    "description": "Says it louder.",
    "authors": ["A. Person"],
    "license": "MIT",
    "minimum_host_version": "0.1.0",
    "entry_point": "shout",
    "provides": [{"kind": "task", "contract": 1}],
    "permissions": {},
}


def manifest(**changes: object) -> bytes:
    return json.dumps({**GOOD, **changes}, indent=2).encode()


def problems_of(content: bytes) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        parse_manifest(content, "manifest.json")
    return [str(problem) for problem in caught.value.problems]


def test_a_valid_manifest_is_read():
    noun = parse_manifest(manifest(permissions={"fs": {"read": ["src/**"]}, "time": "2m", "memory": "64MiB"}), "manifest.json")
    assert (noun.id, noun.permissions.read, noun.permissions.time, noun.permissions.memory) == ("shout", ("src/**",), 120.0, 64 << 20)
    assert noun.provides[0].name == "shout"


def test_every_mistake_is_reported_at_once_with_line_column_and_key():
    text = '{\n  "id": "Shout!",\n  "versoin": "1",\n  "permissions": {\n    "nett": []\n  }\n}\n'
    told = problems_of(text.encode())
    assert any(line.startswith("manifest.json:2:9: id: 'Shout!' does not have the right form") for line in told)
    assert "manifest.json:3:3: versoin: unknown key (did you mean version?)" in told
    assert "manifest.json:5:5: permissions.nett: unknown key (did you mean net?)" in told
    assert "manifest.json:1:1: (root): the key entry_point is missing" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"id": 1, 2}', "manifest.json:1:11: not JSON: Expecting property name enclosed in double quotes"),
        ('{"id": 1, "id": 2}', "manifest.json:1:11: the key 'id' is given twice (keep one of them)"),
        ("[1,\n 2", "manifest.json:2:3: not JSON: Expecting ',' delimiter"),
        ("[" * 80 + "]" * 80, "manifest.json:1:65: nested too deeply"),
        ("{} x", "manifest.json:1:4: not JSON: Extra data"),
        ("", "manifest.json:1:1: not JSON: Expecting value"),
        ('{"a": NaN}', "manifest.json:1:7: NaN is no number in JSON"),
    ],
)
def test_bad_syntax_names_its_place(text: str, told: str):
    assert problems_of(text.encode()) == [told]


@pytest.mark.parametrize(
    "permissions",
    [
        {"fs": {"read": ["../x"]}},
        {"fs": {"read": ["a/../../x"]}},
        {"fs": {"read": ["~/.ssh/**"]}},
        {"fs": {"write": ["/etc/passwd"]}},
        {"fs": {"write": ["**"]}},
        {"fs": {"write": ["a/*.txt"]}},
        {"net": ["example.com"]},
        {"net": ["http://example.com:80"]},
        {"exec": ["/bin/sh"]},
        {"env": ["A=B"]},
        {"time": "0s"},
        {"time": "soon"},
        {"memory": "1"},
        {"pids": 0},
        {"camera": True},
    ],
)
def test_a_permission_that_is_not_understood_is_refused(permissions: dict[str, object]):
    assert all("permissions" in line for line in problems_of(manifest(permissions=permissions)))


@pytest.mark.parametrize(
    "permissions",
    [{"fs": {"read": ["**", "src/*.py", "/etc/ssl/certs/**"], "write": ["a.md", "out/**"]}}, {"net": ["*:443", "*.a.b:1", "a:*"]}],
)
def test_permissions_that_are_understood_are_accepted(permissions: dict[str, object]):
    assert parse_manifest(manifest(permissions=permissions), "m").permissions


def test_a_configuration_that_is_no_schema_or_reaches_outside_is_refused():
    assert "config: not a JSON schema" in problems_of(manifest(config={"type": "objekt"}))[0]
    assert "config.$ref: not taken in a plugin's configuration" in problems_of(manifest(config={"$ref": "https://example.com/x.json"}))[0]


@pytest.mark.parametrize("odd", ["\x1b[2J", "\u202e", "a\nb", "\ud800", "\x00"])
def test_what_a_terminal_would_obey_or_hide_is_refused_at_its_place(odd: str):
    assert problems_of(manifest(description=odd)) == ["manifest.json:4:18: description: holds a character that cannot be shown"]
    told = problems_of(manifest(**{f"x{odd}": 1}))
    assert all(line.isprintable() for line in told)


def test_an_endlessly_recursive_schema_is_reported_and_not_followed():
    assert config_problems({"$ref": "#"}, {}) == ("(root): its schema refers to itself without end",)
