"""Where a user's own plugin data lie: configuration, installed plugins, verified copies. Never in the repository worked on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
    home = Path(known.get("HOME") or Path.home())

    def place(variable: str, default: str) -> Path:
        given = known.get(variable, "")
        return (Path(given) if os.path.isabs(given) else home / default) / "orchestrator"

    return UserPlaces(
        config=place("XDG_CONFIG_HOME", ".config"), data=place("XDG_DATA_HOME", ".local/share"), cache=place("XDG_CACHE_HOME", ".cache")
    )
