"""``manifest.json``: read, checked against ``plugins/manifest_schema.json``, and turned into a noun."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path as FilePath
from typing import Any

from core.domain.plugins.configuration import misplaced_mark
from core.domain.plugins.plugin import Manifest, Permissions, Provision, ProvisionKind
from core.errors import MOST_PROBLEMS, InvalidFile, Problem, StorageError, UsageError
from core.files.reading import decode_text, read_regular, read_text, too_large
from core.plugins.rules.schema_check import schema_mistake, schema_problems
from core.schema.document import Path
from core.schema.json_reader import JsonDocument, dotted, read_json

MANIFEST = "manifest.json"
_LARGEST = 256 * 1024


_PACKAGE = FilePath(__file__).resolve().parent.parent
_INSTALLED_BUNDLE = _PACKAGE / "bundled_plugins"


def bundled_root() -> FilePath:
    """Return the folder of the plugins that come with the tool: inside the package when installed, beside it in a checkout."""
    return _INSTALLED_BUNDLE if _INSTALLED_BUNDLE.is_dir() else _PACKAGE.parent / "plugins"


def is_installed_bundle(folder: str | os.PathLike[str]) -> bool:
    """Return whether ``folder`` is a bundled plugin of an installed wheel (not of a checkout)."""
    try:
        return FilePath(os.path.realpath(folder)).parent == _INSTALLED_BUNDLE
    except OSError:  # a symbolic link that was removed between two looks at it
        return False


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
    file = FilePath(path)
    if file.is_dir():
        file = file / MANIFEST
    try:
        content = read_regular(file, str(file), limit=_LARGEST, inside=file.parent)
    except FileNotFoundError as error:
        raise StorageError(f"{file}: {error.strerror}", hint="a plugin is a folder with a manifest.json") from error
    return parse_manifest(content, str(file))


def load_permissions(path: FilePath) -> Permissions:
    """Read a file that holds permissions as a manifest has them. Raises UsageError, InvalidFile and StorageError."""
    schema = manifest_schema()
    try:
        document = read_json(read_text(path, str(path), limit=_LARGEST), str(path))
    except FileNotFoundError as error:
        raise UsageError(f"no such file: {path}", hint="it holds permissions as a manifest has them") from error
    problems = schema_problems(document, {**schema["properties"]["permissions"], "$defs": schema["$defs"]}, str(path))
    if problems:
        raise InvalidFile(problems, hint="it holds permissions as a manifest has them")
    return Permissions.from_json(document.value)


@lru_cache(maxsize=256)
def parse_manifest(content: bytes, file: str) -> Manifest:
    """Turn the bytes of a manifest into a noun; ``file`` is its name in messages. Raises InvalidFile."""
    if len(content) > _LARGEST:
        raise too_large(file, len(content), _LARGEST)
    document = read_json(decode_text(content, file), file)
    problems = schema_problems(document, manifest_schema(), file)
    if not problems:
        problems = _beyond_schema(document, file)
    if problems:
        raise InvalidFile(problems)
    return _noun(document.value, file)


def is_taken(module: str) -> bool:
    """Return whether a plugin's module cannot be called ``module``: inside, that name is one of Python's own or ours."""
    return module == "core" or module in sys.stdlib_module_names


def _beyond_schema(document: JsonDocument, file: str) -> list[Problem]:
    """What a schema cannot say: odd characters, a module's name that is taken, the configuration's own schema, provisions given twice."""
    mistakes: list[tuple[Path, str, str]] = [
        (path, "holds a character that cannot be shown", "") for path in islice(_unprintable(document.value, ()), MOST_PROBLEMS)
    ]
    place, problem = schema_mistake(document.value.get("config", {})) or ((), misplaced_mark(document.value.get("config", {})))
    if problem:
        mistakes.append((("config", *place), problem, ""))
    entry = document.value["entry_point"].partition(".")[0]
    if is_taken(entry):
        message = f"{entry} is a module of Python's own or of ours, and would be that one"
        mistakes.append((("entry_point",), message, "call the module something else"))
    seen = set()
    for index, item in enumerate(document.value["provides"]):
        key = (item["kind"], item.get("name", ""))
        if key in seen:
            mistakes.append((("provides", index), f"{item['kind']} is provided twice", ""))
        seen.add(key)
    places = document.places(path for path, _, _ in mistakes)
    return [
        Problem(file=file, line=places[path][0], column=places[path][1], message=f"{dotted(path)}: {message}", hint=hint)
        for path, message, hint in mistakes
    ]


def _unprintable(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths of texts, or of what has a key, that a terminal would obey or hide."""
    if not all(text.isprintable() for text in (value, *path[-1:]) if isinstance(text, str)):
        yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from _unprintable(item, (*path, key))


def _noun(value: dict[str, Any], file: str) -> Manifest:
    provides = tuple(
        Provision(
            kind=ProvisionKind(item["kind"]),
            contract=item["contract"],
            name=item.get("name", value["id"]),
            events=tuple(item.get("events", ())),
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
