"""A repository in memory for ``init``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.domain.settings.project_facts import ProjectSigns
from core.errors import StorageError


class MemoryProjectFolder:
    """Files by path. ``programs`` are those installed, by name; ``broken`` paths cannot be written."""

    def __init__(self, files: Mapping[str, str] | None = None, programs: Mapping[str, str] | None = None, *, git: bool = True) -> None:
        self.files = dict(files or {})
        self.programs = dict(programs or {})
        self.broken: set[str] = set()
        self._signs = ProjectSigns(name="repository", paths=frozenset(), texts={}, programs={}, git=git)

    def look(self, files: Sequence[str], programs: Sequence[str]) -> ProjectSigns:
        return replace(
            self._signs,
            paths=self._paths(),
            texts={name: self.files[name] for name in files if name in self.files},
            programs={name: self.programs[name] for name in programs if name in self.programs},
        )

    def _paths(self) -> frozenset[str]:
        """Return files and their directories (ended by a slash), but for hidden directories and what lies in them."""
        directories = {f"{path[:end]}/" for path in self.files for end, letter in enumerate(path) if letter == "/"}
        return frozenset(path for path in {*self.files, *directories} if not (path.startswith(".") and "/" in path))

    def existing(self, paths: Sequence[str]) -> tuple[str, ...]:
        return tuple(path for path in paths if path in self.files or any(file.startswith(f"{path}/") for file in self.files))

    def create(self, files: Mapping[str, str]) -> None:
        for name in files:
            if name in self.broken or self.existing((name,)):
                raise StorageError(f"cannot write {name}", hint="nothing was written")
        self.files.update(files)

    def put(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            if name in self.broken:
                raise StorageError(f"cannot write {name}")
            self.files[name] = text
