"""How a process is known to belong to an attempt, whatever it does to hide.

Every process that a launched command starts, directly or not, inherits two marks:

- a number in the soft limit of ``RLIMIT_LOCKS``. Linux stopped enforcing that limit in 2.4.25, yet fork and
  exec hand it down, so the number survives a new session, a double fork, a closed stdio, a cleared
  environment and the death of every ancestor; looking at it costs a third of a microsecond a process.
- ``ORCHESTRATOR_ATTEMPT`` in its environment, for people, for tasks that are runs themselves (they put a
  number of their own, and append to this), and for systems where the limit cannot be set. There a cleared
  environment hides, and orphans that ended stay zombies until the tool ends.
"""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: Missing from the module ``resource``; the same on every Linux architecture that Python supports.
_RLIMIT_LOCKS = 10
_HANDLE_BITS = 22
_RUN_BYTES = 5
_LIMIT = 1 << (8 * _RUN_BYTES + _HANDLE_BITS)

RUN_VARIABLE = "ORCHESTRATOR_RUN_ID"
ATTEMPT_VARIABLE = "ORCHESTRATOR_ATTEMPT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What to look for: one tree of a run, or every tree of it."""

    #: Numbers ``low <= n < high`` belong to it.
    low: int
    high: int
    #: A word of ``ORCHESTRATOR_ATTEMPT``; one that ends in ``:`` stands for all that begin with it.
    word: str

    def matches(self, word: str) -> bool:
        return word.startswith(self.word) if self.word.endswith(":") else word == self.word


def of_run(run_id: str) -> Mark:
    """Return the mark that every process of a run has."""
    digest = hashlib.blake2b(os.fsencode(run_id), digest_size=_RUN_BYTES).digest()
    low = int.from_bytes(digest, "big") << _HANDLE_BITS
    return Mark(low=low, high=low + (1 << _HANDLE_BITS), word=f"{run_id}:")


def of_tree(run: Mark, handle: int) -> Mark:
    """Return the mark of one tree of ``run``."""
    low = run.low + handle % (1 << _HANDLE_BITS)
    return Mark(low=low, high=low + 1, word=f"{run.word}{handle}")


class Marker:
    """Puts marks on what this process starts, and recognises them on any process."""

    def __init__(self) -> None:
        self._own, self._hard = resource.getrlimit(_RLIMIT_LOCKS)
        self._numbered = self._hard == resource.RLIM_INFINITY or self._hard >= _LIMIT

    @contextmanager
    def mark_children(self, mark: Mark) -> Iterator[None]:
        """Give ``mark``'s number to the processes that this one starts inside."""
        if not self._numbered:
            yield
            return
        resource.setrlimit(_RLIMIT_LOCKS, (mark.low, self._hard))
        try:
            yield
        finally:
            resource.setrlimit(_RLIMIT_LOCKS, (self._own, self._hard))

    def is_marked(self, pid: int) -> bool:
        """Tell whether ``pid``, dead or alive, descends from something that was marked after us."""
        number = _number(pid)
        return number is not None and (number != self._own or (not self._numbered and bool(_words(pid))))

    def has_mark(self, pid: int, mark: Mark, *, trust_limit: bool = True) -> bool:
        """Tell whether ``pid`` has ``mark``; False for what is gone or belongs to somebody else.

        With ``trust_limit`` a process that has our own limit is taken for unmarked without a look at its
        environment: right for descendants of ours, not for those of a dead run.
        """
        number = _number(pid)
        if number is None:
            return False
        if mark.low <= number < mark.high:
            return True
        if trust_limit and self._numbered and number == self._own:
            return False
        return any(mark.matches(word) for word in _words(pid))


def _number(pid: int) -> int | None:
    """Return the soft limit of ``pid``; None when it is gone or belongs to another user."""
    try:
        return resource.prlimit(pid, _RLIMIT_LOCKS)[0]
    except PermissionError:
        return _number_from_text(pid)
    except OSError:
        return None


def _number_from_text(pid: int) -> int | None:
    """Do as ``_number`` does for a process of ours that changed its group, which ``prlimit`` refuses to look at."""
    try:
        if os.stat(f"/proc/{pid}").st_uid != os.geteuid():
            return None
        with open(f"/proc/{pid}/limits", "rb") as file:
            line = next(line for line in file if line.startswith(b"Max file locks"))
    except (OSError, StopIteration):
        return None
    soft = line.split()[3]
    return resource.RLIM_INFINITY if soft == b"unlimited" else int(soft)


def _words(pid: int) -> list[str]:
    """Return the words of ``ORCHESTRATOR_ATTEMPT`` in the environment ``pid`` was started with."""
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            variables = file.read().split(b"\0")
    except OSError:
        return []
    prefix = os.fsencode(f"{ATTEMPT_VARIABLE}=")
    return [word for variable in variables if variable.startswith(prefix) for word in os.fsdecode(variable[len(prefix) :]).split(" ")]
