"""Values from several sources, the weakest first → frozen Settings that know where each value came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from core.domain.settings.options import Option, Section, build_settings, read_settings, sentence
from core.domain.settings.settings import Owner, Provenance, Settings, Source
from core.errors import Problem
from core.schema.containers import JoinedList, JoinedMap
from core.schema.document import Document, Path
from core.schema.field_types import ErrorCollector
from core.schema.nodes import Node

#: Characters of a value that a sentence shows.
_BRIEF = 60


@dataclass(slots=True)
class Merge:
    """Values and problems gathered so far; what is added later is stronger."""

    table: Section
    #: What messages call the user's own file.
    user_file: str
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Provenance] = field(default_factory=dict)
    plugin_sources: dict[tuple[str, str], Provenance] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def settings(self) -> Settings:
        """Return the settings, with defaults for what no source set."""
        return build_settings(self.table, self.values, MappingProxyType(self.sources), MappingProxyType(self.plugin_sources))

    def add_file(self, document: Document, source: Source, wanted: Callable[[Option], bool] = lambda _: True) -> None:
        """Add the values of a file that are ``wanted``; it may hold only what its owner may set."""
        owner = Owner.USER if source is Source.USER_FILE else Owner.REPOSITORY
        for option, value in self._read(document):
            if owner not in option.owners:
                line, column = document.place(option.path, key=True)
                message = f"{option.key} can be set only by the user, not by a repository"
                hint = f"put it into {self.user_file}, or set {option.variable}"
                self.problems.append(Problem(file=document.source.file, line=line, column=column, message=message, hint=hint))
            elif wanted(option):
                self._add(option, value, _places_in(document, source))

    def add_base(self, base: Document) -> None:
        """Add what decides a verdict from the repository's file of another revision; what is the user's in it is passed over."""
        for option, value in self._read(base):
            if option.decides_verdict:
                self._add(option, value, _places_in(base, Source.FILE))

    def add_value(self, option: Option, node: Node, place: Provenance) -> None:
        """Add a single value that came from ``place``."""
        errors = ErrorCollector()
        value = errors.read("", option.value_type, node)
        self.problems += [Problem(file=place.place, message=sentence(mistake), hint=mistake.hint) for mistake in errors.mistakes]
        if not errors.mistakes:
            self._add(option, value, lambda _: place)

    def _read(self, document: Document) -> list[tuple[Option, Any]]:
        """Return the values of a file, and note its problems."""
        errors = ErrorCollector()
        options = {option.key: option for option in self.table.options()}
        values = read_settings(self.table, document.root, errors)
        mistakes = [replace(mistake, message=sentence(mistake)) for mistake in errors.mistakes]
        self.problems += [*document.problems, *document.source.problems(mistakes)]
        return [(options[key], value) for key, value in values.items()]

    def _add(self, option: Option, value: Any, place_of: Callable[[Path], Provenance]) -> None:
        """Add a value in place of a weaker one; ``place_of`` says where each key of it stands."""
        if isinstance(option.value_type, JoinedMap):
            self.plugin_sources.update({(name, key): place_of((*option.path, name, key)) for name, each in value.items() for key in each})
            value = option.value_type.joined(self.values.get(option.key, {}), value)
        elif isinstance(option.value_type, JoinedList):
            value = option.value_type.joined(self.values.get(option.key, ()), value)
        self.values[option.key] = value
        self.sources[option.key] = place_of(option.path)


def _places_in(document: Document, source: Source) -> Callable[[Path], Provenance]:
    def place_of(path: Path) -> Provenance:
        line, column = document.place(path, key=True)
        return Provenance(source=source, place=f"{document.source.file}:{line}:{column}")

    return place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """A value that decides a verdict and differs in two versions of the repository's file."""

    key: str
    #: As the file would say it, on one line; long ones are cut.
    before: str
    after: str
    #: 1-based line of the new one, 0 when it is not set any more.
    line: int


def changed_values(table: Section, here: Document, base: Document) -> tuple[ChangedValue, ...]:
    """Return what decides a verdict and differs between the two files, in the order of the table; mistakes in either count as not set."""
    before, after = (read_settings(table, document.root, ErrorCollector()) for document in (base, here))
    changed = []
    for option in table.options():
        old, new = (values.get(option.key, option.default) for values in (before, after))
        if option.decides_verdict and old != new:
            line, _ = here.place(option.path, key=True) if option.key in after else (0, 0)
            shown = [_brief(option.value_type.write(value)) for value in (old, new)]
            changed.append(ChangedValue(key=option.key, before=shown[0], after=shown[1], line=line))
    return tuple(changed)


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"
