"""The ``orchestrator`` command. Version and overview are answered before anything heavy is imported."""

# What is imported here is there already when Python has started: until ``main`` begins, a signal is Python's to answer.
import _io  # the half of ``io`` that is part of the interpreter
import _signal  # type: ignore[import-not-found]  # the half of ``signal`` that is part of the interpreter
import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # without importing typing, which costs --help more than all the rest
    from collections.abc import Sequence
    from typing import Any, TextIO

    from core.ports.wing import Wing

_HELP = (["--help"], ["-h"], ["help"])
_VERSION = (["--version"], ["-V"], ["version"])
#: How many new objects make Python look for garbage; its own 700 cost 100,000 tasks a fifth of the time.
_SELDOM = (50_000, 50, 100)


def main(argv: "Sequence[str] | None" = None, *, wings: "Sequence[Wing] | None" = None) -> int:
    """Run one command line and return its exit code. Never raises; SIGINT, SIGTERM and SIGHUP end the process (128 + number).

    ``wings`` takes the place of the list in ``core.assembly.wings``. Without ``argv`` the command line is the process's own; then this
    does not return: the process ends, without Python's own last steps, in which a signal would be answered with a traceback again.
    """
    mask = _signal.pthread_sigmask(_signal.SIG_BLOCK, (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP))
    if argv is None:
        from core.cli.inherited_state import make_state_ours

        make_state_ours()
    from core.sudden_stop import sudden_stops

    with sudden_stops(mask):
        code = _execute(sys.argv[1:] if argv is None else [*argv], wings)
        if argv is None:
            os._exit(code)
    return code


def build_parser() -> "Any":
    """Return the parser of every command: a ``Command`` of click as Typer brings it, with the commands' parsers in ``commands``.

    Its ``main(args)`` runs a command line as ``main`` does and raises SystemExit with the exit code; with ``standalone_mode=False`` it
    returns the code. ``args`` default to the process's own.
    """
    import typer

    from core.assembly.container import Session
    from core.assembly.wings import WINGS
    from core.cli.app import build, commands
    from core.terminal.console import Console

    parser: Any = typer.main.get_command(build(Session(Console()), [command.name for command in commands(WINGS)]))
    parser.main = _parser_main
    return parser


def _parser_main(args: "Sequence[str] | None" = None, *_: "Any", standalone_mode: bool = True, **_ignored: "Any") -> int:
    """Take the place of click's own ``main``, which ends every command with exit code 0."""
    code = main(sys.argv[1:] if args is None else args)
    if standalone_mode:
        sys.exit(code)
    return code


def _execute(arguments: list[str], wings: "Sequence[Wing] | None") -> int:
    _fill_closed_descriptors()
    if [word for word in arguments if word != "--json"] in _VERSION:
        from core import __version__

        text = f'{{"version": "{__version__}"}}' if "--json" in arguments else f"orchestrator {__version__}"
        return _say(f"{text}\n", to_error=False)
    if arguments in _HELP:
        return _say(_overview(), to_error=False)
    if not arguments and "_ORCHESTRATOR_COMPLETE" not in os.environ:
        return _say(_overview(), to_error=True)

    collecting = gc.get_threshold()
    # A backlog and a report are many objects that live as long as the command, and few of them in cycles.
    gc.set_threshold(*_SELDOM)
    try:
        from core.assembly.container import Session
        from core.assembly.wings import WINGS
        from core.cli.app import invoke
        from core.cli.failure import guarded
        from core.terminal.console import Console

        def command(words: "Sequence[str]") -> int:
            with Session(console, WINGS if wings is None else wings) as session:
                return invoke(session, words)

        console = Console()
        return guarded(command, arguments, console)
    finally:
        gc.set_threshold(*collecting)


def _fill_closed_descriptors() -> None:
    """Give 0, 1 and 2 to the null device where they are closed, so that no file of ours gets one of these numbers."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number, which is this one


def _overview() -> str:
    with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="utf-8") as file:
        return file.read()


def _say(text: str, *, to_error: bool) -> int:
    stream = sys.stderr if to_error else sys.stdout
    if stream is None:
        return 2 if to_error else 0
    try:
        _write_whole(stream, text)
    except OSError as error:
        # Python would complain once more while flushing at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
        if not isinstance(error, BrokenPipeError) and not to_error:
            return _say(f"error: the result could not be written to stdout: {error.strerror}\n", to_error=True)
    return 2 if to_error else 0


def _write_whole(stream: "TextIO", text: str) -> None:
    """Write all of it, however little is taken at a time and whoever has made the descriptor non-blocking. Raises OSError."""
    if not isinstance(stream, _io.TextIOWrapper) or stream not in (sys.__stdout__, sys.__stderr__):
        stream.write(text)
        return
    descriptor, content = stream.fileno(), text.encode(stream.encoding, "backslashreplace")
    while content:
        try:
            content = content[os.write(descriptor, content) :]
        except BlockingIOError:
            import select

            select.select((), (descriptor,), ())
