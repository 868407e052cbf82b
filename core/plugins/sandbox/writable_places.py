"""The files and folders that a plugin may write: made where missing, held while it runs, and gone again where it left nothing in them."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from core.errors import PluginRefused
from core.plugins.sandbox.reach import Place, place_at


@contextlib.contextmanager
def writable_places(patterns: tuple[str, ...], root: Path) -> Iterator[tuple[Place, ...]]:
    """Give what ``patterns`` mean in the repository ``root`` (a real path).

    Raises PluginRefused when a place lies behind a symbolic link, or cannot be made.
    """
    made: list[str] = []
    with contextlib.ExitStack() as stack:
        stack.callback(_remove_unused, made)
        places = []
        for pattern in patterns:
            places.append(_writable(root, pattern, made))
            held = _lock(places[-1].path, fcntl.LOCK_SH)
            if held is not None:
                stack.callback(os.close, held)
        yield tuple(places)


def _writable(root: Path, pattern: str, made: list[str]) -> Place:
    target = root / pattern.removesuffix("/**")
    try:
        made += _missing(target)
        if pattern.endswith("/**"):
            target.mkdir(parents=True, exist_ok=True)
        elif not target.exists() and not target.is_symlink():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    except OSError as error:
        raise PluginRefused([f"write {pattern}: {error.strerror}"]) from error
    place = place_at(str(target))
    if place is None or place.directory != pattern.endswith("/**"):
        raise PluginRefused([f"write {pattern}: it lies behind a symbolic link, or is not what the permission says"])
    return place


def _missing(target: Path) -> list[str]:
    """Return what has to be made for ``target`` to be there, the outermost first."""
    return [str(path) for path in (*reversed(target.parents), target) if not os.path.lexists(path)]


def _remove_unused(made: list[str]) -> None:
    for path in reversed(made):
        held = _lock(path, fcntl.LOCK_EX)
        if held is None:
            continue  # gone, or another plugin may still write it
        with contextlib.suppress(OSError):
            if os.path.isdir(path):
                os.rmdir(path)
            elif os.lstat(path).st_size == 0:
                os.unlink(path)
        os.close(held)


def _lock(path: str, kind: int) -> int | None:
    """Return a descriptor that holds a lock, or None when somebody else's is in the way or there is nothing to lock."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
