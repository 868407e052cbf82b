"""What was written into the tasks file, kept in the journal, so that an older text that comes back is not taken for an edit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from core.domain.tasks.entry import Snapshot
from core.domain.tasks.old_statuses import Change, Write, newest_words, old_statuses, work_mark
from core.domain.tasks.reload import Word
from core.domain.tasks.task import Status, Task
from core.ports.journal import Journal

#: With the number of a row in a ring: some writes, in their order. Alone: the version of the newest text, and which rows there are.
_KEY = "memory.writes"
_ROWS = 500
#: Changes after which another row is begun, and those that all rows hold.
_ROW_LENGTH = 500
_CHANGES_KEPT = 250_000
_WORDS: Mapping[str | None, Word] = {None: None, **{status.value: status for status in Status}}


class KnownTexts:
    """The texts that the file had, by what each write of ours changed, and each save of somebody else in the tasks of these writes.

    Texts of the last writes are known, as many as ``_ROWS`` and ``_CHANGES_KEPT`` allow.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        #: The newest text, as it was read or written.
        self._snapshot = Snapshot(tasks=(), version="")
        #: What it shows, by id; None until that is needed.
        self._words: dict[str, Word] | None = None
        #: What is not recorded yet: changes by the text that was read last.
        self._unrecorded: list[Write] = []
        self._has_written = False
        #: The row that this process fills.
        self._row: list[Write] = []
        self._row_number = -1

    def read(self, snapshot: Snapshot) -> dict[str, Status]:
        """Return the statuses that hold in place of old ones in a text that somebody else has saved, by id."""
        self._snapshot, self._words, self._unrecorded = snapshot, None, []
        index = self._index()
        if snapshot.version == index["version"]:
            return {}
        writes = tuple(self._load(index))
        newest = newest_words(writes)
        saved = self._shown()
        known = [task_id for task_id in newest if task_id in saved]
        changed = {name: Change(before=newest[name], after=saved[name]) for name in known if saved[name] is not newest[name]}
        if not changed:
            return {}
        self._unrecorded = [Write(changes=changed, after_rest=not self._has_written)]
        entries = {task.id: task for task in snapshot.tasks}
        return old_statuses(saved, writes, lambda task_id: work_mark(entries[task_id]))

    def keep(self) -> None:
        """Record that the text which was read last is the newest one."""
        self._record(self._unrecorded, self._snapshot.version)

    def wrote(self, snapshot: Snapshot, statuses: Mapping[str, Status], entry_of: Callable[[str], Task]) -> None:
        """Record a write of ours that set ``statuses``; ``snapshot`` is the newest text now, the same entries or more."""
        shown = self._shown()
        changed = {task_id: (shown.get(task_id), status) for task_id, status in statuses.items()}
        own = {name: _own_change(before, after, entry_of(name)) for name, (before, after) in changed.items() if before is not after}
        writes = [Write(changes=own, after_rest=not self._has_written)] if own else []
        shown.update(statuses)
        self._snapshot = snapshot
        if len(shown) != len(snapshot.tasks):
            self._words = None
        self._has_written = True
        self._record([*self._unrecorded, *writes], snapshot.version)

    def _shown(self) -> dict[str, Word]:
        if self._words is None:
            self._words = {task.id: task.status for task in self._snapshot.tasks}
            self._words.update(dict.fromkeys(self._snapshot.without_status()))
        return self._words

    def _index(self) -> dict[str, Any]:
        return self._journal.load_state(_KEY) or {"version": "", "first": 0, "lengths": []}

    def _load(self, index: Mapping[str, Any]) -> Iterator[Write]:
        for number in range(index["first"], index["first"] + len(index["lengths"])):
            yield from map(_decoded, self._journal.load_state(_row_key(number)) or ())

    def _record(self, writes: Sequence[Write], version: str) -> None:
        self._unrecorded = []
        index = self._index()
        if not writes and index["version"] == version:
            return
        with self._journal.transaction():
            if writes:
                self._append(writes, index)
            self._journal.save_state(_KEY, {**index, "version": version})

    def _append(self, writes: Sequence[Write], index: dict[str, Any]) -> None:
        """Add ``writes`` to the row that is being filled, or to a new one; drop the oldest rows where there are too many."""
        lengths = index["lengths"]
        last = index["first"] + len(lengths) - 1
        if not lengths or self._row_number != last or lengths[-1] >= _ROW_LENGTH:
            self._row, self._row_number = [], last + 1
            lengths.append(0)
        self._row += writes
        lengths[-1] += sum(len(write.changes) for write in writes)
        while len(lengths) > _ROWS or (sum(lengths) > _CHANGES_KEPT and len(lengths) > 1):
            self._journal.save_state(_row_key(index["first"]), None)
            index["first"] += 1
            del lengths[0]
        self._journal.save_state(_row_key(self._row_number), [_encoded(write) for write in self._row])


def _own_change(before: Word, after: Status, entry: Task) -> Change:
    work = "" if after in {Status.PENDING, Status.IN_PROGRESS} else work_mark(entry)
    return Change(before=before, after=after, work=work)


def _row_key(number: int) -> str:
    return f"{_KEY}.{number % (_ROWS + 1)}"


def _encoded(write: Write) -> list[Any]:
    changes = {task_id: [its.before, its.after, *([its.work] if its.work else [])] for task_id, its in write.changes.items()}
    return [write.after_rest, changes]


def _decoded(kept: Sequence[Any]) -> Write:
    """Return a write without the words of another version that are no status here."""
    after_rest, changes = kept
    known = {name: its for name, its in changes.items() if its[0] in _WORDS and its[1] in _WORDS}
    return Write(
        changes={name: Change(before=_WORDS[its[0]], after=_WORDS[its[1]], work="".join(its[2:])) for name, its in known.items()},
        after_rest=after_rest,
    )


def old_text(restored: Iterable[str]) -> str:
    """Return what is said of an older text that came back, in which the statuses of the tasks ``restored`` are old."""
    task_ids = list(restored)
    named = ", ".join(task_ids[:3]) + (f" and {len(task_ids) - 3} more" if len(task_ids) > 3 else "")
    return f"the tasks file shows an older text again: {named} keep the statuses of the journal; orchestrator reset ID runs one again"
