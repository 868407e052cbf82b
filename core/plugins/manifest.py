"""``manifest.json``: read, checked against ``plugins/manifest_schema.json``, and turned into a noun."""

from __future__ import annotations

import json
import os
import sys
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from core.domain.plugin import Kind, Manifest, Permissions, Provision
from core.domain.plugin_configuration import misplaced_mark
from core.errors import InvalidFile, Problem, StorageError
from core.plugins.json_text import JsonText, dotted, read_json, value_at
from core.plugins.schema_check import schema_mistake, schema_problems

MANIFEST = "manifest.json"
_LARGEST = 256 * 1024


_PACKAGE = Path(__file__).resolve().parent.parent
_INSTALLED_BUNDLE = _PACKAGE / "bundled_plugins"


def bundled_root() -> Path:
    """Return the folder of the plugins that come with the tool: inside the package when installed, beside it in a checkout."""
    return _INSTALLED_BUNDLE if _INSTALLED_BUNDLE.is_dir() else _PACKAGE.parent / "plugins"


def is_installed_bundle(folder: str | os.PathLike[str]) -> bool:
    """Return whether ``folder`` is a bundled plugin of an installed wheel (not of a checkout)."""
    return Path(os.path.realpath(folder)).parent == _INSTALLED_BUNDLE


@cache
def manifest_schema() -> dict[str, Any]:
    """Return the JSON schema of manifests. Raises StorageError when the installation is damaged."""
    path = bundled_root() / "manifest_schema.json"
    try:
        schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: the manifests' schema cannot be read: {error}", hint="install orchestrator again") from error
    return schema


def load_manifest(path: str | os.PathLike[str]) -> Manifest:
    """Read the manifest at ``path`` (the file, or the folder it is in); nothing of the plugin is imported.

    Raises InvalidFile with every mistake, each with line, column and key; StorageError when it cannot be read.
    """
    file = Path(path)
    if file.is_dir():
        file = file / MANIFEST
    try:
        with file.open("rb") as stream:
            content = stream.read(_LARGEST + 1)
    except OSError as error:
        raise StorageError(f"{file}: {error.strerror}", hint="a plugin is a folder with a manifest.json") from error
    return parse_manifest(content, str(file))


@lru_cache(maxsize=256)
def parse_manifest(content: bytes, file: str) -> Manifest:
    """Turn the bytes of a manifest into a noun; ``file`` is its name in messages. Raises InvalidFile."""
    if len(content) > _LARGEST:
        raise InvalidFile([Problem(file=file, message=f"a manifest has at most {_LARGEST} bytes")])
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile([Problem(file=file, line=line, column=1, message="this is not UTF-8")]) from error
    document = read_json(text, file)
    problems = schema_problems(document, manifest_schema(), file)
    if not problems:
        problems = _beyond_schema(document, file)
    if problems:
        raise InvalidFile(problems)
    return _noun(document.value, file)


def is_taken(module: str) -> bool:
    """Return whether a plugin's module cannot be called ``module``: inside, that name is one of Python's own or ours."""
    return module == "core" or module in sys.stdlib_module_names


def _beyond_schema(document: JsonText, file: str) -> list[Problem]:
    """What a schema cannot say: odd characters, a module's name that is taken, the configuration's own schema, provisions given twice."""
    problems = [
        Problem(file=file, line=line, column=column, message=f"{dotted(path)}: holds a character that cannot be shown")
        for path, (line, column) in document.values.items()
        if not all(text.isprintable() for text in (*path, value_at(document.value, path)) if isinstance(text, str))
    ]
    flaw = schema_mistake(document.value.get("config", {}))
    flaw = f"not a JSON schema: {flaw}" if flaw else misplaced_mark(document.value.get("config", {}))
    if flaw:
        line, column = document.values[("config",)]
        problems.append(Problem(file=file, line=line, column=column, message=f"config: {flaw}"))
    entry = document.value["entry_point"].partition(".")[0]
    if is_taken(entry):
        line, column = document.values[("entry_point",)]
        told = f"entry_point: {entry} is a module of Python's own or of ours, and would be that one"
        problems.append(Problem(file=file, line=line, column=column, message=told, hint="call the module something else"))
    seen = set()
    for index, item in enumerate(document.value["provides"]):
        key = (item["kind"], item.get("name", ""))
        if key in seen:
            line, column = document.values[("provides", index)]
            problems.append(Problem(file=file, line=line, column=column, message=f"provides[{index}]: {item['kind']} is provided twice"))
        seen.add(key)
    return problems


def _noun(value: dict[str, Any], file: str) -> Manifest:
    provides = tuple(
        Provision(
            kind=Kind(item["kind"]), contract=item["contract"], name=item.get("name", value["id"]), events=tuple(item.get("events", ()))
        )
        for item in value["provides"]
    )
    optional: dict[str, Any] = {"config": value["config"]} if "config" in value else {}
    return Manifest(
        id=value["id"],
        version=value["version"],
        description=value["description"],
        authors=tuple(value["authors"]),
        license=value["license"],
        minimum_host_version=value["minimum_host_version"],
        entry_point=value["entry_point"],
        provides=provides,
        permissions=Permissions.from_json(value["permissions"]),
        requirements=value.get("requirements", ""),
        path=file,
        **optional,
    )
