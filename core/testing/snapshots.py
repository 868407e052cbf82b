"""In-memory twin of the port ``Snapshots``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.domain.quality.rollback import Entry, Undo, undo_of
from core.ports.snapshots import Rollback


class InMemorySnapshots:
    """Snapshots of ``files``, contents by path; a merge takes lines that are unique in both."""

    def __init__(self, files: Mapping[str, bytes] | None = None, *, left_out: Sequence[str] = (), kept: Sequence[str] = ()) -> None:
        self.files = dict(files or {})
        self._left_out, self._kept = frozenset(left_out), frozenset(kept)
        self._states: dict[str, dict[str, bytes]] = {}
        #: The subject of each state, in order.
        self.subjects: list[str] = []

    def take(self, subject: str, before: str = "") -> str:
        del before
        self.subjects.append(subject)
        name = f"{len(self.subjects):040x}"
        self._states[name] = {path: content for path, content in self.files.items() if path not in self._left_out}
        return name

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        old, new = self._states[before], self._states[after]
        paths = {path for path in {*old, *new} if old.get(path) != new.get(path)}
        return tuple(sorted(paths - self._kept))

    def contents(self, snapshot: str, paths: Sequence[str]) -> Mapping[str, bytes]:
        state = self._states[snapshot]
        return {path: state[path] for path in paths if path in state}

    def restore(self, before: str, after: str) -> Rollback:
        restored, left = list[str](), list[str]()
        for path in self.changed(before, after):
            (restored if self._undo(path, self._states[before].get(path), self._states[after].get(path)) else left).append(path)
        return Rollback(restored=tuple(restored), left=tuple(left), why_left="edited meanwhile" if left else "")

    def shows(self, before: str, after: str) -> str:
        return f"git show {after[:12]}" if after else f"git diff {before[:12]}"

    def _undo(self, path: str, before: bytes | None, after: bytes | None) -> bool:
        now = self.files.get(path)
        match undo_of(_entry(before), _entry(after), _entry(now)):
            case Undo.RESTORE if before is None:
                del self.files[path]
            case Undo.RESTORE:
                assert before is not None
                self.files[path] = before
            case Undo.MERGE:
                assert before is not None and after is not None and now is not None
                return self._merge(path, before, after, now)
            case Undo.LEAVE:
                return False
            case Undo.NOTHING:
                pass
        return True

    def _merge(self, path: str, before: bytes, after: bytes, now: bytes) -> bool:
        """Merge line by line, where all three have the same number of lines."""
        lines = [content.splitlines(keepends=True) for content in (before, after, now)]
        if len({len(each) for each in lines}) > 1:
            return False
        triples = list(zip(*lines, strict=True))
        if any(old != new and new != present for old, new, present in triples):
            return False
        self.files[path] = b"".join(old if present == new else present for old, new, present in triples)
        return True


def _entry(content: bytes | None) -> Entry | None:
    return None if content is None else Entry(mode="100644", blob=content.hex())
