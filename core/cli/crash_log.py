"""What is kept of a mistake of ours, for the person who mends it."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from core import __version__

_LIBRARIES = ("typer", "rich", "PyYAML", "jsonschema", "radon")


def write_crash_log(error: BaseException, arguments: Sequence[str]) -> str:
    """Write traceback, versions and command line to a new file and return its path; the environment is not in it.

    It lies in ``.orchestrator/`` where there is one, else among the temporary files; with no place at all, the
    traceback is part of what is returned.
    """
    text = crash_text(error, arguments)
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for directory in (os.path.join(_directory(arguments), ".orchestrator"), tempfile.gettempdir()):
        path = os.path.join(directory, name)
        try:
            with open(path, "x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        except OSError:
            continue
        return path
    return f"this text:\n{text}"


def crash_text(error: BaseException, arguments: Sequence[str]) -> str:
    """Return the content of a crash log."""
    libraries = ", ".join(f"{name} {_version(name)}" for name in _LIBRARIES)
    return (
        f"orchestrator {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
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
