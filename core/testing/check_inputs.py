"""In-memory twin of the port ``CheckInputs``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from core.domain.tasks.task import Task
from core.domain.untrusted.globs import any_of


class InMemoryCheckInputs:
    """Contents by path in ``files``, which may be changed at any time; what was changed counts from the next ``refresh`` on."""

    def __init__(self, files: Mapping[str, str] | None = None) -> None:
        self.files = dict(files or {})
        self._seen = dict(self.files)

    def digest(self, check: Task) -> str:
        if not check.sources:
            return ""
        entry = (check.command, check.plugin, dict(check.with_), check.verify, check.cwd, dict(check.env))
        seen = {path: text for path, text in sorted(self._seen.items()) if self._selects(check.sources, path)}
        return hashlib.sha256(repr((entry, seen)).encode()).hexdigest() if seen else ""

    def refresh(self) -> None:
        self._seen = dict(self.files)

    def unmatched(self, check: Task) -> Sequence[str]:
        return tuple(glob for glob in check.sources if glob[0] != "!" and not any(self._selects((glob,), path) for path in self._seen))

    def _selects(self, globs: Sequence[str], path: str) -> bool:
        wanted = [glob for glob in globs if not glob.startswith("!")]
        below = [f"{glob.rstrip('/')}/" for glob in wanted if "*" not in glob]
        left_out = any_of([glob[1:] for glob in globs if glob.startswith("!")])
        return (any_of(wanted)(path) or path.startswith(tuple(below))) and not left_out(path)
