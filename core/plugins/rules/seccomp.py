"""The system call filter of a plugin, as bytes of the kernel's packet filter language: every call not on the list is refused."""

from __future__ import annotations

import errno
import struct
from collections.abc import Sequence

from core.plugins.rules.syscalls import AUDIT_ARCHITECTURE, always_allowed, sometimes_allowed

_LOAD = 0x20  # load a 32-bit word of the call's data
_EQUAL = 0x15  # jump if equal
_ANY_BIT = 0x45  # jump if any bit is set
_AND = 0x54
_RETURN = 0x06
_ALLOW = 0x7FFF0000
_KILL = 0x80000000
_ERROR = 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16

_AF_UNIX, _SOCK_STREAM = 1, 1
_SOCKET_TYPE = 0xF
_MSG_FASTOPEN = 0x20000000
#: Process -1: a signal to all that the user has; the kernel would call that a success even where Landlock stops each one.
_EVERYBODY = 0xFFFFFFFF
#: Every new namespace, and being another's child or tracee.
_CLONE_DENIED = 0x7E02A000
#: Signal owners and directory notices: signals to processes outside.
_FCNTL_DENIED = (8, 10, 15, 1026)
#: Typing into a terminal, taking one over, and signal owners of sockets.
_IOCTL_DENIED = (0x5412, 0x541C, 0x540E, 0x8901, 0x8902)
#: Outliving the host, hiding what is open from it, rewriting one's own memory map, inviting a tracer.
_PRCTL_DENIED = (1, 4, 35, 0x59616D61)

Instruction = tuple[int, int, int, int]


def build_filter(machine: str, *, processes: bool, programs: bool, signals: bool) -> bytes:
    """Return the filter program for ``machine`` (``x86_64`` or ``aarch64``).

    ``processes``: it may start threads and processes; ``programs``: it may execute programs; ``signals``: something else already
    confines its signals to its own processes.
    """
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, AUDIT_ARCHITECTURE[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    known = sometimes_allowed(machine)
    rules: dict[str, list[Instruction]] = {
        "clone3": [(_RETURN, 0, 0, _ERROR | errno.ENOSYS)],  # its arguments cannot be looked at; libraries then use clone
        "socketpair": [*_only(0, _AF_UNIX), *_masked_only(1, _SOCKET_TYPE, _SOCK_STREAM), _allow()],
        "sendto": [*_without_bits(3, _MSG_FASTOPEN), _allow()],
        "sendmsg": [*_without_bits(2, _MSG_FASTOPEN), _allow()],
        "ioctl": [*_none_of(1, _IOCTL_DENIED), _allow()],
        "fcntl": [*_none_of(1, _FCNTL_DENIED), _allow()],
        "prctl": [*_none_of(0, _PRCTL_DENIED), _allow()],
        "prlimit64": [*_only(0, 0), _allow()],
    }
    if processes:
        rules["clone"] = [*_without_bits(0, _CLONE_DENIED), _allow()]
        rules["fork"] = rules["vfork"] = [_allow()]
    if programs:
        rules["execve"] = [_allow()]
    if signals:
        rules["kill"] = [*_none_of(0, (_EVERYBODY,)), _allow()]
        rules["tkill"] = rules["tgkill"] = [_allow()]
    for name, body in rules.items():
        if name in known:
            program += [(_EQUAL, 0, len(body), known[name]), *body]
    for number in always_allowed(machine):
        program += [(_EQUAL, 0, 1, number), _allow()]
    program.append(_refuse())
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _allow() -> Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _refuse() -> Instruction:
    return (_RETURN, 0, 0, _ERROR | errno.EPERM)


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, _FIRST_ARGUMENT + 8 * index)


def _only(index: int, value: int) -> list[Instruction]:
    return [_argument(index), (_EQUAL, 1, 0, value), _refuse()]


def _masked_only(index: int, mask: int, value: int) -> list[Instruction]:
    return [_argument(index), (_AND, 0, 0, mask), (_EQUAL, 1, 0, value), _refuse()]


def _without_bits(index: int, bits: int) -> list[Instruction]:
    return [_argument(index), (_ANY_BIT, 0, 1, bits), _refuse()]


def _none_of(index: int, values: Sequence[int]) -> list[Instruction]:
    body = [_argument(index)]
    for value in values:
        body += [(_EQUAL, 0, 1, value), _refuse()]
    return body
