"""In-memory twins of the ports of ``core.ports.code``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.domain.quality.finding import Accepted, PluginFindings, plugin_findings
from core.domain.quality.history import (
    CHURN_FACTOR,
    ChangedFile,
    ChangeSet,
    Commit,
    CommitWindow,
    History,
    RepositoryFacts,
    Touch,
    assemble,
    blob_digest,
)
from core.domain.quality.metric import Block, FileMeasure, Metric
from core.domain.untrusted.globs import matches
from core.errors import UsageError
from core.ports.code import Measured


class InMemoryMeter:
    """Measures the bytes in ``files`` with a function of the test's choice, and remembers blobs as a cache does."""

    def __init__(
        self,
        measure: Callable[[bytes], FileMeasure],
        files: Mapping[str, bytes] | None = None,
        *,
        include: Sequence[str] = ("**/*.py",),
        exclude: Sequence[str] = (),
    ) -> None:
        self._measure = measure
        self._include = include
        self._exclude = exclude
        self._blobs: dict[str, FileMeasure] = {}
        #: Contents by path.
        self.files = dict(files or {})
        #: What ``advise`` answers, by path and block name.
        self.advice: dict[tuple[str, str], str] = {}
        #: What it was asked about, with the metric and the threshold.
        self.advised: list[tuple[str, Metric, float]] = []

    def measure(self, paths: Sequence[str] | None = None) -> tuple[Measured, ...]:
        chosen = self._selected("") if paths is None else {path for named in paths for path in self._named(named)}
        return tuple(Measured(path=path, measure=self._measure(self.files[path])) for path in sorted(chosen))

    def measure_sources(self, sources: Sequence[bytes]) -> tuple[FileMeasure, ...]:
        return tuple(map(self._measure, sources))

    def measure_blobs(self, ids: Iterable[str], read: Callable[[Sequence[str]], Iterable[tuple[str, bytes]]]) -> Mapping[str, FileMeasure]:
        wanted = list(dict.fromkeys(ids))
        missing = [name for name in wanted if name not in self._blobs]
        if missing:
            self._blobs.update((name, self._measure(source)) for name, source in read(missing))
        return {name: self._blobs[name] for name in wanted if name in self._blobs}

    def advise(self, path: str, block: Block | None = None, *, metric: Metric, threshold: float) -> str:
        self.advised.append((path, metric, threshold))
        return self.advice.get((path, block.name if block else ""), "")

    def _named(self, path: str) -> Iterable[str]:
        if path in self.files:
            return (path,)
        return self._selected("" if path in {"", "."} else f"{path.removesuffix('/')}/")

    def _selected(self, directory: str) -> set[str]:
        return {
            path
            for path in self.files
            if path.startswith(directory)
            and any(matches(path, glob) for glob in self._include)
            and not any(matches(path, glob) for glob in self._exclude)
        }


class InMemoryRepository:
    """Trees by revision name, and a work tree. Moves are told, not guessed."""

    def __init__(self) -> None:
        #: Contents by path, by revision name.
        self.trees: dict[str, Mapping[str, bytes]] = {}
        self.work_tree: dict[str, bytes] = {}
        #: New path → old path.
        self.renamed: dict[str, str] = {}

    def selecting(self, include: Sequence[str], exclude: Sequence[str]) -> InMemoryRepository:
        del include, exclude  # it has no other files than those that are compared
        return self

    def facts(self) -> RepositoryFacts:
        return RepositoryFacts(root="/project", head=next(reversed(self.trees), ""), branch="main")

    def base_of(self, revision: str) -> str:
        unborn = revision == "HEAD" and not self.trees
        if revision not in self.trees and not unborn:
            raise UsageError(f"cannot compare with {revision}: there is no such commit in this repository", hint="git log --oneline --all")
        return "" if unborn else revision

    def file_at(self, commit: str, path: str) -> bytes | None:
        return self.trees[commit].get(path)

    def changed_since(self, revision: str) -> ChangeSet:
        unborn = not self.base_of(revision)
        base = {} if unborn else self.trees[revision]
        deleted = set(base) - set(self.work_tree) - set(self.renamed.values())
        return ChangeSet(
            base="" if unborn else revision,
            changes=tuple(self._changes(base)),
            deleted=tuple(sorted(deleted)),
            deleted_bases={path: base[path] for path in sorted(deleted)},
            note="there is no commit yet: every file is new" if unborn else "",
        )

    def contents_since(self, commit: str) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        found = self.changed_since(commit)
        changed = {change.path: (change.base, self.work_tree[change.path]) for change in found.changes}
        return {path: (self.trees[commit][path], None) for path in found.deleted} | changed

    def _changes(self, base: Mapping[str, bytes]) -> Iterator[ChangedFile]:
        for path, content in sorted(self.work_tree.items()):
            old = path if path in base else self.renamed.get(path, path)
            if (old, base.get(old)) != (path, content):
                yield ChangedFile(path=path, old_path=old if old in base else "", base=base.get(old))


class InMemoryCommitLog:
    """A first-parent line of commits of Python files; ``depth`` cuts what ``window`` can see, as a shallow clone does."""

    def __init__(self, *, depth: int | None = None) -> None:
        self._commits: list[Commit] = []
        self._tree: dict[str, str] = {}
        self._depth = depth
        #: Content by blob id.
        self.blobs: dict[str, bytes] = {}
        #: New path → old path of what was moved since the last commit.
        self.moved: dict[str, str] = {}

    def commit(self, files: Mapping[str, bytes | None], *, renamed: Mapping[str, str] | None = None, at: float | None = None) -> str:
        """Commit contents by path (None: removed) and renames (new path → old path); return the commit's id."""
        moves = dict(renamed or {})
        before = dict(self._tree)
        for old in moves.values():
            del self._tree[old]
        touches = [self._touch(before, path, moves.get(path, path), content) for path, content in files.items()]
        touches += [self._touch(before, new, old, self.blobs[before[old]]) for new, old in moves.items() if new not in files]
        number = len(self._commits) + 1
        made = Commit(
            id=f"{number:040x}",
            at=1000.0 * number if at is None else at,
            touches=tuple(sorted((touch for touch in touches if touch), key=lambda touch: touch.path)),
        )
        self._commits.append(made)
        return made.id

    def window(self, count: int) -> CommitWindow:
        if count <= 0:
            return CommitWindow()
        if not self._commits:
            return CommitWindow(gap="there is no commit yet")
        here = self._commits[-(self._depth or len(self._commits)) :]
        shown = here[-count:]
        if len(here) == len(self._commits) or shown[0] is not here[0]:
            return CommitWindow(commits=tuple(shown), moved=dict(self.moved))
        end = Commit(id=shown[0].id, at=shown[0].at)
        return CommitWindow(commits=(end, *shown[1:]), gap="shallow clone: run git fetch --unshallow", moved=dict(self.moved))

    def _touch(self, before: Mapping[str, str], path: str, old: str, content: bytes | None) -> Touch | None:
        old_blob = before.get(old, "")
        blob = "" if content is None else blob_digest(content).hex()
        if content is None:
            self._tree.pop(path)
        else:
            self._tree[path] = blob
            self.blobs[blob] = content
        if (old, old_blob) == (path, blob):
            return None
        return Touch(path=path, old_path=old if old_blob else "", blob=blob, old_blob=old_blob)


class InMemoryHistory:
    """Measures the contents of an in-memory log of commits with any function."""

    def __init__(self, log: InMemoryCommitLog, measure: Callable[[bytes], FileMeasure]) -> None:
        self._log = log
        self._measure = measure

    def revisions(self, count: int) -> History:
        def measured(blob: str) -> FileMeasure:
            return self._measure(self._log.blobs[blob])

        window = self._log.window(CHURN_FACTOR * count)
        return assemble(window, count, lambda _commit, _path, blob: measured(blob), lambda _path, blob: measured(blob))


class InMemoryBaseline:
    """A baseline that is lost with its object."""

    def __init__(self, accepted: Sequence[Accepted] | None = None) -> None:
        #: None: there is no file.
        self.accepted = None if accepted is None else tuple(accepted)

    def read(self) -> tuple[Accepted, ...] | None:
        return self.accepted

    def write(self, accepted: Sequence[Accepted]) -> None:
        self.accepted = tuple(accepted)


class ScriptedAuditors:
    """By plugin: what it finds, as the contract of auditors has it, or the reason why it cannot be asked."""

    def __init__(self, **plugins: Sequence[Mapping[str, Any]] | str) -> None:
        self.plugins = dict(plugins)
        #: The files that each call was told.
        self.asked: list[tuple[str, ...]] = []

    def audit(self, files: Sequence[str], only: str = "") -> PluginFindings:
        self.asked.append(tuple(files))
        chosen = {name: told for name, told in self.plugins.items() if only in ("", name)}
        silent = (f"plugin {name}: {told}: what it finds is unknown" for name, told in chosen.items() if isinstance(told, str))
        answered = {name: told for name, told in chosen.items() if not isinstance(told, str)}
        return PluginFindings(
            findings=tuple(finding for name, told in answered.items() for finding in plugin_findings(name, told)),
            answered=frozenset(answered),
            notes=tuple(silent),
        )
