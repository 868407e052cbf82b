"""Files of a repository → what they declare: tools, requirements and the groups they are in."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_SECTION = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)
#: A requirement's name, at its beginning.
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_INI_FILES = ("mypy.ini", "tox.ini", "setup.cfg")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was found declared."""

    name: str = ""
    build_backend: str = ""
    #: Tables below ``[tool]`` of pyproject.toml.
    tool_tables: Mapping[str, Any] = field(default_factory=dict)
    #: Section of an ini file → the file.
    sections: Mapping[str, str] = field(default_factory=dict)
    #: Required package → the file that asks for it.
    requirements: Mapping[str, str] = field(default_factory=dict)
    #: Group of development dependencies → its requirements, and the groups that it includes.
    groups: Mapping[str, tuple[frozenset[str], frozenset[str]]] = field(default_factory=dict)
    #: Extra of the package → its requirements.
    extras: Mapping[str, frozenset[str]] = field(default_factory=dict)
    #: What could not be read, in whole sentences.
    notes: tuple[str, ...] = ()


def read_declared(texts: Mapping[str, str]) -> Declared:
    """Return what the files, by path, declare. Whatever has an unexpected shape counts as absent."""
    notes: list[str] = []
    pyproject = read_toml("pyproject.toml", texts, notes)
    sections = {name.strip(): file for file in _INI_FILES for name in _SECTION.findall(texts.get(file, ""))}
    requirements = {name: file for file, text in texts.items() if file.endswith(".txt") for name in _listed(text)}
    requirements.update(dict.fromkeys(_pyproject_requirements(pyproject), "pyproject.toml"))
    groups, extras = table(pyproject, "dependency-groups"), table(pyproject, "project", "optional-dependencies")
    return Declared(
        name=text_of(table(pyproject, "project").get("name")) or text_of(table(pyproject, "tool", "poetry").get("name")),
        build_backend=text_of(table(pyproject, "build-system").get("build-backend")),
        tool_tables=table(pyproject, "tool"),
        sections=sections,
        requirements=requirements,
        groups={name: (_names(listed), _included(listed)) for name, listed in groups.items()},
        extras={name: _names(listed) for name, listed in extras.items()},
        notes=tuple(notes),
    )


def read_toml(name: str, texts: Mapping[str, str], notes: list[str]) -> dict[str, Any]:
    """Return a file's document, empty where there is none; ``notes`` gets a sentence when it cannot be read."""
    try:
        return tomllib.loads(texts.get(name, ""))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        notes.append(f"{name} was passed over, it is not TOML: {error}")
        return {}


def table(outer: Any, *keys: str) -> Mapping[str, Any]:
    """Return a table inside of another one; empty where there is none."""
    for key in keys:
        outer = outer.get(key) if isinstance(outer, Mapping) else None
    return outer if isinstance(outer, Mapping) else {}


def text_of(value: Any) -> str:
    """Return a text; empty for anything else."""
    return value if isinstance(value, str) else ""


def normal(name: str) -> str:
    """Return the normalized name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _pyproject_requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    project, tool = table(pyproject, "project"), table(pyproject, "tool")
    lists = [project.get("dependencies"), table(tool, "uv").get("dev-dependencies")]
    lists += table(project, "optional-dependencies").values()
    lists += table(pyproject, "dependency-groups").values()
    lists += table(tool, "pdm", "dev-dependencies").values()
    for listed in lists:
        yield from _names(listed)
    poetry = table(tool, "poetry")
    groups = (table(group, "dependencies") for group in table(poetry, "group").values())
    for names in (table(poetry, "dependencies"), table(poetry, "dev-dependencies"), *groups):
        yield from map(normal, names)


def _listed(text: str) -> Iterator[str]:
    """Yield the names of the packages in a file of requirements."""
    for line in text.splitlines():
        if not line.startswith(("#", "-")) and (name := _requirement(line)):
            yield normal(name)


def _names(listed: Any) -> frozenset[str]:
    """Return the names of the packages in a list of requirements."""
    return frozenset(normal(name) for line in (listed if isinstance(listed, list) else ()) if (name := _requirement(line)))


def _included(listed: Any) -> frozenset[str]:
    """Return the names of the groups that a group includes."""
    items = listed if isinstance(listed, list) else ()
    return frozenset(name for item in items if isinstance(item, Mapping) and (name := text_of(item.get("include-group"))))


def _requirement(line: Any) -> str:
    match = _NAME.match(line) if isinstance(line, str) else None
    return match[1] if match else ""
