"""Every command by name, and the Typer application with only the command that was asked for."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from types import MappingProxyType
from typing import Any

from core.assembly.container import Session
from core.errors import UsageError

PROGRAM = "orchestrator"
#: Set by the shell's completion script.
COMPLETE_VARIABLE = "_ORCHESTRATOR_COMPLETE"
#: Options that every command has; people put them before the command as well, as with make and git.
_LEADING = ("-C", "--directory", "-f", "--file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command and where its function is; the module is imported when the command is asked for."""

    #: One word, or two: ``config show``.
    name: str
    module: str
    function: str
    #: One line of the overview; the first line of the function's docstring says the same.
    help: str
    group: str


#: Words that several commands begin with.
GROUPS: Mapping[str, str] = MappingProxyType(
    {"config": "Look at the settings.", "plugins": "Extend the tool with signed, sandboxed plugins."}
)

WORK, LOOK, EDIT, SETUP, PLUGINS = "Work", "Look", "Edit tasks.yml", "Set up and check", "Plugins"


def _plugins(name: str, module: str, help: str) -> Command:
    return Command(name=f"plugins {name}", module=f"core.cli.{module}", function=f"plugins_{name}", help=help, group=PLUGINS)


COMMANDS: tuple[Command, ...] = (
    Command(name="run", module="core.cli.run", function="run", help="Work off tasks.yml.", group=WORK),
    Command(name="plan", module="core.cli.plan", function="plan", help="Show what would run, in which order, and why.", group=WORK),
    Command(name="audit", module="core.cli.audit", function="audit", help="Measure the code and judge it.", group=WORK),
    Command(name="why", module="core.cli.why", function="why", help="Say why a task runs, waits or does not run.", group=LOOK),
    Command(name="status", module="core.cli.status", function="status", help="Show where the backlog stands.", group=LOOK),
    Command(name="list", module="core.cli.list", function="list_tasks", help="List tasks.", group=LOOK),
    Command(name="show", module="core.cli.show", function="show", help="Show everything known of one task.", group=LOOK),
    Command(name="log", module="core.cli.log", function="log", help="Print the log of a task.", group=LOOK),
    Command(name="history", module="core.cli.history", function="history", help="Show past runs, or the attempts of one task.", group=LOOK),
    Command(name="graph", module="core.cli.graph", function="graph", help="Draw the dependencies as Mermaid or Graphviz text.", group=LOOK),
    Command(name="add", module="core.cli.add", function="add", help="Add a task.", group=EDIT),
    Command(name="done", module="core.cli.set_status", function="done", help="Mark tasks as done.", group=EDIT),
    Command(name="reset", module="core.cli.set_status", function="reset", help="Put tasks back to pending.", group=EDIT),
    Command(name="cancel", module="core.cli.set_status", function="cancel", help="Take tasks off the list.", group=EDIT),
    Command(name="init", module="core.cli.init", function="init", help="Write a tasks.yml and a config.yaml that fit.", group=SETUP),
    Command(name="validate", module="core.cli.validate", function="validate", help="Check tasks.yml and config.yaml.", group=SETUP),
    Command(name="schema", module="core.cli.schema", function="schema", help="Print the JSON schema of a file.", group=SETUP),
    Command(
        name="config show", module="core.cli.config_show", function="config_show", help="Print every setting and its source.", group=SETUP
    ),
    Command(name="doctor", module="core.cli.doctor", function="doctor", help="Check this machine and this repository.", group=SETUP),
    Command(name="completion", module="core.cli.completion", function="completion", help="Print a shell's completion script.", group=SETUP),
    _plugins("list", "plugins", "List plugins, and whether each may run."),
    _plugins("show", "plugins", "Show what a plugin asks for and was granted."),
    _plugins("new", "plugins", "Write a new plugin with a test."),
    _plugins("certify", "plugins_install", "Examine a plugin and run its tests in the sandbox."),
    _plugins("keygen", "plugins_trust", "Make a key pair for signing plugins."),
    _plugins("sign", "plugins_trust", "Sign a plugin."),
    _plugins("verify", "plugins", "Verify a plugin's signature and files."),
    _plugins("trust", "plugins_trust", "Trust a key, or grant plugins what they ask for."),
    _plugins("revoke", "plugins_trust", "Believe a key or a plugin no longer."),
    _plugins("install", "plugins_install", "Install a signed plugin."),
    _plugins("remove", "plugins_install", "Remove an installed plugin."),
    _plugins("run", "plugins", "Run a plugin once, in its sandbox."),
    Command(name="x", module="core.cli.plugins", function="x", help="Run a command that a plugin provides.", group=PLUGINS),
)


def invoke(session: Session, arguments: Sequence[str]) -> int:
    """Parse ``arguments``, call the one command they name, return its exit code. Raises UsageError and whatever the command raises."""
    if COMPLETE_VARIABLE in os.environ:
        return _complete(session)
    words = _command_first(list(arguments))
    if words[0] == "help" and len(words) > 1:
        words = [*words[1:], "--help"]
    return _call(session, [command.name for command in COMMANDS if _asked_for(command, words)], words)


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
    for command in (command for command in COMMANDS if command.name in wanted | listed):
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
    function = getattr(import_module(command.module), command.function)

    @wraps(function)
    def call(**options: Any) -> Any:
        return function(session, **options)

    signature = inspect.signature(function, eval_str=True)
    _session, *others = signature.parameters.values()
    call.__signature__ = signature.replace(parameters=others)  # type: ignore[attr-defined]
    call.__annotations__ = {each.name: each.annotation for each in others}
    return call


def _asked_for(command: Command, words: Sequence[str]) -> bool:
    name = command.name.split()
    return words[: len(name)] == name or (len(name) > 1 and words[:1] == name[:1])


def _command_first(arguments: list[str]) -> list[str]:
    """Return the arguments with leading common options put behind the command's name. Raises UsageError without a known command."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        at += 2 if arguments[at] in _LEADING else 1
    known = {command.name.split()[0]: len(command.name.split()) for command in COMMANDS} | {"help": 1}
    if at >= len(arguments):
        raise UsageError(f"no command in: {PROGRAM} {' '.join(arguments)}", hint=f"{PROGRAM} --help lists the commands")
    word = arguments[at]
    if word not in known:
        raise UsageError(f"no such command: {word}", hint=_nearest(word, known))
    behind = at + known[word]
    return [*arguments[at:behind], *arguments[:at], *arguments[behind:]]


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean: {PROGRAM} {near[0]}" if near else f"{PROGRAM} --help lists the commands"


def _call(session: Session, names: Sequence[str], words: Sequence[str]) -> int:
    import typer

    command: Any = typer.main.get_command(build(session, names))
    # Typer's errors for people share a base that it does not export, and that click had before it.
    wrong_usage: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
    try:
        result = command.main(args=list(words), prog_name=PROGRAM, standalone_mode=False)
    except typer.Abort:
        raise UsageError("the question was not answered", hint=f"{PROGRAM} {words[0]} --help lists what answers it beforehand") from None
    except wrong_usage as error:
        raise _usage_error(error, words) from error
    return int(result or 0)


def _usage_error(error: Any, words: Sequence[str]) -> UsageError:
    message = str(error.format_message()).rstrip(".").replace("Value error, ", "")
    path = getattr(getattr(error, "ctx", None), "command_path", f"{PROGRAM} {words[0]}")
    return UsageError(message[:1].lower() + message[1:], hint=f"{path} --help lists what it takes")


def _complete(session: Session) -> int:
    """Answer the shell: the commands' names, or what follows the one that is on the line."""
    import typer.completion

    words = (os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or "").split()[1:]
    asked = [command.name for command in COMMANDS if _asked_for(command, words)]
    typer.completion.completion_init()  # type: ignore[attr-defined]  # without Typer's own --install-completion
    root: Any = typer.main.get_command(build(session, asked, named_only=[command.name for command in COMMANDS]))
    root.main(args=[], prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE)
    return 0
