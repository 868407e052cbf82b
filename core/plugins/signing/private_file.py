"""Small files that only their owner may change: read with suspicion, written whole or not at all."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import Any

from core.errors import StorageError
from core.files.strict_path import check_way_to
from core.json_text import parse_json
from core.sudden_stop import held

_LARGEST = 4 * 1024 * 1024


def read_private_json(path: Path) -> Any:
    """Return the JSON in ``path``, None when there is no such file.

    Raises StorageError when it is damaged, a link, or others than its owner (this user or root) can write it, or could put
    another file in its place: StateRefused.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    with os.fdopen(descriptor, "rb") as stream:
        check_way_to(path)
        state = os.fstat(stream.fileno())
        if not stat.S_ISREG(state.st_mode) or state.st_uid not in (os.geteuid(), 0) or state.st_mode & 0o022:
            raise StorageError(f"{path}: others can write this file, so nothing in it is believed", hint=f"chmod 600 {path}")
        content = stream.read(_LARGEST)
    try:
        return parse_json(content)
    except ValueError as error:
        raise StorageError(f"{path}: damaged: {error}", hint="repair it or restore it from a backup") from error


@held()
def write_private_json(path: Path, value: Any) -> None:
    """Replace ``path`` by the JSON of ``value``, mode 0600. Raises StorageError; the old file is then intact."""
    content = json.dumps(value, indent=2, sort_keys=True).encode() + b"\n"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_way_to(path)
        descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
