"""What a change silences: comments that hide warnings, tests that are gone or skipped, settings of the programs that check. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from posixpath import basename

from core.domain.quality.checker_settings import OTHER_TOOLS
from core.domain.quality.files_of_tests import is_test_file
from core.domain.quality.lost_tests import tests_lost
from core.domain.quality.silent_comments import Change, comments_added


class Silence(StrEnum):
    """How something is silenced."""

    #: A comment tells a program to say nothing.
    COMMENT = "comment"
    #: A test is skipped, or checks nothing any more.
    SKIPPED = "skipped"
    #: A test is gone, or what decides about the results of tests is another.
    TESTS = "tests"
    #: What programs check may be another.
    CHECKS = "checks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Silenced:
    """One thing that a change silences."""

    kind: Silence
    path: str
    #: 1-based; 0 where there is no line.
    line: int
    what: str

    @property
    def sentence(self) -> str:
        """Return it as ``src/app.py:3: # noqa``."""
        return f"{self.path}:{self.line}: {self.what}" if self.line else f"{self.path}: {self.what}"


#: Files that say what programs check, and how; each is looked at as a whole.
_SETTINGS_FILES = frozenset(
    {
        "pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", ".coveragerc", ".flake8", ".pylintrc", "pylintrc", "mypy.ini", ".mypy.ini",
        "ruff.toml", ".ruff.toml", "pyrightconfig.json", "ty.toml", ".bandit", "noxfile.py", "Makefile", "makefile", "GNUmakefile",
        "justfile", ".justfile", "Justfile", "Taskfile.yml", "Taskfile.yaml", ".pre-commit-config.yaml",
        "sitecustomize.py", "usercustomize.py",
    }
)  # fmt: skip


def silenced(change: Change) -> tuple[Silenced, ...]:
    """Return everything that a change silences, by place."""
    found = [*_settings_changed(change)]
    found += (Silenced(kind=Silence.COMMENT, path=each.path, line=each.line, what=each.text) for each in comments_added(change))
    tests = {path: sides for path, sides in change.items() if is_test_file(path)}
    found += (
        Silenced(kind=Silence.SKIPPED if lost.is_silent else Silence.TESTS, path=lost.path, line=lost.line, what=lost.what)
        for lost in tests_lost(tests)
    )
    return tuple(sorted(found, key=lambda each: (each.path, each.line, each.what)))


def _settings_changed(change: Change) -> Iterator[Silenced]:
    for path, (before, after) in change.items():
        name = basename(path)
        if name in _SETTINGS_FILES:
            yield Silenced(kind=Silence.CHECKS, path=path, line=0, what="it says what is checked, and changed")
        elif name == ".gitignore":
            hidden = [line for line in _lines(after) if line not in _lines(before)]
            yield from (
                Silenced(kind=Silence.CHECKS, path=path, line=0, what=f"it hides files from what is judged: {line}") for line in hidden
            )
        elif name == "pyproject.toml":
            changed = sorted(_tables_changed(before, after))
            if changed:
                yield Silenced(kind=Silence.CHECKS, path=path, line=0, what=f"{', '.join(changed)} changed")


def _lines(patterns: bytes | None) -> Iterable[str]:
    """Return what a file of git hides, a pattern a line."""
    lines = (line.strip() for line in (patterns or b"").decode("utf-8", "replace").splitlines())
    return [line for line in lines if line and not line.startswith(("#", "!"))]


def _tables_changed(before: bytes | None, after: bytes | None) -> Iterable[str]:
    old, new = _tools(before), _tools(after)
    return (f"tool.{name}" for name in {*old, *new} - OTHER_TOOLS if old.get(name) != new.get(name))


def _tools(content: bytes | None) -> Mapping[str, object]:
    """Return the tables below ``tool``; none where the file cannot be read."""
    read: Callable[[str], dict[str, object]] = tomllib.loads
    try:
        tools = read((content or b"").decode()).get("tool")
    except (ValueError, RecursionError):
        return {}
    return tools if isinstance(tools, dict) else {}
