"""How git is started so that it only reads: no program of a repository's choice, no network, no write. Pure.

Whoever starts git passes what this returns. A library that only adds to the environment of its process (GitPython) must be made to
start git by our client (``core.adapters.git.write.gitpython``). Settings have two ways in, as options and as variables (git 2.31
and newer); both are stronger than every file that git reads, those that it includes too.

What single settings cannot turn off, because its name is the repository's choice, the caller must not ask for:

| what | how it stays off |
|---|---|
| ``filter.NAME.*`` | commands that look into work files get each of them emptied (``filters_off``) |
| ``diff.NAME.textconv``, ``diff.NAME.command``, ``diff.external`` | ``--no-textconv --no-ext-diff``, or raw output only |
| ``merge.NAME.driver``, ``mergetool``, ``difftool`` | no merge, no tool |
| submodules, and their own configuration | ``--ignore-submodules=all``, never ``--recurse-submodules`` |
| ``remote.NAME.*`` | no protocol is allowed |
| ``alias.NAME`` | git's own commands cannot be aliased; only they are used |
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType

#: Variables that say how git is installed and whom its user trusts; every other ``GIT_*`` is dropped: inside a hook they
#: point at somebody's half-made commit, and ``GIT_TRACE`` writes files.
_KEPT = ("GIT_CONFIG_", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM", "GIT_EXEC_PATH", "GIT_TEST_ASSUME_DIFFERENT_OWNER")
#: The ``-c`` options of a git that we run inside of: they would win over the settings below.
_DROPPED = frozenset({"GIT_CONFIG_PARAMETERS"})

_FORCED: Mapping[str, str] = MappingProxyType(
    {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        # Older gits do not know GIT_NO_LAZY_FETCH; without any protocol allowed they cannot fetch either.
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_SSH_COMMAND": "false",
        "GIT_PROXY_COMMAND": "",
        "GIT_PAGER": "cat",
        "GIT_EDITOR": "false",
        # What the user's own configuration traces to files is not for us to write.
        "GIT_TRACE2": "0",
        "GIT_TRACE2_EVENT": "0",
        "GIT_TRACE2_PERF": "0",
        # A blob id stands for its content here, and a commit for its own parents: no replacements, no grafts.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": os.devnull,
        "LC_ALL": "C",
        "LANGUAGE": "",
    }
)

SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "core.fsmonitor": "false",
        "core.hooksPath": os.devnull,
        "core.untrackedCache": "false",
        "core.alternateRefsCommand": "true",
        "core.askPass": "",
        "core.editor": "false",
        "core.pager": "cat",
        "core.sshCommand": "false",
        # What is larger is no source: it is streamed, not held in memory.
        "core.bigFileThreshold": "32m",
        "credential.helper": "",
        "diff.ignoreSubmodules": "all",
        "fetch.recurseSubmodules": "false",
        "gc.auto": "0",
        "gpg.program": "false",
        "gpg.ssh.program": "false",
        "gpg.x509.program": "false",
        "log.showSignature": "false",
        "maintenance.auto": "false",
        "protocol.allow": "never",
        # A folder of the repository that looks like a repository itself is none.
        "safe.bareRepository": "explicit",
        "submodule.recurse": "false",
    }
)


def reading_options() -> tuple[str, ...]:
    """Return what stands between ``git`` and its command."""
    return ("--no-pager", "--no-optional-locks", *(word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")))


def reading_environment(environ: Mapping[str, str], more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment for a git that reads: ``environ`` without what could turn git elsewhere; ``more`` are settings, too."""
    inherited = {key: value for key, value in environ.items() if not key.startswith("GIT_") or _is_kept(key)}
    settings = [*_counted(inherited), *SETTINGS.items(), *(more or {}).items()]
    inherited = {key: value for key, value in inherited.items() if not key.startswith(("GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))}
    inherited["GIT_CONFIG_COUNT"] = str(len(settings))
    for number, (key, value) in enumerate(settings):
        inherited |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**inherited, **_FORCED}


def filters_off(names: Iterable[str]) -> dict[str, str]:
    """Return the settings that stop git from starting any of the filters among ``names``, settings such as ``filter.lfs.clean``."""
    filters = {name.rpartition(".")[0] for name in names if name}
    off = {"clean": "", "smudge": "", "process": "", "required": "false"}
    return {f"{name}.{key}": value for name in sorted(filters) for key, value in off.items()}


def absolute_entries(path: str) -> str:
    """Return a search path without its relative entries: a program is never taken from the directory that we are in."""
    return os.pathsep.join(entry for entry in path.split(os.pathsep) if os.path.isabs(entry))


def is_inside(path: str) -> bool:
    """Return whether a path that git lists stays below the project; a damaged index can hold any."""
    return not path.startswith("/") and not {"", ".", ".."} & set(path.split("/"))


def _is_kept(name: str) -> bool:
    return name.startswith(_KEPT) and name not in _DROPPED


def _counted(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the settings that the user's own ``GIT_CONFIG_COUNT`` variables make; none where their count is no number."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    if not (count.isascii() and count.isdigit() and len(count) < 5):
        return []
    pairs = ((environ.get(f"GIT_CONFIG_KEY_{number}"), environ.get(f"GIT_CONFIG_VALUE_{number}")) for number in range(int(count)))
    return [(key, value) for key, value in pairs if key is not None and value is not None]
