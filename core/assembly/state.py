"""The state directory of a project: ours, or it is not used.

Whose a file is, is looked at where it is opened (``core.files.private``). What that cannot see is a state directory that git
checked out: its files belong to whoever ran git. So it is refused when git tracks anything in it, and because asking git costs
as much as the rest of a small command, the answer is remembered in the directory: a mark that only this user can make, about
this directory and the git index as it was asked.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from core.assembly.project import STATE_DIRECTORY
from core.errors import OrchestratorError, StateRefused
from core.files.private import PrivateDirectory, open_private
from core.files.reading import MIB, read_regular
from core.files.user_places import user_key, user_places

_MARK = "mark"
#: An index that changed this shortly before it was looked at may change again without its times showing it.
_RACY_NANOSECONDS = 2_000_000_000
#: Bytes of a ``.git`` file that names another directory; paths are no longer.
_LONGEST = 8192
#: Bytes of an index that are looked through where git cannot; half a million files take fewer.
_LARGEST_INDEX = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The index of the git repository around a project, as last looked at."""

    path: str
    #: What ``stat`` says of it; empty when it is not there.
    stamp: str
    #: Whether an equal stamp proves an equal index.
    settled: bool


def make_state(root: Path) -> None:
    """Make the state directory of the repository at ``root`` where it is missing; one that is there must be ours. Raises StateRefused."""
    from core.adapters.private_dir import make_private_dir

    make_private_dir(root, STATE_DIRECTORY)
    _check(root, mark=True)


def check_state(root: Path) -> None:
    """Raise StateRefused when there is a state directory and it is not ours; nothing is written."""
    _check(root, mark=False)


def own_key(root: Path, *, create: bool) -> bytes | None:
    """Return the secret by which this user's tool knows again what it wrote; None where there is none.

    Raises StateRefused when somebody else may have written it.
    """
    try:
        config = user_places().config
    except RuntimeError:  # neither HOME nor an entry in the list of users
        return None
    if Path(os.path.realpath(config)).is_relative_to(os.path.realpath(root)):
        return None  # what lies in a repository is no secret
    return user_key(config, create=create)


def _check(root: Path, *, mark: bool) -> None:
    try:
        with open_private(root / STATE_DIRECTORY) as place:
            place.check_entries()
            if mark:
                place.remove_left_parts()
            _check_tracking(root, place, mark=mark)
    except OSError:
        return  # not there, or out of reach: whoever needs it says so


def _check_tracking(root: Path, place: PrivateDirectory, *, mark: bool) -> None:
    index = _index_around(root)
    expected = _mark_of(root, place, index, create=mark)
    if expected and _read_mark(place) == expected:
        return
    if index is not None and _is_tracked(root, index):
        raise StateRefused(
            f"{root / STATE_DIRECTORY} is tracked by git: what a repository brings is not the state of this machine",
            hint=f"git rm -r --cached {STATE_DIRECTORY}, and away with what came: rm -r {STATE_DIRECTORY}",
        )
    if mark and expected and (index is None or index.settled):
        with suppress(OSError):
            place.replace(_MARK, expected)


def _is_tracked(root: Path, index: _Index) -> bool:
    """Ask git; where it cannot say, a path of ours that stands in the index is one too many."""
    from core.adapters.git import is_tracked

    tracked = is_tracked(str(root), STATE_DIRECTORY)
    if tracked is not None:
        return tracked
    with suppress(OSError, OrchestratorError):
        return f"{STATE_DIRECTORY}/".encode() in read_regular(index.path, index.path, limit=_LARGEST_INDEX)
    return False


def _mark_of(root: Path, place: PrivateDirectory, index: _Index | None, *, create: bool) -> bytes | None:
    """Return what the mark says when this directory was looked at with this index; None without a key to say it with."""
    with suppress(StateRefused):
        if key := own_key(root, create=create):
            found = os.fstat(place.descriptor)
            about = f"{found.st_dev} {found.st_ino} {index.path if index else ''} {index.stamp if index else ''}"
            return blake2b(os.fsencode(about), key=key, person=b"state directory").hexdigest().encode() + b"\n"
    return None


def _read_mark(place: PrivateDirectory) -> bytes:
    with suppress(FileNotFoundError):
        return place.read(_MARK, _LONGEST)
    return b""


def _index_around(root: Path) -> _Index | None:
    """Return the index of the nearest git repository from ``root`` up; None when there is no repository."""
    for directory in (root, *root.parents):
        if (git := _git_directory(directory / ".git")) is not None:
            return _look_at(str(git / "index"))
    return None


def _git_directory(dot_git: Path) -> Path | None:
    """Return what ``.git`` stands for: a directory, or the one that a file names in a linked work tree or a submodule."""
    if dot_git.is_dir():
        return dot_git
    if not dot_git.is_file():
        return None
    with suppress(OSError), dot_git.open("rb") as file:
        word, _, named = os.fsdecode(file.read(_LONGEST)).strip().partition(": ")
        return dot_git.parent / named if word == "gitdir" and "\0" not in named else None
    return None


def _look_at(path: str) -> _Index:
    try:
        found = os.stat(path)
    except OSError:
        return _Index(path=path, stamp="", settled=True)
    changed = max(found.st_mtime_ns, found.st_ctime_ns)
    stamp = f"{found.st_ino} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns}"
    return _Index(path=path, stamp=stamp, settled=changed < time.time_ns() - _RACY_NANOSECONDS)
