"""Replaces a file as a whole: readers see the old content or the new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import StorageError
from core.sudden_stop import held


@held()
def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Give ``path`` the ``content`` and the permission bits ``mode``. Raises StorageError; the old file is then intact."""
    try:
        descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(aside, mode)
            os.replace(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
