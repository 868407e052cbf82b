"""Where a user's own data lie (configuration, installed plugins, verified copies; never in the repository worked on), and the
secret key among them that authenticates what the tool wrote itself.
"""

from __future__ import annotations

import os
import pwd
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from core.files.ownership import check_way_to
from core.files.private import PrivateDirectory, open_private

#: Nobody can make a directory below it.
_NOWHERE = Path(os.devnull)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPlaces:
    """The three directories, after the XDG base directory specification."""

    #: Trust store and keys made on this machine.
    config: Path
    #: Installed plugins and what this machine has accepted.
    data: Path
    #: Verified copies and the requirements' environments; may be deleted at any time.
    cache: Path


def user_places(environment: Mapping[str, str] | None = None) -> UserPlaces:
    """Return the places for ``environment`` (default: the process's)."""
    known = os.environ if environment is None else environment
    home = _home(known.get("HOME", ""))

    def place(variable: str, default: str) -> Path:
        given = known.get(variable, "")
        return (Path(given) if os.path.isabs(given) else home / default) / "orchestrator"

    return UserPlaces(
        config=place("XDG_CONFIG_HOME", ".config"), data=place("XDG_DATA_HOME", ".local/share"), cache=place("XDG_CACHE_HOME", ".cache")
    )


def _home(given: str) -> Path:
    """Return the home directory: ``given`` unless it is relative, which would be a place in the repository; else what the system knows.

    For a user id without a name the system knows none. Then nothing is found there, and nothing can be written.
    """
    if os.path.isabs(given):
        return Path(given)
    try:
        known = pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return _NOWHERE
    return Path(known) if os.path.isabs(known) else _NOWHERE


KEY_FILE = "state.key"
#: Bytes.
_LENGTH = 32


def user_key(directory: Path, *, create: bool) -> bytes | None:
    """Return the key in ``directory``; None where there is none, and with ``create`` where none can be made either.

    Raises StateRefused when somebody else may have written it.
    """
    check_way_to(directory / KEY_FILE)
    try:
        if create:
            directory.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_private(directory, create=create) as place:
            return _read(place) or (_make(place) if create else None)
    except OSError:
        return None


def _read(place: PrivateDirectory) -> bytes | None:
    """Return the key; None when there is none, or half of one: it then authenticates nothing and is made anew."""
    with suppress(FileNotFoundError):
        key = place.read(KEY_FILE, _LENGTH + 1)
        return key if len(key) == _LENGTH else None
    return None


def _make(place: PrivateDirectory) -> bytes | None:
    """Make a key; of several processes that do, all take the one that came last."""
    place.replace(KEY_FILE, secrets.token_bytes(_LENGTH))
    return _read(place)
