"""Which statuses of a text that nobody has read before are old: it is based on an older text, which an editor or a merge still had."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.tasks.reload import Word, before_all, steps_back
from core.domain.tasks.task import Status, Task

#: What people do not write to set a status: no line, and a task in progress.
_NEVER_TYPED: tuple[Word, ...] = (None, Status.IN_PROGRESS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one write of the file changed in one entry."""

    before: Word
    after: Word
    #: ``work_mark`` of the entry at that time; empty where it does not matter.
    work: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One write of the file: its changes by id."""

    changes: Mapping[str, Change]
    #: Whether the text before it was there between runs, and not only for a moment of one.
    after_rest: bool = False


def newest_words(writes: Sequence[Write]) -> dict[str, Word]:
    """Return what the newest text shows of every task that ``writes``, in their order, changed."""
    return {task_id: change.after for write in writes for task_id, change in write.changes.items()}


def old_statuses(saved: Mapping[str, Word], writes: Sequence[Write], work_of: Callable[[str], str]) -> dict[str, Status]:
    """Return the statuses that hold in place of the old ones in ``saved``, by id in the order of ``saved``.

    ``saved`` is taken to be based on the text that it differs from least. What that one showed, too, is old, except: an entry with other
    work than was done before (``work_of`` has the mark of an id), and a word that a person may have typed: one that stands alone, or
    in a text with something later than its base. Nobody types ``in_progress``, and nobody deletes lines to set statuses.
    """
    newest = newest_words(writes)
    base, at_rest = _base(saved, newest, writes)
    old = {task_id for task_id in base if saved[task_id] is base[task_id] and _means(base[task_id]) is not _means(newest[task_id])}
    if len(old) == 1 or _is_later(saved, base, newest, at_rest=at_rest):
        old = {task_id for task_id in old if saved[task_id] in _NEVER_TYPED}
    old = _with_same_work(old, writes, work_of)
    return {task_id: _means(newest[task_id]) for task_id in saved if task_id in old}


def _base(saved: Mapping[str, Word], newest: Mapping[str, Word], writes: Sequence[Write]) -> tuple[dict[str, Word], bool]:
    """Return what of the tasks in ``saved`` its base showed otherwise than the newest text does, and whether it was there between runs."""
    undo = [{task_id: change.before for task_id, change in write.changes.items()} for write in writes]
    since = len(undo) - steps_back(saved, newest, undo)
    base = {task_id: word for task_id, word in before_all(undo[since:]).items() if task_id in saved and word is not newest[task_id]}
    return base, since < len(writes) and writes[since].after_rest


def work_mark(task: Task) -> str:
    """Return a short digest of what a task does; of one without command, plugin and verify its description says that."""
    described = "" if task.command or task.plugin or task.verify else task.description
    maps = [sorted(map(repr, its.items())) for its in (task.with_, task.env)]
    does = (task.command, task.plugin, *maps, task.verify, task.kind, task.cwd, task.manual, described)
    return hashlib.sha256(repr(does).encode(errors="surrogatepass")).hexdigest()[:12]


def _is_later(saved: Mapping[str, Word], base: Mapping[str, Word], newest: Mapping[str, Word], *, at_rest: bool) -> bool:
    """Return whether a text shows something later than its base: a status that was written since, or that a run has gone on.

    Of a text that was there for a moment of a run, its tasks in progress must be seen to believe that somebody had it.
    """
    running = [task_id for task_id, word in base.items() if word is Status.IN_PROGRESS]
    if any(saved[task_id] is not Status.IN_PROGRESS for task_id in running):
        return True
    return not (running or at_rest) or any(saved[task_id] is newest[task_id] for task_id in base)


def _means(word: Word) -> Status:
    return Status.PENDING if word is None else word


def _with_same_work(ids: set[str], writes: Sequence[Write], work_of: Callable[[str], str]) -> set[str]:
    """Return those of ``ids`` whose work is one that was done under the id, or under which none was done."""
    works: dict[str, set[str]] = {}
    for write in writes:
        for task_id, change in write.changes.items():
            if change.work and task_id in ids:
                works.setdefault(task_id, set()).add(change.work)
    return {task_id for task_id in ids if task_id not in works or work_of(task_id) in works[task_id]}
