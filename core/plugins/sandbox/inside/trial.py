"""Runs a plugin's own tests inside the sandbox and notes what they try. Loaded only for certification, in place of the plugin.

The interpreter reports it, inside the plugin's own process: what Python code asks for, before the kernel answers; neither what native
code or another program does, nor what a plugin hides. The sandbox does not rely on it.
"""

from __future__ import annotations

import io
import os
import sys
import unittest

from core.plugins.sandbox.inside.api import Context

_MOST = 2000
#: Landlock's rights (as the kernel numbers them) by what is done to a file.
_RIGHTS = {"exec": 1, "write": 2, "read": 4, "list": 8, "change": 32}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_LISTING = ("os.listdir", "os.scandir")
#: Events whose arguments begin with that many paths, all of which they change.
_CHANGING = {"os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.rename": 2, "os.link": 2, "os.symlink": 2}
#: The call filter refuses these for every file.
_SETTING = ("os.chmod", "os.chown", "os.utime", "os.truncate", "os.setxattr", "os.removexattr")
_STARTING = ("subprocess.Popen", "os.exec", "os.posix_spawn")
_FORKING = ("os.fork", "os.forkpty", "pty.spawn", "_thread.start_new_thread", "_thread.start_joinable_thread")
_SIGNALLING = ("os.kill", "os.killpg")
_LOOKING_UP = ("socket.getaddrinfo", "socket.gethostbyname")


def run(context: Context) -> dict:  # type: ignore[type-arg]
    """Find and run ``tests/test_*.py``; the plugin's folder is ``config.folder``."""
    folder = context.config["folder"]
    os.chdir(context.root)  # the tests find their repository where they stand
    suite = unittest.defaultTestLoader.discover(os.path.join(folder, "tests"), top_level_dir=os.path.join(folder, "tests"))
    output = io.StringIO()
    result = unittest.TextTestRunner(stream=output, verbosity=2).run(suite)
    context.log(output.getvalue())
    failed = [str(case) for case, _ in (*result.failures, *result.errors)] + [str(case) for case in result.unexpectedSuccesses]
    return {"message": f"{result.testsRun} tests", "ok": not failed, "data": {"count": result.testsRun, "failed": failed}}


class Observer:
    """What was tried: (verb, what, whether the sandbox's file rules allow it; None where they say nothing)."""

    def __init__(self, rules: list) -> None:  # type: ignore[type-arg]
        self.seen: set[tuple[str, str, bool | None]] = set()
        self._rules = [(path, rights) for path, rights, _, _ in rules]

    def hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments[:3]
            self._file("write" if _writes(mode, flags) else "read", path)
        elif event in _LISTING:
            self._file("list", arguments[0] if arguments[0] is not None else ".")
        elif event in _CHANGING:
            for path in arguments[: _CHANGING[event]]:
                self._file("change", path)
        elif event in _SETTING:
            self._note("set mode, owner or size of", _text(arguments[0]), None)
        else:
            self._process(event, arguments)
            self._network(event, arguments)

    def _process(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _STARTING:
            self._program(_text(arguments[0]))
        elif event == "os.system":
            self._program("/bin/sh")
        elif event in _FORKING:
            self._note("start", "a thread" if "thread" in event else "a process", None)
        elif event in _SIGNALLING and arguments[0] not in (0, os.getpid()):
            self._note("signal", "a process", None)

    def _network(self, event: str, arguments: tuple[object, ...]) -> None:
        if event in _LOOKING_UP:
            self._note("net", f"{_text(arguments[0])}:{arguments[1] if len(arguments) > 1 else '*'}", False)
        elif event == "socket.__new__" and not _adopts():
            self._note("net", "a socket of its own", False)
        elif event == "orchestrator.connect":
            self._note("connect", f"{arguments[0]}:{arguments[1]}", None)

    def _file(self, verb: str, path: object) -> None:
        if isinstance(path, (str, bytes)):
            absolute = os.path.abspath(os.fsdecode(path))
            self._note(verb, absolute, self._allows(verb, absolute))

    def _program(self, path: str) -> None:
        self._note("exec", path, self._allows("exec", path) if "/" in path else None)

    def _allows(self, verb: str, path: str) -> bool:
        real, right = os.path.realpath(path), _RIGHTS[verb]
        return any(rights & right and (real == place or real.startswith(f"{place}/")) for place, rights in self._rules)

    def _note(self, verb: str, what: str, allowed: bool | None) -> None:
        if len(self.seen) < _MOST:
            self.seen.add((verb, what[:1000], allowed))


def observe(rules: list) -> Observer:  # type: ignore[type-arg]
    """Observe this process from now on; ``rules`` are the sandbox's for files. There is no way to stop it."""
    observer = Observer(rules)
    sys.addaudithook(observer.hook)
    return observer


def _writes(mode: object, flags: object) -> bool:
    return any(letter in str(mode or "") for letter in "wax+") or (isinstance(flags, int) and flags & _WRITING != 0)


def _adopts() -> bool:
    """Return whether a socket object is being made around a descriptor that exists already: such a one reaches nothing new."""
    # Of the frames above, two are ours; the interpreter runs the hook within ``socket.__init__``, whose argument this is.
    return sys._getframe(3).f_locals.get("fileno") is not None  # noqa: SLF001 – nothing else tells


def _text(value: object) -> str:
    return os.fsdecode(value) if isinstance(value, (str, bytes)) else "?"
