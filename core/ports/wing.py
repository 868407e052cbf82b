"""What a wing registers, and what the kernel gives its parts.

A wing is a package of its own (``agents``, ``models`` …). It registers by one constant and one line in ``core.assembly.wings``; the
kernel reads the list and knows no wing by name. Whatever is named by a *reference*, ``module:name``, is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from core.domain.settings.settings import Settings
from core.errors import OrchestratorError
from core.ports.clock import Clock
from core.ports.state_tables import StateTables

_SettingsSection = TypeVar("_SettingsSection")


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

    #: One word; also the key of its section in config.yaml and the component of its tables.
    name: str
    #: Reference to a dataclass whose fields are made with ``option``; a value of it is ``services.section(cls)``.
    settings: str = ""
    commands: tuple[Command, ...] = ()
    #: Reference to a constant, the ``Migrations`` of its tables in state.db.
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

    def say(self, text: str) -> int: ...

    def say_json(self, value: Any) -> int: ...


class Session(Protocol):
    """What a command is called with."""

    @property
    def console(self) -> Screen: ...

    def open(self, directory: str = "", *, tasks_file: str | None = None) -> Services:
        """Find the repository and read its settings. Raises UsageError, InvalidFile, StorageError."""


def load(reference: str) -> Any:
    """Import what ``module:name`` refers to."""
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def check_wings(wings: Sequence[Wing], kernel: Sequence[Command] = ()) -> None:
    """Raise OrchestratorError when two wings, or a wing and the kernel, register the same name; ``kernel`` has the kernel's commands."""
    owners = dict.fromkeys(_first_words(kernel), "the kernel")
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
    sections = [(wing.name, load(wing.settings)) for wing in wings if wing.settings]
    if not sections:
        return Settings
    from dataclasses import make_dataclass

    entries = [(name, cls, field(default_factory=cls)) for name, cls in sections]
    return make_dataclass("SettingsOfAllWings", entries, bases=(Settings,), frozen=True, slots=True, kw_only=True)
