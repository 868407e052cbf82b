"""What a wing registers, and what the kernel gives its parts.

A wing is a package of its own (``agents``, ``models`` …). It registers by one constant and one line in ``core.assembly.wings``; the
kernel reads the list and knows no wing by name. Whatever is named by a *reference*, ``module:name``, is imported when it is needed.
docs/wings.md has a worked one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from core.domain.settings.settings import Settings
from core.errors import OrchestratorError
from core.ports.clock import Clock
from core.ports.state_tables import Migrations, StateTables

if TYPE_CHECKING:
    from core.ports.handlers import TaskHandler

_SettingsSection = TypeVar("_SettingsSection")
_NAME = re.compile(r"[a-z][a-z0-9]*")
#: The component of the kernel's own tables.
_JOURNAL = "journal"
#: What the note of ``part_of`` begins with.
_ORIGIN = "the wing "


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command of the command line."""

    #: One word, or two: ``config show``.
    name: str
    #: Reference to its function; the first parameter is the Session, the others are options and arguments for Typer.
    function: str
    #: One line of the overview; the first line of the function's docstring is the same.
    help: str
    #: Heading of the overview that it stands under.
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wing:
    """Everything that a wing adds. What it does not add is left out."""

    #: Lower-case letters and digits; also the key of its section in config.yaml and the component of its tables.
    name: str
    #: Reference to a dataclass whose fields are made with ``option``; a value of it is ``services.section(cls)``.
    settings: str = ""
    commands: tuple[Command, ...] = ()
    #: Reference to a constant, the ``Migrations`` of its tables in state.db, whose component is ``name``.
    migrations: str = ""
    #: Reference to a function ``(EventBus, Services) -> None``, called with the bus of each run before its first event.
    subscribers: str = ""
    #: Kinds of tasks, each with the reference to a function ``(Services) -> TaskHandler``.
    handlers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Names of runners, each with the reference to a function ``(Services) -> AttemptRunner``.
    runners: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: Reference to a function ``(Services) -> Iterable[Diagnosis]``, called by ``orchestrator doctor``.
    doctor: str = ""


class Services(Protocol):
    """What the kernel gives the parts of a wing in one repository. Each member is made when it is first asked for."""

    @property
    def root(self) -> Path: ...

    @property
    def settings(self) -> Settings: ...

    def section(self, cls: type[_SettingsSection]) -> _SettingsSection:
        """Return the section of the settings that was registered as ``cls``. Raises LookupError when none was."""

    @property
    def clock(self) -> Clock: ...

    @property
    def tables(self) -> StateTables:
        """The tables of all wings in state.db, open until the command ends. Raises StateRefused, StorageError."""


class Screen(Protocol):
    """Where a command writes its result. Methods return exit code 0 and raise StorageError when the result is lost."""

    def say(self, text: str) -> int:
        """Write ``text`` as it is: no newline is added."""

    def say_json(self, value: Any) -> int:
        """Write ``value`` as JSON, with a newline at its end."""


class Session(Protocol):
    """What a command is called with."""

    @property
    def console(self) -> Screen: ...

    def open(self, directory: str = "", *, tasks_file: str | None = None) -> Services:
        """Find the repository and read its settings. Raises UsageError, InvalidFile, StorageError."""


def load(reference: str) -> Any:
    """Import what ``module:name`` refers to. Raises whatever importing it raises."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


@contextmanager
def part_of(wing: str, reference: str) -> Iterator[None]:
    """Note on whatever is raised inside which wing it comes from, and by which reference: ``origin_of`` finds it."""
    try:
        yield
    except Exception as error:
        error.add_note(f"{_ORIGIN}{wing}: {reference}")
        raise


def origin_of(error: BaseException) -> str:
    """Return the wing and the reference that an exception comes from, ``the wing NAME: module:name``; empty where it is the kernel."""
    return next((note for note in getattr(error, "__notes__", ()) if note.startswith(_ORIGIN)), "")


class HandlerOfWing:
    """A TaskHandler of a wing; what its steps raise says so."""

    def __init__(self, handler: TaskHandler, wing: str, reference: str) -> None:
        self._handler, self._wing, self._reference = handler, wing, reference

    def __getattr__(self, step: str) -> Any:
        def call(*arguments: Any) -> Any:
            with part_of(self._wing, self._reference):
                return getattr(self._handler, step)(*arguments)

        return call


def migrations_of(wings: Iterable[Wing]) -> tuple[Migrations, ...]:
    """Return the migrations of all wings that have tables. Raises OrchestratorError for a component that is not its wing's name."""
    return tuple(_migrations(wing) for wing in wings if wing.migrations)


def _migrations(wing: Wing) -> Migrations:
    with part_of(wing.name, wing.migrations):
        found: Migrations = load(wing.migrations)
        if found.component != wing.name:
            message = f"the wing {wing.name}: {wing.migrations} is of the component {found.component}"
            raise OrchestratorError(message, hint=f'the component of a wing is its name: Migrations(component="{wing.name}", …)')
        return found


def check_wings(wings: Sequence[Wing], kernel: Sequence[Command] = ()) -> None:
    """Raise OrchestratorError when two wings, or a wing and the kernel, register the same name, and for a name that is none.

    ``kernel`` has the kernel's commands.
    """
    for wing in wings:
        if not _NAME.fullmatch(wing.name):
            hint = "its tables begin with this name and an underscore, so a name with one could be taken for another wing's"
            raise OrchestratorError(f"the name of the wing {wing.name} is not lower-case letters and digits", hint=hint)
    owners = {**dict.fromkeys(_first_words(kernel), "the kernel"), f"the name {_JOURNAL}": "the kernel"}
    owners |= {f"the section {each.name} of config.yaml": "the kernel" for each in fields(Settings)}
    for wing in wings:
        for registered in _registered(wing):
            if registered in owners:
                message = f"{owners[registered]} and the wing {wing.name} both register {registered}"
                raise OrchestratorError(message, hint=f"give it another name where the wing {wing.name} registers")
            owners[registered] = f"the wing {wing.name}"


def _first_words(commands: Sequence[Command]) -> Iterable[str]:
    """Return the first word of each command, once: commands of two words that share it belong together."""
    return dict.fromkeys(f"the command {command.name.split()[0]}" for command in commands)


def _registered(wing: Wing) -> Iterator[str]:
    """Yield everything that only one wing may have, in words."""
    yield f"the name {wing.name}"
    if wing.settings:
        yield f"the section {wing.name} of config.yaml"
    yield from _first_words(wing.commands)
    yield from (f"the kind of tasks {kind}" for kind in wing.handlers)
    yield from (f"the runner {runner}" for runner in wing.runners)


def settings_class(wings: Sequence[Wing]) -> type[Settings]:
    """Return the class of settings with a section for each wing that has settings; the kernel's own class where none has."""
    sections = [(wing.name, _section_class(wing)) for wing in wings if wing.settings]
    if not sections:
        return Settings
    from dataclasses import make_dataclass

    entries = [(name, cls, field(default_factory=cls)) for name, cls in sections]
    return make_dataclass("SettingsOfAllWings", entries, bases=(Settings,), frozen=True, slots=True, kw_only=True)


def _section_class(wing: Wing) -> Any:
    with part_of(wing.name, wing.settings):
        cls = load(wing.settings)
        # A field whose default is made by a dataclass is a section inside this one.
        wrong = [each.name for each in fields(cls()) if "value_type" not in each.metadata and not is_dataclass(each.default_factory)]
        if wrong:
            raise TypeError(f"{', '.join(wrong)} must be made with option(…)")
        return cls
