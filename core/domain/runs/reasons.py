"""Why a task's status changed or an attempt ended: codes for the journal, and the words for them."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

Value = str | int | float


class Code(StrEnum):
    """Everything that the program says of an attempt's end or a change of status. Kept in journals: a code never changes its meaning."""

    #: Words from outside: a handler's refusal; the reasons in journals of before there were codes; what a secret was taken out of.
    TEXT = "text"
    #: A code that this version does not know, and its values: a newer version wrote it.
    UNKNOWN = "unknown"

    # How processes ended.
    EXIT = "exit"
    KILLED = "killed"
    CHECKS_PASSED = "checks_passed"
    CHECK_FAILED = "check_failed"
    TIMED_OUT = "timed_out"
    LEFT_BEHIND = "left_behind"
    # What speaks against the change of a handler, and what became of that change.
    GATE_FAILED = "gate_failed"
    NOT_ACCEPTED = "not_accepted"
    ROLLED_BACK = "rolled_back"
    LEFT = "left"
    NOT_ROLLED_BACK = "not_rolled_back"
    COMMITS_STAY = "commits_stay"
    # Why none was started.
    NOTHING_TO_EXECUTE = "nothing_to_execute"
    MANUAL = "manual"
    EMPTY_COMMAND = "empty_command"
    NO_SUCH_COMMAND = "no_such_command"
    NOT_EXECUTABLE = "not_executable"
    NOT_A_PROGRAM = "not_a_program"
    NO_INTERPRETER = "no_interpreter"
    NO_SUCH_DIRECTORY = "no_such_directory"
    CANNOT_START = "cannot_start"
    CANNOT_START_IN = "cannot_start_in"
    # Why an attempt was stopped.
    STOPPED = "stopped"
    RUN_BROKE_OFF = "run_broke_off"
    RUN_DIED = "run_died"
    ENTRY_REMOVED = "entry_removed"
    SET_MEANWHILE = "set_meanwhile"
    ENTRY_EDITED = "entry_edited"
    STILL_JUDGED = "still_judged"
    # What the loop makes of a task.
    ATTEMPT_STARTED = "attempt_started"
    DEPENDENCIES_DONE = "dependencies_done"
    NEXT_ATTEMPT = "next_attempt"
    UP_TO_DATE = "up_to_date"
    NO_FURTHER_ATTEMPT = "no_further_attempt"
    SUPERSEDED = "superseded"
    RETRY_FAILED = "retry_failed"
    NAMED = "named"
    NEEDED = "needed"
    EDITED = "edited"
    # What a person or a program did to the backlog.
    SET_IN_FILE = "set_in_file"
    MARKED_DONE = "marked_done"
    MARKED_VERIFIED = "marked_verified"
    OVERRIDDEN = "overridden"
    NO_LONGER_HOLDS = "no_longer_holds"
    RESET = "reset"
    CANCELLED = "cancelled"
    SAVED = "saved"
    # What a reflection cycle found.
    GONE = "gone"
    NOT_AUDITED = "not_audited"
    NOT_FOUND_BY_PLUGIN = "not_found_by_plugin"
    SCORE_CHANGED = "score_changed"
    FINDING_BACK = "finding_back"
    FINDING_WORSE = "finding_worse"
    ACCEPTED = "accepted"
    THRESHOLD_LOOSENED = "threshold_loosened"

    def of(self, *values: Value) -> Reason:
        """Return the reason with this code."""
        return Reason(code=self, values=values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A code with its values, and what is said after it: a failed check has how that ended, and that in turn a pause before a retry."""

    code: Code
    values: tuple[Value, ...] = ()
    then: Reason | None = None

    def __str__(self) -> str:
        return words(self)

    def followed_by(self, last: Reason) -> Reason:
        """Return the reason with ``last`` behind everything that it says."""
        return replace(self, then=last if self.then is None else self.then.followed_by(last))

    def parts(self) -> Iterator[Reason]:
        """Yield this reason and those that follow it, each with what follows."""
        part: Reason | None = self
        while part is not None:
            yield part
            part = part.then


def words(reason: Reason) -> str:
    """Return a reason as a person reads it: ``check failed: make test: exit 2; next attempt in 4 s``.

    A code or values that this version does not know are listed as they are.
    """
    said, part = "", reason
    while True:
        try:
            said += _WORDS[part.code](*part.values)
        except (TypeError, ValueError, LookupError, ArithmeticError):
            # A newer version's code, or not the values that this one writes with it.
            said += ("; " if said else "") + _listed(part)
        if part.then is None:
            return said
        part = part.then


def masked(reason: Reason, mask: Callable[[str], str]) -> Reason:
    """Return a reason whose words, and whose values, hold nothing that ``mask`` replaces."""
    said = words(reason)
    if mask(said) == said:
        return reason
    changed: Reason | None = None
    for part in reversed(tuple(reason.parts())):
        changed = replace(part, values=tuple(mask(value) if isinstance(value, str) else value for value in part.values), then=changed)
    assert changed is not None
    # A secret may reach over several values.
    return changed if words(changed) == mask(said) else Code.TEXT.of(mask(said))


def encode(reason: Reason) -> tuple[str, str]:
    """Return a reason as it is kept: its code, and a JSON list of its values and, one list each, of what follows it."""
    values = reason.values
    if reason.then is None and len(values) == 1 and values[0].__class__ is int:
        return str(reason.code), f"[{values[0]}]"  # nearly every reason, in a third of the time
    following = () if reason.then is None else [(part.code, *part.values) for part in reason.then.parts()]
    return str(reason.code), _to_json((*values, *following))


def decode(code: str | None, text: str) -> Reason:
    """Return a reason that was kept; without a code, ``text`` is the words of an older version.

    Raises ValueError, TypeError and RecursionError for a text that ``encode`` does not write.
    """
    if code is None:
        return Code.TEXT.of(text)
    kept = json.loads(text)
    own = [item for item in kept if not isinstance(item, list)]
    reason = None
    for part in reversed([item for item in kept if isinstance(item, list)]):
        reason = _part(part, reason)
    return _part([code, *own], reason)


def _part(kept: list[Any], then: Reason | None) -> Reason:
    name, *values = kept
    if not isinstance(name, str) or not all(isinstance(value, (str, int, float)) for value in values):
        raise TypeError(f"{kept!r} is no reason")
    known = _CODES.get(name)
    return Reason(code=known or Code.UNKNOWN, values=tuple(values) if known else (name, *values), then=then)


def _listed(part: Reason) -> str:
    """Return a code and its values as they are."""
    code, *values = map(str, part.values if part.code is Code.UNKNOWN and part.values else (part.code.value, *part.values))
    return code.replace("_", " ") + (f": {', '.join(values)}" if values else "")


def _signal_name(number: int) -> str:
    """Return ``SIGTERM``, or ``signal 99`` for one that has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


_to_json = json.JSONEncoder().encode
_CODES = {code.value: code for code in Code}

#: What makes the words of a code, called with its values.
_WORDS: Mapping[Code, Callable[..., str]] = {
    Code.TEXT: "{0}".format,
    Code.EXIT: "exit {0}".format,
    Code.KILLED: lambda number: f"killed by {_signal_name(number)}",
    Code.CHECKS_PASSED: "every check passed".format,
    Code.CHECK_FAILED: "check failed: {0}: ".format,
    Code.TIMED_OUT: "timed out after {0:g} s".format,
    Code.LEFT_BEHIND: lambda count: f"; {count} process{'es' if count > 1 else ''} left behind, terminated",
    Code.GATE_FAILED: "check {0} failed: ".format,
    Code.NOT_ACCEPTED: "the change is not accepted: {0}".format,
    Code.ROLLED_BACK: lambda count, shows: f"; the change was rolled back ({count} file{'s' if count > 1 else ''}; {shows} shows it)",
    Code.LEFT: lambda why, files: f"; not rolled back ({why}): {files}",
    Code.NOT_ROLLED_BACK: lambda why, shows: f"; the change was not rolled back: {why}" + (f" ({shows} shows it)" if shows else ""),
    Code.COMMITS_STAY: "; commits made meanwhile stay: git log {0}".format,
    Code.NOTHING_TO_EXECUTE: "there is nothing to execute: the task has no command, no plugin and no check".format,
    Code.MANUAL: "there is nothing to execute: a person finishes the task (manual: true)".format,
    Code.EMPTY_COMMAND: "the command is empty".format,
    Code.NO_SUCH_COMMAND: "no such command: {0}".format,
    Code.NOT_EXECUTABLE: "not executable: {0}".format,
    Code.NOT_A_PROGRAM: "not executable: {0} is neither a program nor a script with a #! line".format,
    Code.NO_INTERPRETER: "cannot start {0}: the interpreter its first line names does not exist".format,
    Code.NO_SUCH_DIRECTORY: "cannot start {0}: no such directory: {1}".format,
    Code.CANNOT_START: "cannot start {0}: {1}".format,
    Code.CANNOT_START_IN: "cannot start {0} in {1}: {2}".format,
    Code.STOPPED: lambda number: f"stopped by {_signal_name(number)}",
    Code.RUN_BROKE_OFF: "the run broke off".format,
    Code.RUN_DIED: "its run died".format,
    Code.ENTRY_REMOVED: "its entry was removed by hand".format,
    Code.SET_MEANWHILE: "set to {0} by hand".format,
    Code.ENTRY_EDITED: "its {0} was edited while it ran".format,
    Code.STILL_JUDGED: "set to done while it was carried out, and not judged yet".format,
    Code.ATTEMPT_STARTED: "attempt {0} started".format,
    Code.DEPENDENCIES_DONE: "everything it depends on is done".format,
    Code.NEXT_ATTEMPT: "; next attempt in {0:g} s".format,
    Code.UP_TO_DATE: lambda at: f"nothing that it is about has changed since it passed on {_moment(at)}",
    Code.NO_FURTHER_ATTEMPT: "; no further attempt: {0}".format,
    Code.SUPERSEDED: "superseded by a manual edit".format,
    Code.RETRY_FAILED: "--retry-failed".format,
    Code.NAMED: "named on the command line".format,
    Code.NEEDED: "a task that was named on the command line needs it".format,
    Code.EDITED: "its entry was edited since it failed".format,
    Code.SET_IN_FILE: "set by hand in the file".format,
    Code.MARKED_DONE: "marked as done by hand".format,
    Code.MARKED_VERIFIED: "marked as done by hand, its verify commands passed".format,
    Code.OVERRIDDEN: "marked as done by hand, overriding its verify commands".format,
    Code.NO_LONGER_HOLDS: "it no longer holds".format,
    Code.RESET: "reset by hand".format,
    Code.CANCELLED: "cancelled by hand".format,
    Code.SAVED: "saved by save_tasks".format,
    Code.GONE: "{0} is gone".format,
    Code.NOT_AUDITED: "{0} is no longer audited".format,
    Code.NOT_FOUND_BY_PLUGIN: "{0}: its plugin finds it no more".format,
    Code.SCORE_CHANGED: "{0} of {1}: {2} → {3}".format,
    Code.FINDING_BACK: "its finding is back: {0:g}".format,
    Code.FINDING_WORSE: "cancelled at {0:g}, its finding is worse now: {1:g}".format,
    Code.ACCEPTED: "accepted in {0}".format,
    Code.THRESHOLD_LOOSENED: "its threshold was loosened: {0} of {1} is {2}, {3} was wanted".format,
}
