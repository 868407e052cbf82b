"""The crash log: what is written about an error in orchestrator itself, for a bug report."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version

from core import __version__
from core.errors import StateRefused
from core.files.private import open_private

_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_LIBRARIES = ("typer", "rich", "PyYAML", "jsonschema", "radon")


def write_crash_log(error: BaseException, arguments: Sequence[str], mask: Callable[[str], str]) -> str:
    """Write traceback, versions and command line to a new file and return its path; the environment is not in it,
    nor a secret that is known.

    It lies in ``.orchestrator/`` where there is one, else among the temporary files; with no place at all, the
    traceback is part of what is returned.
    """
    text = mask(crash_text(error, arguments))
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for make in (_in_state_directory, _among_temporary_files):
        try:
            path, descriptor = make(_directory(arguments), name)
            with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except (OSError, StateRefused):
            continue
        return path
    return f"this text:\n{text}"


def _in_state_directory(root: str, name: str) -> tuple[str, int]:
    with open_private(os.path.join(root, ".orchestrator")) as place:
        return os.path.join(place.path, name), place.open(name, _NEW)


def _among_temporary_files(_root: str, name: str) -> tuple[str, int]:
    path = os.path.join(tempfile.gettempdir(), name)
    return path, os.open(path, _NEW | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def crash_text(error: BaseException, arguments: Sequence[str]) -> str:
    """Return the content of a crash log."""
    system = os.uname()  # platform.platform() starts a program to name the processor
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    return (
        f"orchestrator {__version__}, Python {platform.python_version()}, {system.sysname} {system.release} {system.machine}\n"
        f"{libraries}\n"
        f"arguments: {list(arguments)!r}\n"
        f"encoding: {sys.getfilesystemencoding()}\n\n" + "".join(traceback.format_exception(error))
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
    except OSError as error:
        return f"unknown ({error.strerror})"


def _directory(arguments: Sequence[str]) -> str:
    """Return the directory that ``-C`` names, as far as that is known before the command line is parsed."""
    for at, argument in enumerate(arguments):
        if argument in ("-C", "--directory") and at + 1 < len(arguments):
            return arguments[at + 1]
        if argument.startswith("--directory="):
            return argument.partition("=")[2]
    return "."
