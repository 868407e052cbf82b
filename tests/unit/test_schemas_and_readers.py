"""What an editor accepts by the generated schemas is what the tool accepts, over one corpus and with a plain JSON schema validator.

Beyond a schema, and not in the corpus: what tasks say about each other, and how a number or a date is spelled in YAML.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from core.adapters.tasks_yaml import parse_tasks, tasks_schema
from core.config import config_schema, merge_settings
from core.domain.settings.settings import Owner
from core.errors import InvalidFile
from core.plugins.manifest import manifest_schema, parse_manifest
from core.schema.yaml_reader import read_yaml

TASK = "- id: a\n  description: d\n"

VALID_TASKS = [
    "[]",
    TASK,
    "- {id: 7, description: d}",
    TASK + "  command: [make, '']\n  verify: make check\n",
    TASK + "  verify: [a, b]\n  dependencies: []\n",
    TASK + "  priority: high\n  cost: 2.5\n  timeout: 1h30m\n",
    TASK + "  priority: -3\n  cost: 0\n  timeout: 0.5\n",
    TASK + "  retries: 3\n",
    TASK + "  retries: {limit: 2, delay: 0, backoff: 1.5, max_delay: 1m}\n",
    TASK + "  env: {A: '1', B B: ''}\n  cwd: a/b\n",
    TASK + "  plugin: notify\n  with: {a: [1, {b: null}]}\n",
    TASK + "  status: in_progress\n  manual: true\n  tags: [x, '1']\n",
    TASK + "  origin: {by: reflector, score: 3, trend: [1, 2.5]}\n",
    TASK + "  x-own: {anything: [1, null]}\n",
]
INVALID_TASKS = [
    "{}",
    "tasks: []",
    "- 1",
    "- {id: a}",
    "- {description: d}",
    "- {id: a b, description: d}",
    "- {id: '', description: d}",
    "- {id: 1.5, description: d}",
    "- {id: a, description: ' '}",
    "- {id: a, description: 5}",
    TASK + "  command: []\n",
    TASK + "  command: ['', a]\n",
    TASK + "  command: [a, 5]\n",
    TASK + "  command: a\n  plugin: notify\n",
    TASK + "  with: {}\n",
    TASK + "  plugin: No\n",
    TASK + "  verify: {a: b}\n",
    TASK + "  dependencies: b\n",
    TASK + "  priority: urgent\n",
    TASK + "  priority: 1.5\n",
    TASK + "  cost: -1\n",
    TASK + "  cost: '1'\n",
    TASK + "  status: doing\n",
    TASK + "  timeout: 0\n",
    TASK + "  timeout: 0s\n",
    TASK + "  timeout: '90'\n",
    TASK + "  timeout: 10x\n",
    TASK + "  retries: -1\n",
    TASK + "  retries: {limt: 1}\n",
    TASK + "  retries: {backoff: 0.5}\n",
    TASK + "  env: {A: 1}\n",
    TASK + "  env: {'A=B': x}\n",
    TASK + "  cwd: ../x\n",
    TASK + "  cwd: /tmp\n",
    TASK + "  cwd: ''\n",
    TASK + "  manual: 'true'\n",
    TASK + "  tags: x\n",
    TASK + "  origin: {score: high}\n",
    TASK + "  x-: 1\n",
    TASK + "  descripton: d\n",
]
VALID_CONFIGS = [
    "{}",
    "jobs: 4",
    "budget:",
    "budget: {cost: null, time: 90m, on_exceed: stop, warn_at: 0.5}",
    "timeout: 90\ngrace: 0\n",
    "log: {directory: logs/x, limit: 64MB, keep: 1}",
    "handlers: {refactor: ./fix.sh}",
    "plugins: {notify: {anything: [1, null]}}",
    "redact: [SITE_*]",
    "audit: {include: ['**/*.py'], thresholds: {complexity: 4.0}, overrides: {'a/**': {maintainability: 3.5}}}",
    "audit: {thresholds: {maintainability: B}, overrides: {'a/**': {maintainability: 'A'}}}",
    "plugin_policy: {require: certified, ceiling: {fs: {read: ['**']}, net: ['a:1'], time: 1m, memory: 1GiB, pids: 2}}",
]
INVALID_CONFIGS = [
    "[]",
    "job: 1",
    "jobs: -1",
    "jobs: 1.5",
    "jobs: '1'",
    "jobs: null",
    "fail_fast: 1",
    "timeout: 0",
    "timeout: soon",
    "budget: []",
    "budget: {warn_at: 2}",
    "budget: {on_exceed: halt}",
    "log: {directory: ../x}",
    "log: {directory: .git/x}",
    "log: {limit: 0B}",
    "log: {limit: 64 megabytes}",
    "handlers: {a: ' '}",
    "plugins: {notify: null}",
    "redact: ['*']",
    "redact: AAA",
    "audit: {overrides: {'a/**': {speed: 1}}}",
    "audit: {thresholds: {complexity: 0}}",
    "audit: {thresholds: {complexity: B}}",
    "audit: {thresholds: {maintainability: D}}",
    "audit: {overrides: {'a/**': {maintainability: b}}}",
    "plugin_policy: {ceiling: {camera: true}}",
    "plugin_policy: {ceiling: {net: ['a b']}}",
]
MANIFEST = {
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
VALID_MANIFESTS: list[dict[str, Any]] = [
    {},
    {"permissions": {"fs": {"read": ["src/**"], "write": ["out/**"]}, "net": ["*.a.b:443"], "exec": ["git"], "env": ["HOME"]}},
    {"permissions": {"time": "1h30m", "memory": "64MiB", "pids": 3}},
    {"permissions": {"time": 0.5, "memory": 16777216}},
    {"provides": [{"kind": "command", "contract": 1, "name": "say-it"}, {"kind": "listener", "contract": 1, "events": ["run_ended"]}]},
    {"config": {"type": "object", "properties": {"a": {"type": "string"}}}, "requirements": "requirements.txt"},
    {"$schema": "https://example.com/x.json"},
]
INVALID_MANIFESTS: list[dict[str, Any]] = [
    {"id": "Shout!"},
    {"id": "s\n"},
    {"version": "1.2"},
    {"version": "1.2.3\n"},
    {"description": ""},
    {"description": "a\nb"},
    {"description": "\u001b[2J"},
    {"authors": []},
    {"authors": ["a\u0000b"]},
    {"license": "\u202eTIM"},
    {"minimum_host_version": "0.1"},
    {"entry_point": "a-b"},
    {"entry_point": "shout\n"},
    {"provides": []},
    {"provides": [{"kind": "tasks", "contract": 1}]},
    {"provides": [{"kind": "task", "contract": 0}]},
    {"permissions": {"nett": []}},
    {"permissions": {"time": "soon"}},
    {"permissions": {"time": "0s"}},
    {"permissions": {"time": 0}},
    {"permissions": {"time": "90"}},
    {"permissions": {"memory": "lots"}},
    {"permissions": {"memory": "0MB"}},
    {"permissions": {"memory": 1}},
    {"permissions": {"pids": 0}},
    {"permissions": {"fs": {"read": ["../x"]}}},
    {"permissions": {"fs": {"read": ["a\nb"], "write": ["c"]}}},
    {"permissions": {"fs": {"write": ["a\u202eb"]}}},
    {"permissions": {"fs": {"write": ["/etc/passwd"]}}},
    {"permissions": {"net": ["example.com"]}},
    {"permissions": {"net": ["a:1\n"]}},
    {"permissions": {"exec": ["/bin/sh"]}},
    {"permissions": {"exec": ["sh\n"]}},
    {"permissions": {"env": ["A=B"]}},
    {"config": []},
    {"requirements": "x.toml"},
    {"x": 1},
]


def accepts(read: Any) -> bool:
    try:
        read()
    except InvalidFile:
        return False
    return True


@pytest.mark.parametrize(("text", "valid"), [*((text, True) for text in VALID_TASKS), *((text, False) for text in INVALID_TASKS)])
def test_the_schema_of_tasks_accepts_what_the_reader_accepts(text: str, valid: bool) -> None:
    document = read_yaml(text, "tasks.yml").value

    assert accepts(lambda: parse_tasks(text, "tasks.yml")) == valid
    assert jsonschema.Draft202012Validator(tasks_schema()).is_valid(document) == valid


@pytest.mark.parametrize(("text", "valid"), [*((text, True) for text in VALID_CONFIGS), *((text, False) for text in INVALID_CONFIGS)])
def test_the_schema_of_configurations_accepts_what_the_reader_accepts(text: str, valid: bool) -> None:
    document = read_yaml(text, "config.yaml")

    assert accepts(lambda: merge_settings(document, {}, {})) == valid
    assert jsonschema.Draft7Validator(config_schema()).is_valid(document.value) == valid
    assert accepts(lambda: merge_settings(read_yaml("", "config.yaml"), {}, {}, user=document)) == valid
    assert jsonschema.Draft7Validator(config_schema(Owner.USER)).is_valid(document.value) == valid


def test_a_setting_of_the_user_is_refused_in_a_repository_by_both() -> None:
    document = read_yaml("audit: {use_wily: true}", "config.yaml")

    assert not accepts(lambda: merge_settings(document, {}, {}))
    assert not jsonschema.Draft7Validator(config_schema()).is_valid(document.value)
    assert jsonschema.Draft7Validator(config_schema(Owner.USER)).is_valid(document.value)


@pytest.mark.parametrize(
    ("changes", "valid"), [*((changes, True) for changes in VALID_MANIFESTS), *((changes, False) for changes in INVALID_MANIFESTS)]
)
def test_the_schema_of_manifests_accepts_what_the_reader_accepts(changes: dict[str, Any], valid: bool) -> None:
    document = {**MANIFEST, **changes}

    assert accepts(lambda: parse_manifest(json.dumps(document).encode(), "manifest.json")) == valid
    assert jsonschema.Draft202012Validator(manifest_schema()).is_valid(document) == valid


@pytest.mark.parametrize("key", [key for key in MANIFEST if key != "$schema"])
def test_a_manifest_without_a_key(key: str) -> None:
    document = {name: value for name, value in MANIFEST.items() if name != key}

    assert not accepts(lambda: parse_manifest(json.dumps(document).encode(), "manifest.json"))
    assert not jsonschema.Draft202012Validator(manifest_schema()).is_valid(document)
