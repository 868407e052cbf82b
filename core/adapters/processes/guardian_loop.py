"""The guardian's own program, run as a script so that it loads little: it waits for the tool's end, and lets a stopped tool go on.

A task that stops both would have nobody left to continue either, so the kernel continues the guardian: a timer of its own sends SIGCONT.

    guardian_loop.py ROOT PID

ROOT is the directory of the package ``core``, PID the tool. On stdin it is told ``guard RUN`` (end what is left of it when the tool is
gone), ``suspending`` and ``resumed`` (a person's Ctrl-Z, which is left alone), ``bye`` (there is nothing left to guard). The end of
stdin without ``bye`` means that the tool is dead.
"""

import os
import select
import signal
import sys
import time

#: Seconds between looks at the tool.
_LOOK = 0.5
_SIGEV_SIGNAL = 0


def main() -> None:
    _continue_by_timer()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # tells the tool that we are ready
    sys.path.insert(0, sys.argv[1])
    os.chdir("/")
    runs = _guard(int(sys.argv[2]))
    if runs:
        from core.adapters.processes.guardian import end_what_is_left

        end_what_is_left(runs)


def _continue_by_timer() -> None:
    """Have the kernel send us SIGCONT every ``_LOOK`` seconds: it continues a stopped process and is nothing to a running one."""
    # From Linux 6.13 on a timer does not send what nobody handles.
    signal.signal(signal.SIGCONT, lambda _number, _frame: None)
    try:
        import ctypes

        library = ctypes.CDLL(None)
        if not hasattr(library, "timer_create"):  # before glibc 2.34
            library = ctypes.CDLL("librt.so.1")
        event = (ctypes.c_int32 * 16)(0, 0, signal.SIGCONT, _SIGEV_SIGNAL)  # struct sigevent: a value of 8 bytes, signal, kind
        timer = ctypes.c_void_p()
        every = (0, int(_LOOK * 1e9))
        times = (ctypes.c_long * 4)(*every, *every)  # struct itimerspec: interval, first
        if library.timer_create(time.CLOCK_MONOTONIC, event, ctypes.byref(timer)) == 0:
            library.timer_settime(timer, 0, times, None)
    except (ImportError, OSError, AttributeError):
        return  # a system without such timers: whoever stops us, too, has stopped the tool


def _guard(tool: int) -> list[str]:
    """Return the runs of which something may be left, once the tool is gone."""
    runs: list[str] = []
    suspended = False
    poll = select.poll()
    poll.register(0, select.POLLIN)
    rest = b""
    while True:
        if not poll.poll(_LOOK * 1000):
            if not suspended and _is_stopped(tool):
                _let_go_on(tool, runs, poll)
            continue
        content = os.read(0, 65536)
        if not content:
            return runs
        *lines, rest = (rest + content).split(b"\n")
        for word, _, name in (line.partition(b" ") for line in lines):
            if word == b"bye":
                return []
            suspended = word == b"suspending"
            runs += [os.fsdecode(name)] if word == b"guard" else []


def _is_stopped(tool: int) -> bool:
    return _status(tool).get("State", "")[:1] in ("T", "t")


def _status(tool: int) -> dict[str, str]:
    """Return what the kernel says of it; nothing where that cannot be read."""
    try:
        with open(f"/proc/{tool}/status", encoding="utf-8", errors="replace") as file:
            return {name: value.strip() for name, _, value in (line.partition(":") for line in file)}
    except OSError:
        return {}


def _let_go_on(tool: int, runs: list[str], poll: select.poll) -> None:
    """Continue the tool, unless it has just said why it stops; where a task holds it as a debugger does, that ends with the debugger."""
    if poll.poll(0):
        return
    tracer = int(_status(tool).get("TracerPid") or 0)
    if tracer:
        _kill_if_task(tracer, runs)
    # It is our parent: while it is, nobody else can have its number.
    if os.getppid() == tool:
        try:
            os.kill(tool, signal.SIGCONT)
        except OSError:
            return


def _kill_if_task(pid: int, runs: list[str]) -> None:
    from core.adapters.processes.mark import Marker, of_run

    marker = Marker()
    if any(marker.has_mark(pid, of_run(run), trust_limit=False) for run in runs):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
