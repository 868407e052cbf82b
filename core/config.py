"""load_config(): defaults < config.yaml < environment < command line → frozen Settings that know where each value came from.

Beside ``core.assembly`` this is the only module that knows an adapter: settings are needed before anything can be assembled.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.adapters.config_yaml import read_config_file
from core.domain.options import (
    VARIABLE_PREFIX,
    Option,
    Section,
    build_settings,
    json_schema,
    nearest,
    read_document,
    settings_table,
)
from core.domain.settings import PluginPolicySettings, Provenance, Settings, Source
from core.domain.value_kinds import Complain, Text
from core.domain.value_kinds import Path as ValuePath
from core.errors import InvalidFile, Problem, UsageError
from core.yaml_text import Plain, read_plain

CONFIG_FILE = "config.yaml"
#: Variables that a run gives to its tasks; those that begin with ORCHESTRATOR_TASK_ are too.
RUN_VARIABLES = frozenset({"ORCHESTRATOR_RUN_ID", "ORCHESTRATOR_ATTEMPT"})
_TASK_VARIABLES = "ORCHESTRATOR_TASK_"
_POLICY = "plugin_policy."


def load_config(
    path: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """Return the settings for the repository at ``root`` (default: the current directory).

    ``path``, relative to ``root``, must exist when given; without it ``config.yaml`` is read where there is one.
    ``environ`` defaults to the process's. ``overrides`` come from the command line: dotted keys to values, or to text
    that is read as the environment's is (``{"jobs": 4, "budget.time": "90m"}``); None means "not given".

    Raises InvalidFile with every problem of file, environment and command line at once, UsageError for an absent
    ``path`` or an unknown override, StorageError when the file cannot be read.
    """
    shown = os.fspath(path) if path is not None else CONFIG_FILE
    document = read_config_file(Path(root or ".") / shown, shown, required=path is not None)
    return merge_settings(document, shown, os.environ if environ is None else environ, overrides or {})


def merge_settings(document: Plain, shown: str, environ: Mapping[str, str], overrides: Mapping[str, Any]) -> Settings:
    """Return the settings that a config file's document, called ``shown``, the environment and the command line make together.

    Raises InvalidFile and UsageError as ``load_config`` does.
    """
    loading = _Loading(settings_table())
    loading.take_document(document, shown)
    loading.take_environment(environ)
    loading.take_command_line(overrides)
    if loading.problems:
        raise InvalidFile(loading.problems)
    return build_settings(loading.table, loading.values, MappingProxyType(loading.sources))


def load_user_policy(path: Path) -> PluginPolicySettings:
    """Return what the user's own config.yaml at ``path`` demands of plugins; the defaults where there is none.

    It has the form of a repository's, of which ``plugin_policy`` alone may stand in it. Raises InvalidFile and StorageError.
    """
    loading = _Loading(settings_table())
    document = read_config_file(path, str(path), required=False)
    loading.take_document(document, str(path))
    for key, place in loading.sources.items():
        if not key.startswith(_POLICY):
            loading.problems.append(Problem(file=place.place, message=f"{key} cannot be set here", hint="only plugin_policy can"))
    if loading.problems:
        raise InvalidFile(loading.problems)
    return build_settings(loading.table, loading.values, MappingProxyType(loading.sources)).plugin_policy


def config_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 7) of config.yaml; it accepts exactly what ``load_config`` accepts."""
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": "config.yaml of orchestrator"}
    return {**head, **json_schema(settings_table()), "description": "Settings. Every line may be left out."}


@dataclass(slots=True)
class _Loading:
    """Values and problems gathered so far, the weakest source first."""

    table: Section
    values: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, Provenance] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def take_document(self, document: Plain, shown: str) -> None:
        self.problems.extend(document.problems)
        complain = self._complain_about(document, shown)
        for key, value in read_document(self.table, document.value, complain).items():
            line, column = document.place(tuple(key.split(".")), key=True)
            self._take(key, value, Provenance(source=Source.FILE, place=f"{shown}:{line}:{column}"))

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
                self._take(key, option.kind.read(value, (), self._complain_flatly(place.place)), place)

    def _take_text(self, option: Option, text: str, place: Provenance) -> None:
        value: Any = text
        if not isinstance(option.kind, Text):
            document = read_plain(text, place.place)
            if document.problems:
                self.problems.extend(document.problems)
                return
            value = document.value
        self._take(option.key, option.kind.read(value, (), self._complain_flatly(place.place)), place)

    def _take(self, key: str, value: Any, place: Provenance) -> None:
        self.values[key] = value
        self.sources[key] = place

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


def _sentence(at: ValuePath, message: str, key: bool) -> str:
    if key or not at:
        return message
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in at)
    return f"{name.removeprefix('.')} {message}"
