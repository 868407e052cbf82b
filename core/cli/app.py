"""From the words of a command line to the one command that they name, by a Typer application with only that command."""

from __future__ import annotations

import inspect
import io
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, redirect_stdout
from functools import wraps
from typing import Any

from core.assembly.container import Session
from core.cli.commands import COMMANDS, GROUPS
from core.errors import UsageError
from core.ports.wing import Command, Wing, check_wings, load, part_of
from core.schema.wording import nearest
from core.terminal.console import Console

PROGRAM = "orchestrator"
_HELP = frozenset({"-h", "--help"})
#: Set by the shell's completion script.
COMPLETE_VARIABLE = "_ORCHESTRATOR_COMPLETE"
#: Options that every command has; people put them before the command as well, as with make and git.
_LEADING = ("-C", "--directory", "-f", "--file")


def commands(wings: Sequence[Wing]) -> tuple[Command, ...]:
    """Return the kernel's commands and those of ``wings``. Raises OrchestratorError when two have the same name."""
    check_wings(wings, COMMANDS)
    return (*COMMANDS, *(command for wing in wings for command in wing.commands))


def invoke(session: Session, arguments: Sequence[str]) -> int:
    """Parse ``arguments``, call the one command they name, return its exit code. Raises UsageError and whatever the command raises."""
    if COMPLETE_VARIABLE in os.environ:
        return _complete(session)
    words = command_first(list(arguments), commands(session.wings))
    if words[0] == "help" and len(words) > 1:
        words = [*words[1:], "--help"]
    return _call(session, [command.name for command in commands(session.wings) if _asked_for(command, words)], words)


def build(session: Session, names: Iterable[str], *, named_only: Iterable[str] = ()) -> Any:
    """Return the Typer application with the named commands, which will be called with ``session``. Their modules are imported.

    Those in ``named_only`` are there to be listed: they have a name and a line of help, and take nothing.
    """
    import typer

    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    root = typer.Typer(name=PROGRAM, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=settings)
    root.callback(help="Plan, execute, reflect.")(_nothing)
    groups: dict[str, typer.Typer] = {}
    wanted, listed = frozenset(names), frozenset(named_only)
    for command in (command for command in commands(session.wings) if command.name in wanted | listed):
        head, _, tail = command.name.rpartition(" ")
        if head and head not in groups:
            groups[head] = typer.Typer(name=head, rich_markup_mode=None, context_settings=settings)
            groups[head].callback(help=GROUPS.get(head, command.help))(_nothing)
            root.add_typer(groups[head])
        function = _bound(command, session) if command.name in wanted else _nothing
        line = None if command.name in wanted else command.help
        (groups[head] if head else root).command(tail, context_settings=settings, help=line)(function)
    return root


def _nothing() -> None:
    """Typer takes an application with one command for that command, unless it has a callback."""


def _bound(command: Command, session: Session) -> Callable[..., Any]:
    """Return a command's function without its first parameter, for which it gets ``session``; the others are options to Typer."""
    with _part(session, command):
        function = load(command.function)

    @wraps(function)
    def call(**options: Any) -> Any:
        with _part(session, command):
            return function(session, **options)

    signature = inspect.signature(function, eval_str=True)
    _session, *others = signature.parameters.values()
    call.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in others}
    return call


def _part(session: Session, command: Command) -> AbstractContextManager[None]:
    wing = next((wing.name for wing in session.wings if command in wing.commands), "")
    return part_of(wing, command.function) if wing else nullcontext()


def _asked_for(command: Command, words: Sequence[str]) -> bool:
    name = command.name.split()
    return words[: len(name)] == name or (len(name) > 1 and words[:1] == name[:1])


def command_first(arguments: list[str], known_commands: Iterable[Command]) -> list[str]:
    """Return the arguments with leading common options put behind the command's name. Raises UsageError without a known command."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        at += 2 if arguments[at] in _LEADING else 1
    known = {command.name.split()[0]: len(command.name.split()) for command in known_commands} | {"help": 1}
    if at >= len(arguments):
        raise UsageError(f"no command in: {PROGRAM} {' '.join(arguments)}", hint=f"{PROGRAM} --help lists the commands")
    word = arguments[at]
    if word not in known:
        raise UsageError(f"no such command: {word}", hint=_hint(word, known))
    behind = at + known[word]
    return [*arguments[at:behind], *arguments[:at], *arguments[behind:]]


def _hint(word: str, known: Iterable[str]) -> str:
    near = nearest(word, known)
    return f"did you mean: {PROGRAM} {near}" if near else f"{PROGRAM} --help lists the commands"


def _call(session: Session, names: Sequence[str], words: Sequence[str]) -> int:
    import typer

    command: Any = typer.main.get_command(build(session, names))
    # Typer's errors for people share a base that it does not export, and that click had before it.
    wrong_usage: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
    try:
        if not _HELP.isdisjoint(words):
            with _printed(session.console):
                return int(command.main(args=list(words), prog_name=PROGRAM, standalone_mode=False) or 0)
        result = command.main(args=list(words), prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort:
        raise UsageError("the question was not answered", hint=f"{PROGRAM} {words[0]} --help lists what answers it beforehand") from None
    except wrong_usage as error:
        raise _usage_error(error, words) from error
    return int(result or 0)


@contextmanager
def _printed(console: Console) -> Iterator[None]:
    """Print as a result, with all that means for a full disk or a slow reader, what Typer itself prints inside."""
    stdout = console.stdout  # made before its stream is replaced
    with redirect_stdout(io.StringIO()) as text:
        try:
            yield
        finally:
            stdout.add_exact(text.getvalue())
    stdout.finish()


def _usage_error(error: Any, words: Sequence[str]) -> UsageError:
    message = str(error.format_message()).rstrip(".").replace("Value error, ", "")
    path = getattr(getattr(error, "ctx", None), "command_path", f"{PROGRAM} {words[0]}")
    return UsageError(message[:1].lower() + message[1:], hint=f"{path} --help lists what it takes")


def _complete(session: Session) -> int:
    """Answer the shell: the commands' names, or what follows the one that is on the line."""
    import typer.completion

    words = (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or "").split()[1:]
    asked = [command.name for command in commands(session.wings) if _asked_for(command, words)]
    typer.completion.completion_init()  # type: ignore[attr-defined]  # without Typer's own --install-completion
    root: Any = typer.main.get_command(build(session, asked, named_only=[command.name for command in commands(session.wings)]))
    with _printed(session.console):
        root.main(args=[], prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE)
    return 0


def overview() -> str:
    """Return the text of ``orchestrator --help``.

    ``help.txt`` holds it, so that printing it imports nothing; ``docs/generate.py`` writes that file.
    """
    from core.assembly.wings import WINGS

    every = commands(WINGS)
    width = max(len(command.name) for command in every)
    lines = [
        "Works off tasks.yml, measures the code, and writes the next tasks.",
        "",
        f"Usage: {PROGRAM} COMMAND [OPTIONS]",
    ]
    for group in dict.fromkeys(command.group for command in every):
        lines += ["", f"{group}:"]
        lines += [f"  {command.name:{width}}  {command.help}" for command in every if command.group == group]
    lines += [
        "",
        "Everywhere:",
        f"  {'-C DIR':{width}}  Work in this repository instead of the current one.",
        f"  {'-f FILE':{width}}  Use this file instead of tasks.yml.",
        f"  {'--json':{width}}  Print JSON.",
        f"  {'-h':{width}}  Explain a command: {PROGRAM} run -h",
        f"  {'--version':{width}}  Print the version.",
        "",
        "Begin with:  orchestrator init   then   orchestrator run",
    ]
    return "\n".join(lines) + "\n"
