"""The virtual environment in which wily runs. It lies in the user's cache directory and is made on first use.

Nothing of it is in our own environment, so neither can change the libraries of the other. Its contents are the pins of
``requirements.txt``, wheels only; another Python or other pins make another environment beside it. To remove it, delete its directory.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.adapters.wily.process import output_lines, run_guarded
from core.errors import StorageError
from core.files.ownership import check_way_to
from core.files.private import open_private
from core.files.temporary import remove_tree, temporary_directory

REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_BOOT = Path(__file__).with_name("boot.py")
_PARTIAL = ".new-"
_INSTALL = (
    *("install", "--requirement", str(REQUIREMENTS), "--require-hashes", "--no-deps", "--only-binary", ":all:"),
    *("--no-compile", "--no-warn-script-location", "--disable-pip-version-check", "--no-input"),
)
_INSTEAD = "or name a Python that has wily: ORCHESTRATOR_AUDIT_WILY_PYTHON=PYTHON"
_NO_PIP = f"on Debian and Ubuntu: sudo apt install python3-venv; elsewhere install pip for {sys.executable}, {_INSTEAD}"
_NO_NETWORK = f"connect to a network, set PIP_INDEX_URL to an index within reach or PIP_FIND_LINKS to a directory of wheels, {_INSTEAD}"
_NO_SPACE = f"free about 200 MB there, set XDG_CACHE_HOME to a directory with room, {_INSTEAD}"
_NOT_FITTING = f"run orchestrator with a Python that wily's requirements have wheels for, {_INSTEAD}"
_FULL = ("no space left on device", "disk quota exceeded")
#: What pip says when it cannot reach its index.
_UNREACHABLE = ("connection broken by", "max retries exceeded", "connection error", "could not fetch url", "newconnectionerror")


class WilyEnvironment:
    """The environment for this Python and these pins, whether it exists or not."""

    def __init__(self, cache: Path, note: Callable[[str], None]) -> None:
        """``cache`` is the user's cache directory of this tool; ``note`` is called with lines of text that say what is going on."""
        self.place = cache / "wily"
        digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:16]
        self.directory = self.place / f"{sys.implementation.cache_tag}-{digest}"
        self._note = note

    @property
    def exists(self) -> bool:
        """Whether it is there and its Python can be started: not, once the Python that it was made with is gone."""
        return os.access(_python_in(self.directory), os.X_OK)

    def python(self) -> str:
        """Return the path of its Python; the environment is made first where it is missing, which needs pip's index.

        Of several processes one makes it and the others wait. What a killed process left half made is removed and made anew.
        Raises StateRefused when somebody else could have written it, StorageError with what to do when it cannot be made.
        """
        check_way_to(self.directory)
        try:
            if not self._is_ours():
                self._make()
        except OSError as error:
            raise _failure(error.strerror or str(error), _hint(error)) from error
        return _python_in(self.directory)

    def _is_ours(self) -> bool:
        with suppress(FileNotFoundError, NotADirectoryError), open_private(self.place) as place:
            return place.check(self.directory.name, directory=True) is not None and self.exists
        return False

    def _make(self) -> None:
        self.place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked() as lock:
            if self._is_ours():
                return
            self._note(f"wily runs in an environment of its own, which is made now, once: {self.directory}\n")
            remove_tree(self.directory)
            with temporary_directory(_PARTIAL, self.place) as building:
                made = os.path.join(building, "environment")
                self._build(made, building, lock)
                os.rename(made, self.directory)
            self._note(f"wily is installed; rm -r {self.place} removes it\n")

    def _build(self, directory: str, temporary: str, lock: int) -> None:
        import venv

        venv.EnvBuilder(symlinks=True).create(directory)
        python = _python_in(directory)
        pip = [sys.executable, "-I", "-m", "pip", "--python", python]
        if importlib.util.find_spec("pip") is None:
            if importlib.util.find_spec("ensurepip") is None:
                raise _failure("this Python has neither pip nor ensurepip", _NO_PIP)
            _run([python, "-I", "-m", "ensurepip"], temporary, lock, otherwise=_NO_PIP)
            pip = [python, "-I", "-m", "pip"]
        self._note(f"installing wily and what it needs, {_count_pins()} packages, with pip …\n")
        _run([*pip, *_INSTALL], temporary, lock, otherwise=_NOT_FITTING)
        _run([python, "-P", str(_BOOT), "--version"], temporary, lock, otherwise=_NOT_FITTING)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with open_private(self.place, create=True) as place:
            lock = place.open("lock", os.O_WRONLY | os.O_CREAT)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._note("waiting for another process that makes the environment of wily …\n")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)


def _run(command: list[str], directory: str, lock: int, *, otherwise: str) -> None:
    """Run one step; ``otherwise`` is the advice for a failure whose cause its output does not tell. Raises StorageError, OSError."""
    if run_guarded(command, directory, lock, _environment(directory)) == 0:
        return
    lines = output_lines(directory)
    text = "\n".join(lines).lower()
    if any(words in text for words in _FULL):
        raise _failure("no space left on device", _NO_SPACE)
    if any(words in text for words in _UNREACHABLE):
        raise _failure("pip cannot reach its package index", _NO_NETWORK)
    # Where an index lacks a package, or pip has none at all, pip finds no version of it.
    raise _failure(_reason(lines), _NO_NETWORK if "(from versions: none)" in text else otherwise)


def _environment(directory: str) -> dict[str, str]:
    """Return the user's variables, pip's settings among them, without those that lead Python or pip to another place."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    elsewhere = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_PYTHON", "PIP_LOG")
    return {key: value for key, value in kept.items() if key not in elsewhere} | {"PIP_USER": "0", "TMPDIR": directory}


def _reason(lines: list[str]) -> str:
    """Return the first error among the output of a step, else its last line."""
    return next((line for line in lines if line.startswith("ERROR: ")), lines[-1] if lines else "it said nothing").removeprefix("ERROR: ")


def _hint(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return _NO_SPACE
    return f"set XDG_CACHE_HOME to a directory that you can write to, {_INSTEAD}"


def _failure(reason: str, hint: str) -> StorageError:
    return StorageError(f"the environment of wily cannot be made: {reason}", hint=hint)


def _python_in(directory: str | Path) -> str:
    return os.path.join(directory, "bin", "python")


def _count_pins() -> int:
    return REQUIREMENTS.read_text(encoding="utf-8").count("==")
