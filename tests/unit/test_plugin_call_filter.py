"""The system call filter, run by a small interpreter of the kernel's packet filter language."""

from __future__ import annotations

import struct

import pytest

from core.plugins.rules.seccomp import AUDIT_ARCHITECTURE, always_allowed, build_filter, sometimes_allowed

ALLOW, PERMISSION, MISSING, KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
MACHINES = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


def verdict(program: bytes, machine: str, number: int, *arguments: int) -> int:
    """Return what the filter says to one call."""
    padded = [*arguments, *([0] * (6 - len(arguments)))]
    data = struct.pack("=IIQ6Q", number, AUDIT_ARCHITECTURE[machine], 0, *(value & (1 << 64) - 1 for value in padded))
    steps = list(struct.iter_unpack("=HBBI", program))
    at = accumulator = 0
    while True:
        code, true, false, value = steps[at]
        at += 1
        if code == 0x20:
            (accumulator,) = struct.unpack_from("=I", data, value)
        elif code == 0x54:
            accumulator &= value
        elif code == 0x15:
            at += true if accumulator == value else false
        elif code == 0x45:
            at += true if accumulator & value else false
        else:
            assert code == 0x06
            return value


@MACHINES
def test_every_call_not_on_the_list_is_refused(machine: str):
    program = build_filter(machine, processes=True, programs=True, signals=True)
    known = {*always_allowed(machine), *sometimes_allowed(machine).values()}
    answers = {number: verdict(program, machine, number) for number in range(1024)}
    assert {number for number, answer in answers.items() if answer == ALLOW} <= known
    assert all(answer == PERMISSION for number, answer in answers.items() if number not in known)


@MACHINES
def test_another_machines_calls_kill(machine: str):
    other = {"x86_64": "aarch64", "aarch64": "x86_64"}[machine]
    assert verdict(build_filter(machine, processes=False, programs=False, signals=False), other, 0) == KILL


def test_the_second_set_of_calls_on_x86_is_refused():
    program = build_filter("x86_64", processes=True, programs=True, signals=True)
    assert verdict(program, "x86_64", 0x40000000 | 59) == PERMISSION


@MACHINES
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (17,), ALLOW),
        ("clone", (0x10000000 | 17,), PERMISSION),  # a user namespace
        ("clone", (0x00008000 | 17,), PERMISSION),  # a child of its own parent
        ("clone3", (0, 0), MISSING),
        ("socketpair", (1, 1), ALLOW),
        ("socketpair", (1, 1 | 0o2000000), ALLOW),  # SOCK_CLOEXEC
        ("socketpair", (1, 2), PERMISSION),  # datagrams could be sent to any path
        ("socketpair", (2, 1), PERMISSION),
        ("sendto", (3, 0, 0, 0), ALLOW),
        ("sendto", (3, 0, 0, 0x20000000), PERMISSION),  # connects while sending
        ("sendmsg", (3, 0, 0x20000000), PERMISSION),
        ("ioctl", (2, 0x5401), ALLOW),
        ("ioctl", (2, 0x5412), PERMISSION),  # types into the terminal
        ("fcntl", (3, 8, 1), PERMISSION),  # F_SETOWN
        ("prctl", (1, 0), PERMISSION),  # would outlive the host
        ("prctl", (15, 0), ALLOW),
        ("prlimit64", (0, 7), ALLOW),
        ("prlimit64", (1, 7), PERMISSION),
        ("kill", (-1, 9), PERMISSION),
        ("kill", (7, 9), ALLOW),
    ],
)
def test_conditions_look_at_the_arguments(machine: str, name: str, arguments: tuple[int, ...], expected: int):
    program = build_filter(machine, processes=True, programs=True, signals=True)
    assert verdict(program, machine, sometimes_allowed(machine)[name], *arguments) == expected


@MACHINES
def test_processes_programs_and_signals_are_allowed_only_when_granted(machine: str):
    program = build_filter(machine, processes=False, programs=False, signals=False)
    known = sometimes_allowed(machine)
    names = [name for name in ("clone", "fork", "vfork", "execve", "kill", "tkill", "tgkill") if name in known]
    assert {verdict(program, machine, known[name], 17) for name in names} == {PERMISSION}
