"""Writes a new plugin: a manifest that asks for nothing, a module with ``run(context)``, and a test."""

from __future__ import annotations

import json
import re
from pathlib import Path

import core
from core.domain.plugins.plugin import ProvisionKind
from core.errors import StorageError, UsageError
from core.plugins.manifest import is_taken

#: By kind: the body of ``run``, the input of the test, and the result that it expects.
_EXAMPLES = {
    ProvisionKind.TASK: (
        '    name = context.config.get("name", "world")\n    return {"message": f"Hello, {name}!"}',
        '{"task": {"id": "1", "description": "greet"}}',
        '{"message": "Hello, world!"}',
    ),
    ProvisionKind.AUDITOR: ('    return {"findings": []}', '{"files": []}', '{"findings": []}'),
    ProvisionKind.REPORTER: ('    return {"content": str(len(context.input["report"]))}', '{"report": {}}', '{"content": "0"}'),
    ProvisionKind.LISTENER: (
        '    context.log(context.input["event"]["event"])\n    return {}',
        '{"event": {"event": "run_started"}}',
        "{}",
    ),
    ProvisionKind.COMMAND: (
        '    return {"output": " ".join(context.input["arguments"]) + "\\n"}',
        '{"arguments": ["hello"]}',
        '{"output": "hello\\n"}',
    ),
}
_MODULE = '''"""{description}"""

from core.plugins.api import Context


def run(context: Context) -> dict:
{body}
'''
_TEST = '''"""Tests of {name}; `orchestrator plugins certify` runs them inside the sandbox."""

import unittest

from {name} import run

from core.plugins.api import context_for_test


class Test{title}(unittest.TestCase):
    def test_it_answers(self) -> None:
        context = context_for_test("{kind}", input={input})
        self.assertEqual(run(context), {expected})
'''


def new_plugin(folder: Path, kind: ProvisionKind, author: str) -> tuple[Path, ...]:
    """Write a working plugin into the new ``folder``, whose name is its id; return the files written.

    Raises UsageError when the folder exists or its name cannot be an id, StorageError.
    """
    name = folder.name
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,63}", name):
        raise UsageError(f"{name} cannot be a plugin's id", hint="use small letters, digits and underscores, a letter first")
    if is_taken(name):
        raise UsageError(f"{name} cannot be a plugin's id: Python or orchestrator has a module of that name", hint="choose another name")
    if folder.exists():
        raise UsageError(f"{folder} exists", hint="choose another name")
    description = f"Says what {name} does."
    body, given, expected = _EXAMPLES[kind]
    manifest = {
        "id": name,
        "version": "0.1.0",
        "description": description,
        "authors": [author],
        "license": "MIT",
        "minimum_host_version": ".".join(core.__version__.split(".")[:3]),
        "entry_point": name,
        "provides": [{"kind": str(kind), "contract": 1}],
        "permissions": {},
        "config": {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}}},
    }
    title = "".join(part.title() for part in name.split("_"))
    files = {
        folder / "manifest.json": json.dumps(manifest, indent=2) + "\n",
        folder / f"{name}.py": _MODULE.format(description=description, body=body),
        folder / "tests" / f"test_{name}.py": _TEST.format(name=name, title=title, kind=kind, input=given, expected=expected),
    }
    try:
        (folder / "tests").mkdir(parents=True)
        for path, text in files.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{folder}: {error.strerror}") from error
    return tuple(files)
