"""What configuration files declare: tables of pyproject.toml, sections of ini files, required packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_SECTION = re.compile(r"^\[([^\]\n]+)\]", re.MULTILINE)
#: A requirement's name, at its beginning.
_NAME = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


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
    #: What could not be read, in whole sentences.
    notes: tuple[str, ...] = ()


def read_declared(texts: Mapping[str, str]) -> Declared:
    """Return what the files, by path, declare. Whatever has an unexpected shape counts as absent."""
    notes: list[str] = []
    pyproject = _pyproject(texts.get("pyproject.toml", ""), notes)
    sections = {name.strip(): file for file in ("mypy.ini", "tox.ini", "setup.cfg") for name in _SECTION.findall(texts.get(file, ""))}
    requirements = {
        _normal(name): file
        for file, text in texts.items()
        if file.endswith(".txt")
        for line in text.splitlines()
        if not line.startswith(("#", "-")) and (name := _requirement(line))
    }
    requirements.update({_normal(name): "pyproject.toml" for name in _pyproject_requirements(pyproject)})
    return Declared(
        name=_text(_table(pyproject, "project").get("name")) or _text(_table(pyproject, "tool", "poetry").get("name")),
        build_backend=_text(_table(pyproject, "build-system").get("build-backend")),
        tool_tables=_table(pyproject, "tool"),
        sections=sections,
        requirements=requirements,
        notes=tuple(notes),
    )


def _pyproject(text: str, notes: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        notes.append(f"pyproject.toml was passed over, it is not TOML: {error}")
        return {}


def _pyproject_requirements(pyproject: Mapping[str, Any]) -> Iterator[str]:
    project, poetry = _table(pyproject, "project"), _table(pyproject, "tool", "poetry")
    lists = [project.get("dependencies")]
    lists += _table(project, "optional-dependencies").values()
    lists += _table(pyproject, "dependency-groups").values()
    for listed in lists:
        for line in listed if isinstance(listed, list) else ():
            if name := _requirement(line):
                yield name
    yield from _table(poetry, "dependencies")
    yield from _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group").values():
        yield from _table(group, "dependencies")


def _requirement(line: Any) -> str:
    match = _NAME.match(line) if isinstance(line, str) else None
    return match[1] if match else ""


def _table(outer: Any, *keys: str) -> Mapping[str, Any]:
    for key in keys:
        outer = outer.get(key) if isinstance(outer, Mapping) else None
    return outer if isinstance(outer, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
