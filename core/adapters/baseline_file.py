"""``audit.baseline``: the accepted findings as JSON, one a line, laid out such that two branches that change it merge.

git merges two changes if a line that neither touched lies between them. So the file has a fixed number of blank lines, and a hash
decides between which two of them an entry stands: entries that two branches add, lower or remove rarely meet. The empty entry at the
end gives every other line a comma, so that any choice of lines is valid.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path as FilePath
from typing import Any

from core.domain.quality.finding import Accepted, Key
from core.domain.quality.metric import Metric
from core.errors import MOST_PROBLEMS, InvalidFile, Problem, StorageError
from core.files.reading import MIB, decode_text, is_inside, read_text, repository_top
from core.files.replacement import replace_file
from core.schema.document import Path
from core.schema.json_reader import load_json, places_of

_VERSION = 1
#: Blank lines. Two branches that add an entry each to an empty file conflict once in so many times.
_SECTIONS = 512
#: Bytes; 100,000 findings are 12 MiB.
_LARGEST = 32 * MIB
_HINT = "orchestrator audit --update-baseline writes it anew, and accepts every finding there is"
_UNRESOLVED = "an unresolved merge"
#: Says what is wrong with a value at a path of keys and positions.
_Complain = Callable[[Path, str], None]


class JsonBaseline:
    """BaselineFile over one file."""

    def __init__(self, path: FilePath, shown: str, *, root: FilePath | None = None) -> None:
        """``root`` is in the repository out of which no link may lead."""
        self._path = path
        self._shown = shown
        self._inside = None if root is None else repository_top(root)

    def read(self) -> tuple[Accepted, ...] | None:
        try:
            text = read_text(self._path, self._shown, limit=_LARGEST, inside=self._inside)
        except FileNotFoundError:
            return None
        except InvalidFile as error:
            raise InvalidFile(error.problems, hint=_HINT) from error
        return parse(text, self._shown)

    def write(self, accepted: Sequence[Accepted]) -> None:
        target = FilePath(os.path.realpath(self._path))
        if self._inside is not None and not is_inside(str(target), self._inside):
            raise StorageError(f"{self._shown} leads out of the repository, to {target}", hint="nothing was written")
        replace_file(target, render(accepted).encode(), shown=self._shown)


class CommittedBaseline:
    """BaselineFile over the bytes of another revision: it is read, and never written."""

    def __init__(self, content: bytes | None, shown: str) -> None:
        self._content = content
        self._shown = shown

    def read(self) -> tuple[Accepted, ...] | None:
        if self._content is None:
            return None
        return parse(decode_text(self._content, self._shown), self._shown)

    def write(self, accepted: Sequence[Accepted]) -> None:
        del accepted
        raise StorageError(f"{self._shown}: the baseline of another revision cannot be changed")


def render(accepted: Sequence[Accepted]) -> str:
    """Return the text of a baseline: a blank line before each section, in which the entries are in the order of ``accepted``."""
    sections: list[list[str]] = [[""] for _ in range(_SECTIONS)]
    for each in accepted:
        sections[_section_of(each)].append(f"{_line(_fields(each))},")
    return "\n".join(["{", f'"version": {_VERSION},', '"findings": [', *chain.from_iterable(sections), "{}", "]", "}", ""])


def _section_of(accepted: Accepted) -> int:
    """Return the section of an entry, which depends on what it is about and not on how bad it is: 0 … _SECTIONS - 1."""
    name = "\0".join(accepted.key).encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.sha256(name).digest()[:4], "big") % _SECTIONS


def parse(text: str, shown: str) -> tuple[Accepted, ...]:
    """Return the entries of a baseline's text, by path, metric and block.

    Raises InvalidFile with its mistakes, of very many with the first and their number.
    """
    try:
        document = load_json(text, shown, depth=0)
    except InvalidFile as error:
        problems = [_syntax_problem(problem, text) for problem in error.problems]
        unresolved = any(problem.message == _UNRESOLVED for problem in problems)  # then nothing has to be accepted anew
        raise InvalidFile(problems, hint="" if unresolved else _HINT) from error
    mistakes = _Mistakes()
    entries = _entries(document, mistakes)
    if mistakes.first:
        places = places_of(text, [at for at, _ in mistakes.first])
        problems = [Problem(file=shown, line=places[at][0], column=places[at][1], message=message) for at, message in mistakes.first]
        raise InvalidFile(problems, hint=_HINT, more=mistakes.more)
    return tuple(sorted(entries, key=lambda entry: (entry.path, entry.metric, entry.block)))


@dataclass(slots=True)
class _Mistakes:
    """The first of them, in the file's order, and how many more there are."""

    first: list[tuple[Path, str]] = field(default_factory=list)
    #: Mistakes, and entries that were not looked at any more closely.
    more: int = 0

    @property
    def are_enough(self) -> bool:
        return len(self.first) >= MOST_PROBLEMS

    def add(self, at: Path, message: str) -> None:
        if self.are_enough:
            self.more += 1
        else:
            self.first.append((at, message))


def entry_lines(text: str) -> dict[Key, int]:
    """Return the 1-based line of each entry that has a line of its own; of two for one place, the first."""
    lines: dict[Key, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        try:
            item = json.loads(line.strip().rstrip(","))
        except (ValueError, RecursionError):
            continue
        if isinstance(item, dict) and _is_sound(item) and item:
            lines.setdefault((item["metric"], item["path"], item.get("block", "")), number)
    return lines


def _line(fields: dict[str, object]) -> str:
    text = json.dumps(fields, ensure_ascii=False)
    # A name that is no text in UTF-8 is written in escapes.
    return text if text.encode("utf-8", "replace").decode() == text else json.dumps(fields)


def _fields(accepted: Accepted) -> dict[str, object]:
    fields = {"path": accepted.path, "block": accepted.block, "metric": accepted.metric.value, "score": accepted.score}
    more = {"unclamped": accepted.unclamped, "shape": accepted.shape}
    return {name: value for name, value in {**fields, **more}.items() if value not in ("", None)}


def _syntax_problem(problem: Problem, text: str) -> Problem:
    line = text.split("\n")[problem.line - 1]
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        hint = "of two lines for one place the better score counts: keep both sides"
        return Problem(file=problem.file, line=problem.line, column=problem.column, message=_UNRESOLVED, hint=hint)
    return problem


def _entries(document: Any, mistakes: _Mistakes) -> list[Accepted]:
    complain = mistakes.add
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        complain((), "must be a map with a list of findings")
        return []
    if document.get("version") != _VERSION:
        complain(("version",), f"must be {_VERSION}: this file is of another version of orchestrator")
    for key in document.keys() - {"version", "findings"}:
        complain((key,), f"unknown key '{key}'")
    entries: list[Accepted] = []
    for position, item in enumerate(document["findings"]):
        if not _is_sound(item):
            if mistakes.are_enough:
                mistakes.more += 1
            else:
                _tell_mistakes(item, ("findings", position), complain)
        elif item:
            entries.append(_accepted(item))
    return entries


def _accepted(item: dict[str, Any]) -> Accepted:
    more = {name: item[name] for name in ("shape", "unclamped") if name in item}
    return Accepted(path=item["path"], block=item.get("block", ""), metric=_METRICS[item["metric"]], score=item["score"], **more)


def _is_sound(item: Any) -> bool:
    """Return whether an entry is one, or the empty one."""
    if not isinstance(item, dict):
        return False
    for name, value in item.items():
        if name not in _FIELDS or not _FIELDS[name][0](value):
            return False
    return not item or item.keys() >= _REQUIRED


def _tell_mistakes(item: Any, at: Path, complain: _Complain) -> None:
    if not isinstance(item, dict):
        complain(at, "must be a map")
        return
    for name, (check, wanted, required) in _FIELDS.items():
        if (name in item and not check(item[name])) or (required and name not in item):
            complain((*at, name), f"{name} must be {wanted}")
    for name in sorted(item.keys() - _FIELDS.keys()):
        complain((*at, name), f"unknown key '{name}'")


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_metric(value: Any) -> bool:
    return isinstance(value, str) and value in _METRICS


_METRICS = {metric.value: metric for metric in Metric}
_FIELDS: dict[str, tuple[Callable[[Any], bool], str, bool]] = {
    "path": (_is_text, "a path", True),
    "block": (_is_text, "a name", False),
    "metric": (_is_metric, f"one of {', '.join(Metric)}", True),
    "score": (_is_score, "a number", True),
    "shape": (_is_text, "a shape", False),
    "unclamped": (_is_score, "a number", False),
}
_REQUIRED = {name for name, (_, _, required) in _FIELDS.items() if required}
