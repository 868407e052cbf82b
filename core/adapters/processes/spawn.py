"""Starting one process: a session of its own, stdin from /dev/null, stdout and stderr into one descriptor."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import signal
import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache

from core.adapters.processes.command import direct_words, in_shell
from core.domain.runs.attempt import shown
from core.domain.runs.reasons import Code
from core.ports.processes import CommandNotStarted, Launch

#: What this process ignores, or was started with ignored; a child expects the answers of the system. ``nohup`` goes on to it.
_RESTORED = tuple(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGHUP})

#: Characters of a command that a message quotes.
_BRIEF = 80
#: Bytes of one variable or word that Linux takes.
_LONGEST_STRING = 128 * 1024
#: Descriptors below this are looked at where they cannot be listed.
_LIKELY = 4096


def keep_descriptors() -> None:
    """Keep from children what this process inherited open, beyond stdin, stdout and stderr."""
    try:
        numbers = [int(name) for name in os.listdir("/proc/self/fd")]
    except OSError:  # no /proc: every number that is likely
        numbers = list(range(min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], _LIKELY)))
    for number in numbers:
        with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
            if number > 2:
                os.set_inheritable(number, False)


def start(launch: Launch, inherited: Mapping[str, str], marks: Mapping[str, str]) -> int:
    """Start ``launch`` with the variables of ``inherited``, its own, and on top of them ``marks``; return its pid.

    Raises CommandNotStarted.
    """
    command, cwd = launch.command, launch.cwd
    try:
        here = _is_here(cwd, command)
        environment = {**inherited, **launch.env, "PWD": cwd, **marks}
        words = (direct_words(command) or in_shell(command)) if isinstance(command, str) else command
        if not words or not words[0]:
            raise CommandNotStarted(Code.EMPTY_COMMAND.of(), 127)
        program = resolve_program(words[0], cwd, environment.get("PATH", os.defpath))
        return _execute(program, words, None if here else cwd, environment, launch)
    except ValueError as problem:
        told = shown(command)
        told = told if len(told) <= _BRIEF else f"{told[:_BRIEF]}…"  # the ellipsis lets masking find a secret that was cut here
        raise CommandNotStarted(Code.CANNOT_START.of(repr(told), str(problem)), 126) from problem


def _execute(program: str, words: tuple[str, ...], cwd: str | None, environment: Mapping[str, str], launch: Launch) -> int:
    try:
        return _spawn(program, words, cwd, environment, launch.output)
    except OSError as problem:
        if problem.errno != errno.ENOEXEC or isinstance(launch.command, tuple) or words[0] == "sh":
            if problem.errno == errno.E2BIG:
                too_long = _too_long(words, environment)
                raise CommandNotStarted(Code.CANNOT_START.of(words[0][:_BRIEF], f"{_words(problem)}: {too_long}"), 126) from problem
            raise _refusal(words[0], os.path.join(launch.cwd, program), problem) from problem
        # A script without a #! line: a shell runs it itself, so do we.
        return _execute("/bin/sh", ("sh", program, *words[1:]), cwd, environment, launch)


def _spawn(program: str, words: tuple[str, ...], cwd: str | None, environment: Mapping[str, str], output: int) -> int:
    if cwd is None:
        return os.posix_spawn(
            program,
            words,
            environment,
            # In this order ``output`` may be 0 itself, as it is when the tool was started without a stdin.
            file_actions=(
                (os.POSIX_SPAWN_DUP2, output, 1),
                (os.POSIX_SPAWN_DUP2, output, 2),
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
            ),
            setsid=True,
            setsigdef=_RESTORED,
            setsigmask=(),
        )
    # posix_spawn cannot change the directory; Popen can, and takes twice the time of ours.
    process = subprocess.Popen(
        words,
        executable=program,
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    # It is ours to wait for: otherwise the next Popen would reap it, and this one warn.
    process.returncode = 0
    return process.pid


def resolve_program(word: str, cwd: str, path: str) -> str:
    """Return the program that ``word`` names, as a shell finds it. Raises CommandNotStarted."""
    if "/" in word:
        return word
    places = _places(path, cwd)
    for prefix, seen_from_here in places:
        candidate = seen_from_here + word
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return prefix + word
    for prefix, seen_from_here in places:
        if os.path.isfile(seen_from_here + word):
            raise CommandNotStarted(Code.NOT_EXECUTABLE.of(prefix + word), 126)
    raise CommandNotStarted(Code.NO_SUCH_COMMAND.of(word), 127)


@lru_cache(maxsize=64)
def _places(path: str, cwd: str) -> tuple[tuple[str, str], ...]:
    """Return the directories of a PATH, each with a slash, as a process in ``cwd`` names them and as this one does."""
    prefixes = [directory + "/" if directory else "" for directory in path.split(":")]
    return tuple((prefix, os.path.join(cwd, prefix)) for prefix in prefixes)


def _is_here(cwd: str, command: str | tuple[str, ...]) -> bool:
    """Tell whether ``cwd`` is the tool's own directory. Raises CommandNotStarted when it is none at all."""
    try:
        there = os.stat(cwd)
        if os.path.samestat(there, os.stat(".")):
            return True
        os.stat(os.path.join(cwd, "."))
    except FileNotFoundError as problem:
        raise CommandNotStarted(Code.NO_SUCH_DIRECTORY.of(shown(command), cwd), 126) from problem
    except OSError as problem:
        raise CommandNotStarted(Code.CANNOT_START_IN.of(shown(command), cwd, _words(problem)), 126) from problem
    return False


def _refusal(word: str, program: str, problem: OSError) -> CommandNotStarted:
    if problem.errno in (errno.ENOENT, errno.ENOTDIR):
        if os.path.exists(program):
            return CommandNotStarted(Code.NO_INTERPRETER.of(word), 127)
        return CommandNotStarted(Code.NO_SUCH_COMMAND.of(word), 127)
    if problem.errno == errno.EACCES:
        return CommandNotStarted(Code.NOT_EXECUTABLE.of(word), 126)
    if problem.errno == errno.ENOEXEC:
        return CommandNotStarted(Code.NOT_A_PROGRAM.of(word), 126)
    return CommandNotStarted(Code.CANNOT_START.of(word, _words(problem)), 126)


def _too_long(words: Sequence[str], environment: Mapping[str, str]) -> str:
    """Say what the system found too long: one variable, one word of the command, or all of them together."""
    variables = {name: len(os.fsencode(f"{name}={value}")) + 1 for name, value in environment.items()}
    parts = [len(os.fsencode(word)) + 1 for word in words]
    largest = max(variables, key=variables.__getitem__, default="")
    if variables and variables[largest] > max(_LONGEST_STRING, *parts):
        return f"the variable {largest} has {variables[largest]} bytes"
    if max(parts) > _LONGEST_STRING:
        return f"a word of the command has {max(parts)} bytes"
    most = f", of which {largest} has {variables[largest]}" if variables else ""
    return f"command and variables together have {sum(parts) + sum(variables.values())} bytes{most}"


def _words(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()
