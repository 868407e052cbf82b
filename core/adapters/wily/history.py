"""The history of the numbers, built by wily in a work tree that is ours."""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache

from core.adapters.wily.cache import WilyCache
from core.adapters.wily.numbers import file_measure
from core.adapters.wily.process import WilyFailed, run_wily
from core.domain.quality.history import CHURN_FACTOR, CommitWindow, History, assemble
from core.errors import StorageError
from core.files.private import open_private
from core.ports.code import CommitLog, Worktrees

_TREE, _TEMPORARY, _CACHE = "tree", "temporary", "cache"

OTHERWISE = "or set audit.use_wily: false, which reads git's objects directly"


class WilyHistory:
    """MetricHistory from wily's cache; what the cache lacks is built first."""

    def __init__(self, log: CommitLog, worktrees: Worktrees, directory: str, *, python: str) -> None:
        """``directory`` (absolute, ours alone) holds cache and work tree; ``python`` is the path of a Python that has wily."""
        self._log = log
        self._worktrees = worktrees
        self._python = python
        self._directory = directory
        self._tree = os.path.join(directory, _TREE)
        self._temporary = os.path.join(directory, _TEMPORARY)

    def revisions(self, count: int) -> History:
        window = self._log.window(CHURN_FACTOR * count)
        if not window.commits:
            return History(gap=window.gap)
        try:
            with self._locked() as lock:
                # One commit more than asked for: it holds the numbers from before the first.
                cache = self._built(window.newest(count + 1), lock)
        except (WilyFailed, StorageError) as failed:
            return History(gap=f"{failed}; try again, {OTHERWISE}")
        except OSError as error:
            return History(gap=f"{self._directory}: {error.strerror}")
        return _read(cache, window, count)

    def _built(self, window: CommitWindow, lock: int) -> WilyCache:
        """Return the cache, complete for the window."""
        for leftover in (self._tree, self._temporary):
            shutil.rmtree(leftover, ignore_errors=True)
        cache = WilyCache(os.path.join(self._directory, _CACHE))
        known = cache.repair()
        for is_known, commits in itertools.groupby(window.commits, key=lambda commit: commit.id in known):
            if not is_known:
                self._build(cache, replace(window, commits=tuple(commits)), lock)
        return cache

    def _build(self, cache: WilyCache, window: CommitWindow, lock: int) -> None:
        """Let wily measure the window. To wily its oldest commit has no past, so it is measured as a whole tree."""
        # -P: the working directory must not become a place to import from.
        command = (self._python, "-P", os.path.join(os.path.dirname(__file__), "boot.py"))
        options = ("--config", os.devnull, "--path", self._tree, "--cache", cache.directory)
        work = ("build", "--max-revisions", str(len(window.commits)), "--operators", "cyclomatic,maintainability")
        try:
            self._worktrees.create_detached(self._tree, window)
            os.makedirs(self._temporary)
            run_wily((*command, *options, *work), self._temporary, lock)
            _check(cache, window)
        except WilyFailed:
            cache.clear()
            raise
        finally:
            for leftover in (self._tree, self._temporary):
                shutil.rmtree(leftover, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        state, name = os.path.split(self._directory)
        with open_private(state, create=True) as above, above.directory(name, create=True) as place:
            # git and wily write below these by path.
            for inner in (_TREE, _TEMPORARY):
                place.check(inner, directory=True)
            with place.directory(_CACHE, create=True) as cache:
                cache.check("git", directory=True)
            lock = place.open("lock", os.O_WRONLY | os.O_CREAT)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield lock
        finally:
            os.close(lock)


def _check(cache: WilyCache, window: CommitWindow) -> None:
    built = cache.repair()
    missing = [commit.id for commit in window.commits if commit.id not in built]
    if missing:
        raise WilyFailed(f"wily built {len(window.commits) - len(missing)} of {len(window.commits)} revisions")


def _read(cache: WilyCache, window: CommitWindow, count: int) -> History:
    oldest, place = cache.load(window.newest(count + 1).commits[0].id), window.prefix
    numbers = lru_cache(maxsize=1)(cache.load)
    return assemble(
        window,
        count,
        lambda commit, path, _blob: file_measure(numbers(commit), place + path),
        lambda path, _blob: file_measure(oldest, place + path),
    )
