"""A repository on the disk, as ``init`` looks at it and writes into it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core.domain.settings.project_facts import ProjectSigns
from core.errors import InvalidFile, StorageError
from core.files.private import open_beneath
from core.files.reading import read_text, repository_above
from core.sudden_stop import held

_DEEPEST = 3
_MOST_PATHS = 20_000
_LARGEST_TEXT = 1024 * 1024
#: Directories in which nothing is the repository's own.
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "build", "dist", "site-packages"})
#: What file systems without hard links say.
_NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
#: Where people keep a repository's own environment.
_ENVIRONMENTS = (".venv", "venv", "env")


class RepositoryProbe:
    """The directory ``root``; ``environ`` is what tasks will run in."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        self._root = root.resolve()
        self._environ = environ

    def look(self, files: Sequence[str], programs: Sequence[str]) -> ProjectSigns:
        if not self._root.is_dir():
            raise StorageError(f"no such directory: {self._root}")
        texts = {name: text for name in files if (text := self._text(name)) is not None}
        starts = {name: start for name in programs if (start := self._start(name))}
        top = repository_above(self._root)
        return ProjectSigns(
            name=self._root.name or "repository",
            paths=frozenset(self._paths()),
            texts=texts,
            programs=starts,
            git=bool(top),
            above="" if top in ("", str(self._root)) else os.path.relpath(top, self._root),
        )

    def existing(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(path for path in paths if os.path.lexists(self._root / path))

    def create(self, files: Mapping[str, str]) -> None:
        made: list[Path] = []
        try:
            for name, text in files.items():
                _create(self._root / name, text)
                made.append(self._root / name)
        except OSError as error:
            for path in made:
                with suppress(OSError):
                    path.unlink()
            raise StorageError(f"cannot write {name}: {error.strerror}", hint="nothing was written") from error

    def put(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            directory, own_name = os.path.split(name)
            try:
                with open_beneath(self._root, directory, create=True) as place:
                    place.replace(own_name, text.encode())
            except OSError as error:
                raise StorageError(f"cannot write {name}: {error.strerror}") from error

    def _paths(self) -> Iterator[str]:
        count = 0
        for folder, directories, files in os.walk(self._root):
            inside = Path(folder).relative_to(self._root)
            prefix = "" if inside == Path() else f"{inside.as_posix()}/"
            directories[:] = sorted(name for name in directories if self._is_own(Path(folder, name)))
            for name in (*(f"{name}/" for name in directories), *sorted(files)):
                if count >= _MOST_PATHS:
                    return
                count += 1
                yield f"{prefix}{name}"
            if len(inside.parts) + 1 >= _DEEPEST:
                directories.clear()

    def _is_own(self, directory: Path) -> bool:
        name = directory.name
        if name.startswith(".") or name in _PASSED_OVER or name.endswith(".egg-info"):
            return False
        return not directory.is_symlink() and not (directory / "pyvenv.cfg").exists()

    def _text(self, name: str) -> str | None:
        with suppress(OSError, StorageError, InvalidFile):
            return read_text(self._root / name, name, limit=_LARGEST_TEXT, inside=self._root)
        return None

    def _start(self, program: str) -> str:
        """Return how a run would start ``program``: by name where that finds the repository's own or there is none of its own."""
        found = shutil.which(program, path=self._environ.get("PATH", os.defpath))
        for environment in _ENVIRONMENTS:
            own = self._root / environment / "bin" / program
            if os.access(own, os.X_OK) and own.is_file():
                return program if found and Path(found).parent.samefile(own.parent) else f"{environment}/bin/{program}"
        return program if found else ""


@held()
def _create(path: Path, text: str) -> None:
    """Write a file whole or, whatever happens, not at all; never over another one."""
    part = path.with_name(f".{path.name}.part")
    try:
        # Whatever lies there, a link that leads elsewhere or a pipe, is not ours to write into.
        with suppress(FileNotFoundError):
            part.unlink()
        with open(part, "x", encoding="utf-8", newline="\n") as file:
            file.write(text)
        _give_name(part, path)
    finally:
        with suppress(OSError):
            part.unlink()


def _give_name(part: Path, path: Path) -> None:
    try:
        path.hardlink_to(part)
    except OSError as error:
        if error.errno not in _NO_LINKS or os.path.lexists(path):
            raise
        part.rename(path)
