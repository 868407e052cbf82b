"""load_config(): defaults < the user's file < the repository's < environment < command line → frozen Settings that know their sources.

Each option says who may set it; a value from the wrong place is refused. A stronger source wins because it is nearer to what is
done now, and what only the user may set is never in the repository's file: see docs/decisions/setting-owners.md.

Beside ``core.assembly`` this is the only module that knows an adapter: settings are needed before anything can be assembled.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.adapters.config_yaml import read_config_file, read_own_config_file
from core.domain.runs.variables import RUN_VARIABLES, TASK_PREFIX
from core.domain.settings.merging import Merge
from core.domain.settings.options import VARIABLE_PREFIX, Option, json_schema, settings_table
from core.domain.settings.settings import Owner, PluginPolicySettings, Provenance, Settings, Source
from core.errors import InvalidFile, Problem, UsageError
from core.files.reading import repository_top
from core.files.user_places import user_places
from core.schema.document import Document
from core.schema.field_types import Text
from core.schema.nodes import Scalar
from core.schema.wording import nearest
from core.schema.yaml_reader import read_yaml

CONFIG_FILE = "config.yaml"
#: What the user's own file is called where nobody knows its place.
_USUAL_USER_FILE = f"~/.config/orchestrator/{CONFIG_FILE}"


def load_config(
    path: str | os.PathLike[str] | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
    repository: Document | None = None,
    base: Document | None = None,
    cls: type[Settings] = Settings,
) -> Settings:
    """Return the settings for the repository at ``root`` (default: the current directory).

    ``path``, relative to ``root``, must exist when given; without it ``config.yaml`` is read where there is one.
    ``environ`` defaults to the process's; it also says where the user's own file is. ``overrides`` come from the command line: dotted
    keys to values, or to text that is read as the environment's is (``{"jobs": 4, "budget.time": "90m"}``); None means "not given".
    ``repository`` is its own file, where that was read already.
    With ``base``, the repository's config.yaml of another revision, what decides an audit's verdict is taken from there. ``cls`` is the
    class of what is returned: the kernel's, or one with sections of wings.

    Raises InvalidFile with every problem of files, environment and command line at once, UsageError for an absent
    ``path`` or an unknown override, StorageError when a file cannot be read or the user's is not to be believed.
    """
    given = os.environ if environ is None else environ
    repository = repository_config(root or ".", path) if repository is None else repository
    user = user_config(given, root or ".")
    return merge_settings(repository, given, overrides or {}, user=user, base=base, cls=cls)


def repository_config(root: str | os.PathLike[str], path: str | os.PathLike[str] | None = None) -> Document:
    """Return the repository's own file. Raises UsageError when ``path`` is given and absent, StorageError when it cannot be read."""
    shown = os.fspath(path) if path is not None else CONFIG_FILE
    base = Path(root)
    return read_config_file(base / shown, shown, required=path is not None, inside=repository_top(base) if path is None else None)


def user_config(environ: Mapping[str, str], root: str | os.PathLike[str] | None = None) -> Document:
    """Return the user's own file, which holds for every repository.

    Raises StorageError when it cannot be read, when others can write it, or when it lies in the repository at ``root``: whoever
    wrote the repository would be the user.
    """
    path = user_places(environ).config / CONFIG_FILE
    return read_own_config_file(path, str(path), _top(Path(root)) if root is not None else None)


def _top(root: Path) -> Path | None:
    """Return the top of the repository that ``root`` lies in; None where nothing says that it is one, as in a home directory."""
    for directory in (root.resolve(), *root.resolve().parents):
        if (directory / ".git").exists():
            return directory
    return root if (root / CONFIG_FILE).exists() else None


def merge_settings(
    document: Document,
    environ: Mapping[str, str],
    overrides: Mapping[str, Any],
    *,
    user: Document | None = None,
    base: Document | None = None,
    cls: type[Settings] = Settings,
) -> Settings:
    """Return the settings that the files, the environment and the command line make together.

    ``document`` is the repository's, ``user`` the user's own. With ``base`` the repository's values that decide a verdict are those
    of ``base``. Raises InvalidFile and UsageError as ``load_config`` does.
    """
    merge = Merge(settings_table(cls), user_file=user.source.file if user else _USUAL_USER_FILE)
    if user:
        merge.add_file(user, Source.USER_FILE)
    merge.add_file(document, Source.FILE, lambda option: base is None or not option.decides_verdict)
    if base:
        merge.add_base(base)
    _add_environment(merge, environ)
    _add_command_line(merge, overrides)
    if merge.problems:
        raise InvalidFile(merge.problems)
    return merge.settings()


def _add_environment(merge: Merge, environ: Mapping[str, str]) -> None:
    """Add what variables set; one that is set to nothing counts as not set."""
    options = {option.variable: option for option in merge.table.options()}
    for name, text in sorted(environ.items()):
        if not name.startswith(VARIABLE_PREFIX) or name in RUN_VARIABLES or name.startswith(TASK_PREFIX):
            continue
        if name not in options:
            near = nearest(name, options)
            hint = f"did you mean {near}?" if near else "orchestrator config show lists what there is"
            merge.problems.append(Problem(file=name, message="no setting has this environment variable", hint=hint))
        elif text:
            _add_text(merge, options[name], text, Provenance(source=Source.ENVIRONMENT, place=name))


def _add_command_line(merge: Merge, overrides: Mapping[str, Any]) -> None:
    options = {option.key: option for option in merge.table.options()}
    for key, value in overrides.items():
        if key not in options:
            near = nearest(key, options)
            raise UsageError(f"no such setting: {key}", hint=f"did you mean {near}?" if near else "orchestrator config show")
        if value is not None:
            option = options[key]
            text = value if isinstance(value, str) else _json_of(key, value)
            _add_text(merge, option, text, Provenance(source=Source.COMMAND_LINE, place=option.flag or key))


def _json_of(key: str, value: Any) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{key} cannot be of the type {type(value).__name__}", hint="docs/config.md has the types") from error


def _add_text(merge: Merge, option: Option, text: str, place: Provenance) -> None:
    """Add a value from text: YAML, but where the setting is text itself."""
    document = read_yaml(text, place.place)
    if isinstance(option.value_type, Text):
        merge.add_value(option, Scalar(text, 0, len(text), '"', anchored=False), place)
    elif document.problems:
        merge.problems.extend(document.problems)
    else:
        merge.add_value(option, document.root or Scalar("", 0, 0, "", anchored=False), place)


def load_user_policy(
    environ: Mapping[str, str], root: str | os.PathLike[str] | None = None, cls: type[Settings] = Settings
) -> PluginPolicySettings:
    """Return what the user's own config.yaml demands of plugins; the defaults where there is none.

    Raises InvalidFile and StorageError as ``load_config`` does.
    """
    return merge_settings(read_yaml("", CONFIG_FILE), {}, {}, user=user_config(environ, root), cls=cls).plugin_policy


def config_schema(owner: Owner = Owner.REPOSITORY, cls: type[Settings] = Settings) -> dict[str, Any]:
    """Return the JSON schema (draft 7) of a repository's config.yaml, or of the user's own; it accepts exactly what is accepted there."""
    whose = "config.yaml of orchestrator" if owner is Owner.REPOSITORY else "The user's own config.yaml of orchestrator"
    head = {"$schema": "http://json-schema.org/draft-07/schema#", "title": whose}
    return {**head, **json_schema(settings_table(cls), owner), "description": "Settings. Every line may be left out."}
