"""Replaces a file as a whole: readers see the old content or the new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from core.errors import StorageError
from core.sudden_stop import held


@held()
def replace_file(path: Path, content: bytes, mode: int | None = None, *, shown: str = "") -> None:
    """Give ``path`` the ``content`` and the permission bits ``mode``; its directories are made.

    Without ``mode`` the file keeps its own, and a new one gets what the umask leaves. ``shown`` is what errors call the file.
    Raises StorageError; the old file is then intact.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(aside, _mode(path) if mode is None else mode)
            os.replace(aside, path)
        except BaseException:
            os.unlink(aside)
            raise
    except OSError as error:
        raise StorageError(f"cannot write {shown or path}: {error.strerror}") from error


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
