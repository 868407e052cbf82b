"""``plugins.lock``: what a repository runs – id, version, digest, signer and granted permissions. Reviewed like code."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import Permissions
from core.errors import InvalidFile, StorageError
from core.files.reading import MIB, decode_text, read_text
from core.files.replacement import replace_file
from core.plugins.manifest import manifest_schema
from core.plugins.rules.permissions import LOCK_FILE, Locked
from core.plugins.rules.schema_check import schema_problems
from core.schema.json_reader import read_json

#: Plugins that a repository may run; each is verified whenever one of its kind is asked for.
_MOST = 100
_LARGEST = MIB


def read_lock(repository: Path) -> dict[str, Locked]:
    """Return what the repository has locked, by plugin id; empty without a lock file.

    Raises InvalidFile with the place of every mistake, StorageError when it cannot be read.
    """
    path = repository / LOCK_FILE
    try:
        text = read_text(path, LOCK_FILE, limit=_LARGEST, inside=repository)
    except FileNotFoundError:
        return {}
    return dict(parse_lock(text))


def lock_of_bytes(content: bytes, shown: str) -> dict[str, Locked]:
    """Return what the bytes of a lock, called ``shown``, hold. Raises InvalidFile with the place of every mistake."""
    return dict(parse_lock(decode_text(content, shown), shown))


@lru_cache(maxsize=16)
def parse_lock(text: str, shown: str = LOCK_FILE) -> dict[str, Locked]:
    """Return what the text of a lock file, called ``shown``, holds, by plugin id. Raises InvalidFile."""
    document = read_json(text, shown)
    problems = schema_problems(document, _schema(), shown)
    if problems:
        raise InvalidFile(problems, hint=f"restore {LOCK_FILE}, or lock again: orchestrator plugins trust NAME")
    plugins = document.value["plugins"]
    return {
        name: Locked(
            id=name,
            version=item["version"],
            digest=item["digest"],
            signer=item["signer"],
            permissions=Permissions.from_json(item["permissions"]),
        )
        for name, item in plugins.items()
    }


def write_lock(repository: Path, locked: dict[str, Locked]) -> None:
    """Replace the lock file; without any plugin it is removed. Raises StorageError."""
    path = repository / LOCK_FILE
    plugins = {
        name: {"version": item.version, "digest": item.digest, "signer": item.signer, "permissions": item.permissions.to_json()}
        for name, item in sorted(locked.items())
    }
    if plugins:
        replace_file(path, json.dumps({"version": 1, "plugins": plugins}, indent=2).encode() + b"\n", 0o644)
        return
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def _schema() -> dict[str, Any]:
    manifest = manifest_schema()
    entry = {
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "digest", "signer", "permissions"],
        "properties": {
            "version": manifest["properties"]["version"],
            "digest": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "signer": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "permissions": manifest["properties"]["permissions"],
        },
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["version", "plugins"],
        "properties": {"version": {"const": 1}, "plugins": {"type": "object", "maxProperties": _MOST, "additionalProperties": entry}},
        "$defs": manifest["$defs"],
    }
