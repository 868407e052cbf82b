"""load_config(): defaults < the user's file < the repository's < environment < command line → frozen Settings that know their sources.

Each option says who may set it; a value from the wrong place is refused. A stronger source wins because it is nearer to what is
done now, and what only the user may set is never in the repository's file: see docs/decisions/setting-owners.md.

Beside ``core.assembly`` this is the only module that knows an adapter: settings are needed before anything can be assembled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.adapters.config_yaml import read_config_file, read_own_config_file
from core.domain.settings.container_kinds import JoinedArray, JoinedTable
from core.domain.settings.options import (
    VARIABLE_PREFIX,
    Option,
    Section,
    build_settings,
    json_schema,
    nearest,
    read_document,
    settings_table,
)
from core.domain.settings.owner import Owner
from core.domain.settings.settings import PluginPolicySettings, Provenance, Settings, Source
from core.domain.settings.value_kinds import Complain, Text
from core.domain.settings.value_kinds import Path as ValuePath
from core.domain.untrusted.user_places import user_places
from core.errors import InvalidFile, Problem, UsageError
from core.files.reading import repository_top
from core.yaml_text import Plain, read_plain

CONFIG_FILE = "config.yaml"
#: Variables that a run gives to its tasks; those that begin with ORCHESTRATOR_TASK_ are too.
RUN_VARIABLES = frozenset({"ORCHESTRATOR_RUN_ID", "ORCHESTRATOR_ATTEMPT"})
_TASK_VARIABLES = "ORCHESTRATOR_TASK_"
#: Characters of a value that a sentence mentions.
_BRIEF = 60
#: What the user's own file is called where nobody knows its place.
_USUAL_USER_FILE = f"~/.config/orchestrator/{CONFIG_FILE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigText:
    """The document of one config.yaml, and what problems call it."""

    document: Plain
    shown: str


def load_config(
    path: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    base: ConfigText | None = None,
) -> Settings:
    """Return the settings for the repository at ``root`` (default: the current directory).

    ``path``, relative to ``root``, must exist when given; without it ``config.yaml`` is read where there is one.
    ``environ`` defaults to the process's; it also says where the user's own file is. ``overrides`` come from the command line: dotted
    keys to values, or to text that is read as the environment's is (``{"jobs": 4, "budget.time": "90m"}``); None means "not given".
    With ``base``, the repository's config.yaml of another revision, what decides an audit's verdict is taken from there.

    Raises InvalidFile with every problem of files, environment and command line at once, UsageError for an absent
    ``path`` or an unknown override, StorageError when a file cannot be read or the user's is not to be believed.
    """
    given = os.environ if environ is None else environ
    repository = repository_config(root or ".", path)
    user = user_config(given, root or ".")
    return merge_settings(repository.document, repository.shown, given, overrides or {}, user=user, base=base)


def repository_config(root: str | os.PathLike[str], path: str | os.PathLike[str] | None = None) -> ConfigText:
    """Return the repository's own file. Raises UsageError when ``path`` is given and absent, StorageError when it cannot be read."""
    shown = os.fspath(path) if path is not None else CONFIG_FILE
    base = Path(root)
    document = read_config_file(base / shown, shown, required=path is not None, inside=repository_top(base) if path is None else None)
    return ConfigText(document=document, shown=shown)


def user_config(environ: Mapping[str, str], root: str | os.PathLike[str] | None = None) -> ConfigText:
    """Return the user's own file, which holds for every repository.

    Raises StorageError when it cannot be read, when others can write it, or when it lies in the repository at ``root``: whoever
    wrote the repository would be the user.
    """
    path = user_places(environ).config / CONFIG_FILE
    return ConfigText(document=read_own_config_file(path, str(path), _top(Path(root)) if root is not None else None), shown=str(path))


def _top(root: Path) -> Path | None:
    """Return the top of the repository that ``root`` lies in; None where nothing says that it is one, as in a home directory."""
    for directory in (root.resolve(), *root.resolve().parents):
        if (directory / ".git").exists():
            return directory
    return root if (root / CONFIG_FILE).exists() else None


def merge_settings(
    document: Plain,
    shown: str,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
    *,
    user: ConfigText | None = None,
    base: ConfigText | None = None,
) -> Settings:
    """Return the settings that the files' documents, the environment and the command line make together.

    ``document``, called ``shown``, is the repository's, ``user`` the user's own. With ``base`` the repository's values that decide
    a verdict are those of ``base``. Raises InvalidFile and UsageError as ``load_config`` does.
    """
    loading = _Loading(settings_table(), user_file=user.shown if user else _USUAL_USER_FILE)
    if user:
        loading.take_document(user.document, Provenance(source=Source.USER_FILE, place=user.shown))
    place = Provenance(source=Source.FILE, place=shown)
    loading.take_document(document, place, lambda option: base is None or not option.decides_verdict)
    if base:
        loading.take_base(base)
    loading.take_environment(environ)
    loading.take_command_line(overrides)
    if loading.problems:
        raise InvalidFile(loading.problems)
    return loading.settings()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedValue:
    """A value that decides a verdict and is another one in two versions of the repository's file."""

    key: str
    #: As the file would say it, on one line; long ones are cut.
    before: str
    after: str
    #: Where the new one stands, 0 when it is not set any more.
    line: int


def changed_values(here: ConfigText, base: ConfigText) -> tuple[ChangedValue, ...]:
    """Return what decides a verdict and differs between the two, in the order of the table; mistakes in either are not looked at."""
    table, changed = settings_table(), []
    before, after = (read_document(table, text.document.value, _unheard) for text in (base, here))
    for option in table.options():
        old, new = (values.get(option.key, option.default) for values in (before, after))
        if option.decides_verdict and old != new:
            line, _ = here.document.place(option.path, key=True) if option.key in after else (0, 0)
            shown = [_brief(option.kind.write(value)) for value in (old, new)]
            changed.append(ChangedValue(key=option.key, before=shown[0], after=shown[1], line=line))
    return tuple(changed)


def _unheard(at: ValuePath, message: str, hint: str = "", *, key: bool = False) -> None:
    """Complain to nobody."""


def _brief(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= _BRIEF else f"{text[: _BRIEF - 1]}…"


def load_user_policy(environ: Mapping[str, str], root: str | os.PathLike[str] | None = None) -> PluginPolicySettings:
    """Return what the user's own config.yaml demands of plugins; the defaults where there is none.

    Raises InvalidFile and StorageError as ``load_config`` does.
    """
    return merge_settings(read_plain("", CONFIG_FILE), CONFIG_FILE, {}, {}, user=user_config(environ, root)).plugin_policy


def config_schema(owner: Owner = Owner.REPOSITORY) -> dict[str, Any]:
    """Return the JSON schema (draft 7) of a repository's config.yaml, or of the user's own; it accepts exactly what is accepted there."""
    whose = "config.yaml of orchestrator" if owner is Owner.REPOSITORY else "The user's own config.yaml of orchestrator"
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": whose}
    return {**head, **json_schema(settings_table(), owner), "description": "Settings. Every line may be left out."}


@dataclass(slots=True)
class _Loading:
    """Values and problems gathered so far, the weakest source first."""

    table: Section
    user_file: str
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Provenance] = field(default_factory=dict)
    plugin_sources: dict[tuple[str, str], Provenance] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def settings(self) -> Settings:
        frozen = MappingProxyType(self.sources), MappingProxyType(self.plugin_sources)
        return build_settings(self.table, self.values, *frozen)

    def take_document(self, document: Plain, place: Provenance, wanted: Callable[[Option], bool] = lambda _: True) -> None:
        """Take the values of a file that are ``wanted``; it may hold only what its owner may set."""
        self.problems.extend(document.problems)
        complain = self._complain_about(document, place.place)
        owner = Owner.USER if place.source is Source.USER_FILE else Owner.REPOSITORY
        options = {option.key: option for option in self.table.options()}
        for key, value in read_document(self.table, document.value, complain).items():
            option = options[key]
            if owner not in option.owners:
                hint = f"put it into {self.user_file}, or set {option.variable}"
                complain(option.path, f"{key} can be set only by the user, not by a repository", hint, key=True)
            elif wanted(option):
                self._take(option, value, lambda at: _placed(place, document, at))

    def take_base(self, base: ConfigText) -> None:
        """Take what decides a verdict from the repository's file of another revision; what is the user's there decides none."""
        self.problems.extend(base.document.problems)
        complain, place = self._complain_about(base.document, base.shown), Provenance(source=Source.FILE, place=base.shown)
        options = {option.key: option for option in self.table.options() if option.decides_verdict}
        for key, value in read_document(self.table, base.document.value, complain).items():
            if key in options:
                self._take(options[key], value, lambda at: _placed(place, base.document, at))

    def take_environment(self, environ: Mapping[str, str]) -> None:
        """A variable that is set to nothing counts as not set."""
        options = {option.variable: option for option in self.table.options()}
        for name, text in sorted(environ.items()):
            if not name.startswith(VARIABLE_PREFIX) or name in RUN_VARIABLES or name.startswith(_TASK_VARIABLES):
                continue
            if name not in options:
                near = nearest(name, options)
                hint = f"did you mean {near}?" if near else "orchestrator config show lists what there is"
                self.problems.append(Problem(file=name, message="no setting has this environment variable", hint=hint))
            elif text:
                self._take_text(options[name], text, Provenance(source=Source.ENVIRONMENT, place=name))

    def take_command_line(self, overrides: Mapping[str, Any]) -> None:
        options = {option.key: option for option in self.table.options()}
        for key, value in overrides.items():
            if key not in options:
                near = nearest(key, options)
                raise UsageError(f"no such setting: {key}", hint=f"did you mean {near}?" if near else "orchestrator config show")
            option = options[key]
            place = Provenance(source=Source.COMMAND_LINE, place=option.flag or key)
            if isinstance(value, str):
                self._take_text(option, value, place)
            elif value is not None:
                self._take_value(option, value, place)

    def _take_text(self, option: Option, text: str, place: Provenance) -> None:
        value: Any = text
        if not isinstance(option.kind, Text):
            document = read_plain(text, place.place)
            if document.problems:
                self.problems.extend(document.problems)
                return
            value = document.value
        self._take_value(option, value, place)

    def _take_value(self, option: Option, value: Any, place: Provenance) -> None:
        self._take(option, option.kind.read(value, (), self._complain_flatly(place.place)), lambda _: place)

    def _take(self, option: Option, value: Any, placed: Callable[[ValuePath], Provenance]) -> None:
        """Take a value in place of a weaker one; ``placed`` says where each key of it stands."""
        if isinstance(option.kind, JoinedTable):
            self.plugin_sources.update({(name, key): placed((*option.path, name, key)) for name, each in value.items() for key in each})
            value = option.kind.joined(self.values.get(option.key, {}), value)
        elif isinstance(option.kind, JoinedArray):
            value = option.kind.joined(self.values.get(option.key, ()), value)
        self.values[option.key] = value
        self.sources[option.key] = placed(option.path)

    def _complain_about(self, document: Plain, shown: str) -> Complain:
        trapped = {(problem.line, problem.column) for problem in document.problems}

        def complain(at: ValuePath, message: str, hint: str = "", *, key: bool = False) -> None:
            line, column = document.place(at, key=key)
            if (line, column) not in trapped:
                self.problems.append(Problem(file=shown, line=line, column=column, message=_sentence(at, message, key), hint=hint))

        return complain

    def _complain_flatly(self, name: str) -> Complain:
        def complain(at: ValuePath, message: str, hint: str = "", *, key: bool = False) -> None:
            self.problems.append(Problem(file=name, message=_sentence(at, message, key), hint=hint))

        return complain


def _placed(place: Provenance, document: Plain, at: ValuePath) -> Provenance:
    line, column = document.place(at, key=True)
    return replace(place, place=f"{place.place}:{line}:{column}")


def _sentence(at: ValuePath, message: str, key: bool) -> str:
    if key or not at:
        return message
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return f"{name.removeprefix('.')} {message}"
