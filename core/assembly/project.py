"""Which directory is the repository, its settings, and the commit by which it is judged."""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.adapters.config_yaml import read_config_bytes
from core.config import CONFIG_FILE, config_schema, load_config, load_user_policy, merge_settings, repository_config
from core.domain.runs.variables import TASKS_FILE, outer_repository
from core.domain.settings.options import provenance, settings_table, value_of
from core.domain.settings.settings import INSIDE, Owner, Settings
from core.errors import InvalidFile, Problem, UsageError
from core.files.here import current_directory
from core.files.reading import repository_top
from core.ports.code import Repository
from core.ports.task_file import ProjectFolder
from core.schema.document import Document
from core.schema.yaml_reader import read_yaml

if TYPE_CHECKING:
    from core.domain.plugins.policy import PluginPolicy

#: Directories that hold what git or the tool believes.
_NOT_THERE = frozenset({".git", ".orchestrator"})
#: Directory of everything that is ours and not for eyes: journal, lock, caches.
STATE_DIRECTORY = ".orchestrator"
USUAL_TASKS_FILE = "tasks.yml"
#: Where a repository has none, no plugin is granted anything and core.plugins is not imported.
PLUGINS_LOCK = "plugins.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRevision:
    """The commit whose settings, baseline and ``plugins.lock`` decide the verdict."""

    repository: Repository
    #: Id of the commit.
    commit: str
    config: Document
    #: config.yaml of the work tree, which is compared with that of the commit; read once, for it may be large.
    own_config: Document
    #: ``plugins.lock`` there; None where it has none.
    lock: bytes | None

    def file(self, path: str) -> bytes | None:
        """Return a file of the project as it is there, None where there is none. Raises StorageError."""
        return self.repository.file_at(self.commit, path)

    def shown(self, path: str) -> str:
        """Return what problems call a file of it: ``config.yaml@1f2e3d4``."""
        return f"{path}@{self.commit[:7]}"


def base_revision(root: Path, revision: str, lock_file: str) -> BaseRevision | None:
    """Return what ``revision`` is compared by; None before the first commit, when nothing was ever decided.

    Raises UsageError with what to fetch when it is not here, StorageError when git's objects cannot be read.
    """
    from core.adapters.git import Git, GitRepository

    repository = GitRepository(Git(str(root)))
    commit = repository.base_of(revision)
    if not commit:
        return None
    content, shown = repository.file_at(commit, CONFIG_FILE), f"{CONFIG_FILE}@{commit[:7]}"
    document = read_yaml("", shown) if content is None else read_config_bytes(content, shown)
    return BaseRevision(
        repository=repository,
        commit=commit,
        config=document,
        own_config=repository_config(root),
        lock=repository.file_at(commit, lock_file),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A repository and how it is to be treated."""

    root: Path
    settings: Settings
    #: The revision whose settings, baseline and lock decide the verdict; None: the work tree's do.
    base: BaseRevision | None = None

    @property
    def locks_plugins(self) -> bool:
        """Whether the repository pins any plugin."""
        return self.base.lock is not None if self.base else (self.root / PLUGINS_LOCK).exists()

    @property
    def state(self) -> Path:
        return self.root / STATE_DIRECTORY

    @property
    def tasks_path(self) -> Path:
        return self.root / self.settings.tasks_file

    @property
    def journal_path(self) -> Path:
        """The state database of the tasks file: each file has one of its own, so that equal ids in two of them never meet."""
        return self.state / f"state{self._own_suffix}.db"

    @property
    def task_folders(self) -> str:
        """The name of the directory in ``state`` that has a folder for each task of the tasks file."""
        return f"tasks{self._own_suffix}"

    @property
    def _own_suffix(self) -> str:
        """What tells names of one tasks file from those of others; empty for the usual one."""
        name = os.path.relpath(self.tasks_path, self.root)
        return "" if name == USUAL_TASKS_FILE else f"-{hashlib.sha256(os.fsencode(name)).hexdigest()[:12]}"


def open_project(
    directory: str = "",
    *,
    tasks_file: str | None = None,
    overrides: Mapping[str, Any] | None = None,
    defaults: bool = False,
    base: str = "",
    cls: type[Settings] = Settings,
) -> Project:
    """Find the repository and read its settings. Without ``directory``: here, or the nearest directory above with a tasks file.

    ``tasks_file`` is relative to ``directory``, or to here. With ``defaults`` its config.yaml is not looked at. With ``base``, a
    revision of git, what decides a verdict is taken from the commit that is compared with for it. ``cls`` is the class of the settings.

    Raises UsageError for a directory that is not there, InvalidFile and StorageError for its config.yaml or the user's own, InvalidFile
    for a file named there that leads out of the repository.
    """
    if directory and not Path(directory).is_dir():
        raise UsageError(f"no such directory: {directory}")
    here = Path(directory).resolve() if directory else current_directory()
    named = Path(os.path.normpath(here / tasks_file)) if tasks_file else None
    root = here if directory else root_above(here, named)
    wanted = {**(overrides or {}), "tasks_file": _named_inside(root, named) if named else tasks_file}
    revision = base_revision(root, base, PLUGINS_LOCK) if base else None
    settings = _default_settings(wanted, cls) if defaults else _settings(root, wanted, revision, cls)
    check_named_paths(root, settings)
    return Project(root=root, settings=settings, base=revision)


def _settings(root: Path, overrides: Mapping[str, Any], revision: BaseRevision | None, cls: type[Settings]) -> Settings:
    environment = settings_environment(os.environ, root)
    base, own = (revision.config, revision.own_config) if revision else (None, None)
    return load_config(root=root, environ=environment, overrides=overrides, repository=own, base=base, cls=cls)


def _default_settings(overrides: Mapping[str, Any], cls: type[Settings]) -> Settings:
    return merge_settings(read_yaml("", CONFIG_FILE), {}, overrides, cls=cls)


def root_above(here: Path, tasks_file: Path | None) -> Path:
    """Return the nearest directory from ``here`` up that is a repository of ours, not beyond the git repository.

    It has a tasks file or a config. Where a ``tasks_file`` is named (absolute, without ``..``), it must lie inside, and the
    directory it lies in, or ``here``, will do.
    """
    for directory in (here, *here.parents):
        if _is_root(directory, here, tasks_file) or (directory / ".git").exists():
            return directory
    return here


def _is_root(directory: Path, here: Path, tasks_file: Path | None) -> bool:
    marked = (directory / USUAL_TASKS_FILE).exists() or (directory / CONFIG_FILE).exists()
    if tasks_file is None:
        return marked
    return tasks_file.is_relative_to(directory) and (marked or directory in (here, tasks_file.parent))


def _named_inside(root: Path, tasks_file: Path) -> str:
    """Return the path of a tasks file as settings name it, relative to ``root``; one that is outside stays absolute."""
    return os.path.relpath(tasks_file, root) if tasks_file.is_relative_to(root) else str(tasks_file)


def repository_paths(typed: Sequence[str], root: str | os.PathLike[str], here: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return POSIX paths relative to ``root`` of paths that are relative to ``here``; none where one is the root itself.

    Raises UsageError for one that is not there or not inside.
    """
    found = []
    for path in typed:
        absolute = os.path.normpath(os.path.join(here, path))
        if not os.path.lexists(absolute):
            raise UsageError(f"no such file or directory: {path}", hint=f"paths are relative to the current directory, {os.fspath(here)}")
        relative = os.path.relpath(absolute, root)
        if relative.split(os.sep)[0] == os.pardir:
            # Perhaps by another name: a link to the repository, or into it.
            relative = os.path.relpath(os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute)), root)
        if relative.split(os.sep)[0] == os.pardir:
            raise UsageError(f"{path} is outside of the repository {os.fspath(root)}", hint="name its repository: -C DIR, directory=DIR")
        if relative == os.curdir:
            return ()
        found.append(relative.replace(os.sep, "/"))
    return tuple(dict.fromkeys(found))


def check_named_paths(root: Path, settings: Settings) -> None:
    """Raise InvalidFile where a link in the repository leads what a setting names to somewhere else."""
    top = repository_top(root)
    problems = []
    for option in settings_table(type(settings)).options():
        if option.value_type is not INSIDE:
            continue
        named = value_of(settings, option)
        target = os.path.realpath(os.path.join(root, named))
        inside = os.path.relpath(target, top).split(os.sep)
        if inside[0] == os.pardir or _NOT_THERE.intersection(part.lower() for part in inside):
            where = provenance(settings, option.key).place or named
            message = f"{option.key} is a link that leads to {target}"
            problems.append(Problem(file=where, message=message, hint="name a file of the repository itself"))
    if problems:
        raise InvalidFile(problems)


def project_folder(directory: str = "") -> ProjectFolder:
    """Return the directory that ``init`` looks at and writes into. Raises UsageError when it is not there."""
    from core.adapters.repository_probe import RepositoryProbe

    if directory and not Path(directory).is_dir():
        raise UsageError(f"no such directory: {directory}")
    return RepositoryProbe(Path(directory) if directory else current_directory(), own_environment())


def file_schemas(cls: type[Settings]) -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the files that people write: ``tasks``, ``config``, and ``user``, a person's own config.

    ``cls`` is the class of the settings.
    """
    from core.adapters.tasks_yaml import tasks_schema

    return {"tasks": tasks_schema(), "config": config_schema(cls=cls), "user": config_schema(Owner.USER, cls)}


def new_run_id() -> str:
    """Return an id that sorts by time and is unique on one machine: ``20261121T031821-4f2a91``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"


def own_environment() -> dict[str, str]:
    """Return the tool's own environment with its scripts last on PATH, so that ``verify: orchestrator …`` finds it."""
    scripts = str(Path(sys.argv[0]).parent.resolve()) if sys.argv and Path(sys.argv[0]).is_absolute() else str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": path if scripts in path.split(os.pathsep) else f"{path}{os.pathsep}{scripts}"}


def settings_environment(environment: Mapping[str, str], root: Path) -> dict[str, str]:
    """Return ``environment`` without the tasks file of a run in another repository than ``root``, which this process is a task of."""
    outer = outer_repository(environment)
    foreign = outer and os.path.realpath(outer) != os.path.realpath(root)
    return {name: value for name, value in environment.items() if not (foreign and name == TASKS_FILE)}


def effective_policy(root: Path, settings: Settings) -> PluginPolicy:
    """Return what repository and user allow both. Raises InvalidFile and StorageError for the user's file."""
    from core.domain.plugins.policy import policy_of, stricter

    return stricter(policy_of(settings.plugin_policy), user_policy(root, type(settings)))


def user_policy(root: Path | None, cls: type[Settings]) -> PluginPolicy:
    """Return what the user allows at most, in whatever repository. Raises InvalidFile and StorageError."""
    from core.domain.plugins.policy import policy_of

    return policy_of(load_user_policy(own_environment(), root, cls))
