"""``audit.baseline``: the accepted findings as JSON, one a line, in an order that does not change.

The empty entry at the end gives every line a comma, so that adding and removing lines in two branches merges.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.domain.accepted import Accepted
from core.domain.metric import Metric
from core.errors import InvalidFile, Problem, StorageError
from core.sudden_stop import held
from core.yaml_text import Limits, read_plain

_VERSION = 1
#: Places of mistakes are looked for in texts up to this size.
_LIMITS = Limits(size=16 * 1024 * 1024, depth=8, nodes=2_000_000)
_HINT = "orchestrator audit --update-baseline writes it anew"
#: Says what is wrong with a value at a path of keys and positions.
_Complain = Callable[[tuple[str | int, ...], str], None]


class JsonBaseline:
    """BaselineFile over one file."""

    def __init__(self, path: Path, shown: str) -> None:
        self._path = path
        self._shown = shown

    def read(self) -> tuple[Accepted, ...] | None:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except UnicodeDecodeError as error:
            raise InvalidFile([Problem(file=self._shown, message="not text in UTF-8")], hint=_HINT) from error
        except OSError as error:
            raise StorageError(f"cannot read {self._shown}: {error.strerror}") from error
        return parse(text, self._shown)

    @held()
    def write(self, accepted: Sequence[Accepted]) -> None:
        target = Path(os.path.realpath(self._path))
        scratch = ""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=target.parent, prefix=f".{target.name}-", delete=False) as file:
                scratch = file.name
                file.write(render(accepted))
            os.chmod(scratch, _mode(target))
            os.replace(scratch, target)
        except OSError as error:
            with suppress(OSError):
                os.unlink(scratch)
            raise StorageError(f"cannot write {self._shown}: {error.strerror}") from error


def render(accepted: Sequence[Accepted]) -> str:
    """Return the text of a baseline."""
    lines = (_line(_fields(each)) for each in accepted)
    return f'{{\n"version": {_VERSION},\n"findings": [\n' + "".join(f"{line},\n" for line in lines) + "{}\n]\n}\n"


def parse(text: str, shown: str) -> tuple[Accepted, ...]:
    """Return the entries of a baseline's text. Raises InvalidFile with every mistake in it."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidFile([_syntax_problem(error, text, shown)], hint=_HINT) from error
    except RecursionError as error:
        raise InvalidFile([Problem(file=shown, message="nested too deeply")], hint=_HINT) from error
    mistakes: list[tuple[tuple[str | int, ...], str]] = []
    entries = _entries(document, lambda at, message: mistakes.append((at, message)))
    if mistakes:
        plain = read_plain(text, shown, _LIMITS)
        places = [(*plain.place(at), message) for at, message in mistakes]
        raise InvalidFile([Problem(file=shown, line=line, column=column, message=message) for line, column, message in places], hint=_HINT)
    return tuple(entries)


def _line(fields: dict[str, object]) -> str:
    text = json.dumps(fields, ensure_ascii=False)
    # A name that is no text in UTF-8 is written in escapes.
    return text if text.encode("utf-8", "replace").decode() == text else json.dumps(fields)


def _fields(accepted: Accepted) -> dict[str, object]:
    fields = {"path": accepted.path, "block": accepted.block, "metric": accepted.metric.value, "score": accepted.score}
    return {name: value for name, value in {**fields, "shape": accepted.shape}.items() if value != ""}


def _syntax_problem(error: ValueError, text: str, shown: str) -> Problem:
    if not isinstance(error, json.JSONDecodeError):
        return Problem(file=shown, message=str(error))
    line = text.split("\n")[error.lineno - 1]
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        message, hint = "an unresolved merge", "of two lines for one place the better score counts: keep both sides"
    else:
        message, hint = f"not JSON: {error.msg}", ""
    return Problem(file=shown, line=error.lineno, column=error.colno, message=message, hint=hint)


def _entries(document: Any, complain: _Complain) -> list[Accepted]:
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        complain((), "must be a map with a list of findings")
        return []
    if document.get("version") != _VERSION:
        complain(("version",), f"must be {_VERSION}: this file is of another version of orchestrator")
    for key in document.keys() - {"version", "findings"}:
        complain((key,), f"unknown key '{key}'")
    return [
        Accepted(
            path=item["path"], block=item.get("block", ""), metric=Metric(item["metric"]), score=item["score"], shape=item.get("shape", "")
        )
        for position, item in enumerate(document["findings"])
        if item != {} and _sound(item, ("findings", position), complain)
    ]


def _sound(item: Any, at: tuple[str | int, ...], complain: _Complain) -> bool:
    """Return whether an entry is one; every mistake is told."""
    if not isinstance(item, dict):
        complain(at, "must be a map")
        return False
    mistakes = 0
    for name, (check, wanted, required) in _FIELDS.items():
        if (name in item and not check(item[name])) or (required and name not in item):
            complain((*at, name), f"{name} must be {wanted}")
            mistakes += 1
    for name in item.keys() - _FIELDS.keys():
        complain((*at, name), f"unknown key '{name}'")
        mistakes += 1
    return not mistakes


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_metric(value: Any) -> bool:
    return value in tuple(Metric)


_FIELDS: dict[str, tuple[Callable[[Any], bool], str, bool]] = {
    "path": (_is_text, "a path", True),
    "block": (_is_text, "a name", False),
    "metric": (_is_metric, f"one of {', '.join(Metric)}", True),
    "score": (_is_score, "a number", True),
    "shape": (_is_text, "a shape", False),
}


def _mode(path: Path) -> int:
    """Return the mode the file has, or that of a new one: what the umask leaves."""
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
