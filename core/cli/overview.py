"""The text of ``orchestrator --help``. ``help.txt`` holds it, so that printing it imports nothing; ``docs/generate.py`` writes it."""

from __future__ import annotations

from core.assembly.wings import WINGS
from core.cli.app import PROGRAM
from core.cli.app import commands as commands_of


def overview() -> str:
    """Return the whole text."""
    commands = commands_of(WINGS)
    width = max(len(command.name) for command in commands)
    lines = [
        "Works off tasks.yml, measures the code, and writes the next tasks.",
        "",
        f"Usage: {PROGRAM} COMMAND [OPTIONS]",
    ]
    for group in dict.fromkeys(command.group for command in commands):
        lines += ["", f"{group}:"]
        lines += [f"  {command.name:{width}}  {command.help}" for command in commands if command.group == group]
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
