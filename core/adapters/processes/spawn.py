"""Starting one process: a session of its own, stdin from /dev/null, stdout and stderr into one descriptor."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
from collections.abc import Mapping
from functools import lru_cache

from core.adapters.processes.command import direct_words, in_shell
from core.domain.attempt_text import shown
from core.ports import CommandNotStarted, Launch

#: Python ignores these; a child expects them as the system has them.
_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)
_DEFAULT_PATH = b"/bin:/usr/bin"


def keep_descriptors() -> None:
    """Keep from children what this process inherited open, beyond stdin, stdout and stderr."""
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):  # the listing's own descriptor is closed by now
            if int(name) > 2:
                os.set_inheritable(int(name), False)


def start(launch: Launch, inherited: Mapping[bytes, bytes], marks: Mapping[bytes, bytes]) -> int:
    """Start ``launch`` with the variables of ``inherited``, its own, and on top of them ``marks``; return its pid.

    Raises CommandNotStarted.
    """
    command, cwd = launch.command, launch.cwd
    try:
        here = _is_here(cwd, command)
        environment = {**inherited, **encoded(launch.env), b"PWD": os.fsencode(cwd), **marks}
        words = (direct_words(command) or in_shell(command)) if isinstance(command, str) else command
        if not words or not words[0]:
            raise CommandNotStarted("the command is empty", 127)
        program = locate(words[0], cwd, environment.get(b"PATH", _DEFAULT_PATH))
        return _execute(program, words, None if here else cwd, environment, launch)
    except ValueError as problem:
        raise CommandNotStarted(f"cannot start {shown(command)[:80]!r}: {problem}", 126) from problem


def encoded(variables: Mapping[str, str]) -> dict[bytes, bytes]:
    """Return an environment as the system has it. Raises ValueError for text that is none to the system."""
    return {os.fsencode(name): os.fsencode(value) for name, value in variables.items()}


def _execute(program: bytes, words: tuple[str, ...], cwd: str | None, environment: Mapping[bytes, bytes], launch: Launch) -> int:
    try:
        return _spawn(program, words, cwd, environment, launch.output)
    except OSError as problem:
        if problem.errno != errno.ENOEXEC or isinstance(launch.command, tuple) or words[0] == "sh":
            raise _refusal(words[0], os.path.join(os.fsencode(launch.cwd), program), problem) from problem
        # A script without a #! line: a shell runs it itself, so do we.
        return _execute(b"/bin/sh", ("sh", os.fsdecode(program), *words[1:]), cwd, environment, launch)


def _spawn(program: bytes, words: tuple[str, ...], cwd: str | None, environment: Mapping[bytes, bytes], output: int) -> int:
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


def locate(word: str, cwd: str, path: bytes) -> bytes:
    """Return the program that ``word`` names, as a shell finds it. Raises CommandNotStarted."""
    name = os.fsencode(word)
    if b"/" in name:
        return name
    places = _places(path, cwd)
    for prefix, seen_from_here in places:
        candidate = seen_from_here + name
        if os.access(candidate, os.X_OK) and not os.path.isdir(candidate):
            return prefix + name
    for prefix, seen_from_here in places:
        if os.path.isfile(seen_from_here + name):
            raise CommandNotStarted(f"not executable: {os.fsdecode(prefix + name)}", 126)
    raise CommandNotStarted(f"no such command: {word}", 127)


@lru_cache(maxsize=64)
def _places(path: bytes, cwd: str) -> tuple[tuple[bytes, bytes], ...]:
    """Return the directories of a PATH, each with a slash, as a process in ``cwd`` names them and as this one does."""
    prefixes = [directory + b"/" if directory else b"" for directory in path.split(b":")]
    return tuple((prefix, os.path.join(os.fsencode(cwd), prefix)) for prefix in prefixes)


def _is_here(cwd: str, command: str | tuple[str, ...]) -> bool:
    """Tell whether ``cwd`` is the tool's own directory. Raises CommandNotStarted when it is none at all."""
    try:
        there = os.stat(cwd)
        if os.path.samestat(there, os.stat(".")):
            return True
        os.stat(os.path.join(cwd, "."))
    except FileNotFoundError as problem:
        raise CommandNotStarted(f"cannot start {shown(command)}: no such directory: {cwd}", 126) from problem
    except OSError as problem:
        raise CommandNotStarted(f"cannot start {shown(command)} in {cwd}: {_words(problem)}", 126) from problem
    return False


def _refusal(word: str, program: bytes, problem: OSError) -> CommandNotStarted:
    if problem.errno in (errno.ENOENT, errno.ENOTDIR):
        if os.path.exists(program):
            return CommandNotStarted(f"cannot start {word}: the interpreter its first line names does not exist", 127)
        return CommandNotStarted(f"no such command: {word}", 127)
    if problem.errno == errno.EACCES:
        return CommandNotStarted(f"not executable: {word}", 126)
    if problem.errno == errno.ENOEXEC:
        return CommandNotStarted(f"not executable: {word} is neither a program nor a script with a #! line", 126)
    return CommandNotStarted(f"cannot start {word}: {_words(problem)}", 126)


def _words(problem: OSError) -> str:
    return (problem.strerror or str(problem)).lower()
