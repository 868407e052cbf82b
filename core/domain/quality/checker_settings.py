"""Settings of checking programs, and which of them a change makes check less: pyproject.toml, ruff.toml, setup.cfg and their like. Pure."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import Error, RawConfigParser
from dataclasses import dataclass
from itertools import chain, islice
from posixpath import basename
from typing import Any

#: Tables below ``tool`` of pyproject.toml that do not say what is checked.
OTHER_TOOLS = frozenset({"poetry", "uv", "pdm", "hatch", "setuptools", "setuptools_scm", "flit", "towncrier", "commitizen", "orchestrator"})
_TOML = frozenset({"pyproject.toml", "ruff.toml", ".ruff.toml", "ty.toml"})
_INI = frozenset(
    {"pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", ".coveragerc", ".flake8", ".pylintrc", "pylintrc", "mypy.ini", ".mypy.ini"}
)
_JSON = frozenset({"pyrightconfig.json"})
#: Names of all of them.
CHECKERS = tuple(sorted(_TOML | _INI | _JSON))
#: Keys whose items are left out of what is checked, and keys whose items are what is checked.
_LEAVES_OUT = re.compile(r"(?:.*_)?(?:ignores?|excludes?|omit|disabled?|skips?|suppress|deselect|filterwarnings|norecursedirs)(?:_.*)?")
_CHECKS = re.compile(r"(?:extend_)?(?:select|enable)(?:_.*)?|strict(?:_.*)?|(?:disallow|warn|check|report)_.*|error_on_.*")
_LEAST = re.compile(r"fail_under|min_.*")
_MOST = re.compile(r"max_.*")
#: Options of pytest's command line that leave something out.
_OPTION = re.compile(r"--(?:ignore|deselect|no-cov)|-[kmW]")
_FALSE = frozenset({"", "false", "no", "off", "0", "none"})
#: Values of one file that are looked at.
_MOST_VALUES = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class LooserCheck:
    """One value by which a program checks less than before."""

    path: str
    #: 1-based; 0 where there is no line.
    line: int
    #: ``lint.ignore: E501``.
    what: str


#: The last two names of a key, and one of its items as text.
_Value = tuple[tuple[str, ...], str]


def checks_loosened(change: Mapping[str, tuple[bytes | None, bytes | None]]) -> tuple[LooserCheck, ...]:
    """Return what a change adds to what is left out, and takes from what is checked, by place.

    A value that is in another of the files now is the same.
    """
    sides = {path: (_values(path, old), _values(path, new)) for path, (old, new) in sorted(change.items()) if is_checkers(path)}
    before = Counter(chain.from_iterable(old for old, _ in sides.values()))
    after = Counter(chain.from_iterable(new for _, new in sides.values()))
    more, fewer = after - before, before - after
    found: list[LooserCheck] = []
    for path, (old, new) in sides.items():
        text = (change[path][1] or b"").decode("utf-8", "replace")
        added, gone = list(_taken(new, more)), list(_taken(old, fewer))
        found += (LooserCheck(path=path, line=_line(text, value), what=_words(value)) for value in _silencing(added, old))
        found += (LooserCheck(path=path, line=0, what=f"{_words(value)} is gone") for value in _checking(gone, new))
    return tuple(found)


def _silencing(added: Iterable[_Value], old: tuple[_Value, ...]) -> Iterator[_Value]:
    return (value for value in added if _silences(value, old))


def _checking(gone: Iterable[_Value], new: tuple[_Value, ...]) -> Iterator[_Value]:
    return (value for value in gone if _checks_something(value, new))


def _taken(values: Iterable[_Value], counts: Counter[_Value]) -> Iterator[_Value]:
    """Yield those of the values that are counted, as often as they are; they count no more then."""
    for value in values:
        if counts[value] > 0:
            counts[value] -= 1
            yield value


def is_checkers(path: str) -> bool:
    """Return whether a file has settings of programs that check, by its name."""
    return basename(path) in CHECKERS


def _silences(value: _Value, old: tuple[_Value, ...]) -> bool:
    """Return whether a new value leaves something out, or is a looser limit than the old one."""
    names, item = list(map(_plain, value[0])), value[1]
    name = names[-1]
    if name == "addopts":
        return _OPTION.match(item) is not None
    if any(map(_LEAVES_OUT.fullmatch, names)):
        return item.lower() not in _FALSE and (name, item[:5]) != ("filterwarnings", "error")
    return _is_looser_limit(name, item, [was for key, was in old if key == value[0]])


def _is_looser_limit(name: str, item: str, former: Iterable[str]) -> bool:
    """Return whether a limit was a stricter one."""
    now, limits = _number(item), [limit for limit in map(_number, former) if limit is not None]
    if now is None or not limits:
        return False
    return bool((_MOST.fullmatch(name) and now > max(limits)) or (_LEAST.fullmatch(name) and now < min(limits)))


def _checks_something(value: _Value, new: tuple[_Value, ...]) -> bool:
    """Return whether a value that is gone was one by which something was checked, and no other took its place."""
    name, item = _plain(value[0][-1]), value[1]
    if _LEAST.fullmatch(name):
        return not any(key == value[0] for key, _ in new)
    return _CHECKS.fullmatch(name) is not None and item.lower() not in _FALSE


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _words(value: _Value) -> str:
    key, item = value
    return f"{'.'.join(key)}: {item}"


def _line(text: str, value: _Value) -> int:
    """Return the line of a value: the first with its item from the first with its key on; 0 where there is none."""
    lines = text.split("\n")
    start = next((number for number, line in enumerate(lines) if value[0][-1] in line), 0)
    return next((number for number, line in enumerate(lines[start:], start + 1) if value[1] in line), start + 1 if text else 0)


def _values(path: str, content: bytes | None) -> tuple[_Value, ...]:
    """Return every value of a file; none where it is not there or cannot be read."""
    text = (content or b"").decode("utf-8", "replace")
    try:
        return tuple(islice(_flat((), _table(basename(path), text)), _MOST_VALUES))
    except (ValueError, RecursionError, Error, AttributeError):
        return ()  # the last is what configparser does with a line that goes on after a name without a value


def _table(name: str, text: str) -> dict[str, Any]:
    if name not in _TOML:
        return _json(text) if name in _JSON else _ini(text)
    table = _toml(text)
    if name != "pyproject.toml":
        return table
    tools = table.get("tool")
    return {tool: value for tool, value in tools.items() if tool not in OTHER_TOOLS} if isinstance(tools, dict) else {}


def _toml(text: str) -> dict[str, Any]:
    read: Callable[[str], dict[str, Any]] = tomllib.loads
    return read(text)


def _json(text: str) -> dict[str, Any]:
    table = json.loads(text)
    return table if isinstance(table, dict) else {}


def _ini(text: str) -> dict[str, Any]:
    parser = RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    return {section: {key: _items(key, value or "") for key, value in parser.items(section)} for section in parser.sections()}


def _items(key: str, value: str) -> list[str]:
    """Return the items of a value of an ini file; options of a command line are parted by blanks."""
    parts = value.split() if key == "addopts" else re.split(r"[,\n]", value)
    return [part.strip() for part in parts if part.strip() and not part.strip().startswith("#")]


def _flat(key: tuple[str, ...], value: Any) -> Iterator[_Value]:
    """Yield the last two names of each key with each of its items as text; of a list of tables, each table has its module's name."""
    if isinstance(value, dict):
        owner = value.get("module")
        inside = (*key, str(owner)) if isinstance(owner, str | list) else key
        for name, each in value.items():
            yield from _flat((*inside, str(name)), each)
    elif isinstance(value, list):
        for each in value:
            yield from _flat(key, each)
    elif isinstance(value, str) and key[-1:] == ("addopts",):
        yield from ((_shown(key), item) for item in value.split())
    else:
        yield _shown(key), str(value).lower() if isinstance(value, bool) else str(value)


def _shown(key: tuple[str, ...]) -> tuple[str, ...]:
    return key[-2:] or ("",)


def _plain(name: str) -> str:
    """Return a name as the patterns above have it: ``max-complexity`` and ``maxComplexity`` are ``max_complexity``."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).replace("-", "_").lower()
