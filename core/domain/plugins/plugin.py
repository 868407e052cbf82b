"""Plugins: what one is, what it asks for, and what it may touch."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from operator import eq
from types import MappingProxyType
from typing import Any

from core.schema.quantities import format_duration, format_size, parse_duration, parse_size

DEFAULT_TIME = 30.0
DEFAULT_MEMORY = 512 * 1024 * 1024

#: Whether its first argument, the wider, allows all that the second does.
_Covers = Callable[[str, str], bool]


class ProvisionKind(StrEnum):
    """What a plugin can be."""

    #: Runs a task, in place of ``command``.
    TASK = "task"
    #: Adds metrics and findings to a reflection cycle.
    AUDITOR = "auditor"
    #: Turns a report into text of its own format.
    REPORTER = "reporter"
    #: Receives run and audit events.
    LISTENER = "listener"
    #: Answers ``orchestrator x NAME``.
    COMMAND = "command"


class Origin(StrEnum):
    """Where a plugin was found, nearest first: the nearest of one id is the one that runs."""

    REPOSITORY = "repository"
    INSTALLED = "installed"
    BUNDLED = "bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """One thing a plugin provides."""

    kind: ProvisionKind
    #: Version of the contract it was written for.
    contract: int
    #: Name of the command or output format; the plugin's id where the manifest gives none.
    name: str
    #: Events that a listener gets, by their JSON names; empty: all.
    events: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What a plugin may touch. Everything that is not named is denied."""

    #: Globs of files it may read: relative to the repository, or absolute. Wildcards match no hidden names.
    read: tuple[str, ...] = ()
    #: Files it may write, and directories (``DIR/**``) it may do anything in.
    write: tuple[str, ...] = ()
    #: ``host:port`` it may connect to; ``*`` stands for any public host, ``*.name`` for a domain's.
    net: tuple[str, ...] = ()
    #: Names of programs it may start.
    exec: tuple[str, ...] = ()
    #: Names of environment variables it may see.
    env: tuple[str, ...] = ()
    #: Seconds of wall clock that one call may take.
    time: float = DEFAULT_TIME
    #: Bytes of address space of each process.
    memory: int = DEFAULT_MEMORY
    #: Processes and threads at once; 1 means it cannot start any.
    pids: int = 1

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Permissions:
        """Read the ``permissions`` of a valid manifest or lock. Raises ValueError for a bad duration or size."""
        files = value.get("fs", {})
        time, memory = value.get("time", DEFAULT_TIME), value.get("memory", DEFAULT_MEMORY)
        return cls(
            read=tuple(sorted(set(files.get("read", ())))),
            write=tuple(sorted(set(files.get("write", ())))),
            net=tuple(sorted(set(value.get("net", ())))),
            exec=tuple(sorted(set(value.get("exec", ())))),
            env=tuple(sorted(set(value.get("env", ())))),
            time=parse_duration(time) if isinstance(time, str) else float(time),
            memory=parse_size(memory) if isinstance(memory, str) else int(memory),
            pids=int(value.get("pids", 1)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the canonical JSON form: every key present, lists sorted."""
        return {
            "fs": {"read": list(self.read), "write": list(self.write)},
            "net": list(self.net),
            "exec": list(self.exec),
            "env": list(self.env),
            "time": format_duration(self.time),
            "memory": format_size(self.memory),
            "pids": self.pids,
        }

    def lines(self) -> tuple[str, ...]:
        """Return the permissions as lines for a person, the limits last."""
        named = (("read", self.read), ("write", self.write), ("net", self.net), ("exec", self.exec), ("env", self.env))
        listed = tuple(f"{name} {item}" for name, items in named for item in items)
        return (*listed, f"time {format_duration(self.time)}, memory {format_size(self.memory)}, pids {self.pids}")

    def within(self, other: Permissions) -> tuple[str, ...]:
        """Return what of these permissions ``other`` does not cover, one line each; empty when all is covered."""
        beyond = [
            *_uncovered("read", self.read, other.read, covers_path),
            *_uncovered("write", self.write, other.write, covers_path),
            *_uncovered("net", self.net, other.net, covers_address),
            *_uncovered("exec", self.exec, other.exec, eq),
            *_uncovered("env", self.env, other.env, eq),
        ]
        if self.time > other.time:
            beyond.append(f"time {format_duration(self.time)}")
        if self.memory > other.memory:
            beyond.append(f"memory {format_size(self.memory)}")
        if self.pids > other.pids:
            beyond.append(f"pids {self.pids}")
        return tuple(beyond)

    def intersect(self, other: Permissions) -> Permissions:
        """Return what both allow."""
        return Permissions(
            read=_both(self.read, other.read, covers_path),
            write=_both(self.write, other.write, covers_path),
            net=_both(self.net, other.net, covers_address),
            exec=tuple(name for name in self.exec if name in other.exec),
            env=tuple(name for name in self.env if name in other.env),
            time=min(self.time, other.time),
            memory=min(self.memory, other.memory),
            pids=min(self.pids, other.pids),
        )


def _uncovered(name: str, asked: tuple[str, ...], allowed: tuple[str, ...], covers: _Covers) -> list[str]:
    return [f"{name} {item}" for item in asked if not any(covers(wide, item) for wide in allowed)]


def _both(left: tuple[str, ...], right: tuple[str, ...], covers: _Covers) -> tuple[str, ...]:
    kept = {item for item in left if any(covers(wide, item) for wide in right)}
    kept |= {item for item in right if any(covers(wide, item) for wide in left)}
    return tuple(sorted(kept))


def covers_path(wide: str, narrow: str) -> bool:
    """Return whether every path that ``narrow`` matches is surely matched by ``wide``."""
    if wide == narrow:
        return True
    if wide == "**" or wide.endswith("/**"):
        top = wide[:-2]
        parts = narrow.split("/")
        hidden = any(part.startswith(".") for part in narrow[len(top) :].split("/"))
        return narrow.startswith(top) and ".." not in parts and not hidden and not (top == "" and posixpath.isabs(narrow))
    return False


def covers_address(wide: str, narrow: str) -> bool:
    """Return whether the address pattern ``wide`` allows ``narrow`` (an address or a pattern)."""
    from core.domain.untrusted import network_address  # addresses are rare, and the standard library's take 3 ms to import

    return network_address.covers_address(wide, narrow)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A plugin's ``manifest.json``, valid."""

    id: str
    version: str
    description: str
    authors: tuple[str, ...]
    license: str
    minimum_host_version: str
    #: Module inside the plugin's folder that has ``run(context)``.
    entry_point: str
    provides: tuple[Provision, ...]
    permissions: Permissions
    #: JSON schema of the plugin's configuration (``with:``).
    config: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({"type": "object", "additionalProperties": False}))
    #: File of pinned and hashed requirements inside the folder; empty when it needs none.
    requirements: str = ""
    #: Path of the manifest as read.
    path: str = ""

    def provision(self, kind: ProvisionKind, name: str = "") -> Provision | None:
        """Return what it provides of ``kind`` (under ``name``), or None."""
        return next((item for item in self.provides if item.kind is kind and name in ("", item.name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlugin:
    """A folder with a manifest. Nothing of it has been imported, and nothing is believed yet."""

    #: Absolute path of the folder.
    folder: str
    origin: Origin
    #: None when the manifest is invalid.
    manifest: Manifest | None
    #: Why it cannot be used: mistakes in the manifest, or a nearer plugin of the same id.
    problems: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.manifest.id if self.manifest else posixpath.basename(self.folder)


def order_of(version: str) -> tuple[tuple[int, ...], int, tuple[tuple[int, str], ...]]:
    """Return a key that sorts semantic versions; build metadata does not count."""
    core, _, pre = version.partition("+")[0].partition("-")
    numbers = tuple(int(part) for part in core.split("."))
    parts = tuple((int(part), "") if part.isdigit() else (1 << 62, part) for part in pre.split(".")) if pre else ()
    return (numbers, 0 if pre else 1, parts)
