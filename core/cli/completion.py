"""``orchestrator completion``."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.assembly.container import Session
from core.cli.options import Json


class Shell(StrEnum):
    """A shell that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    session: Session, shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")], json: Json = False
) -> int:
    """Print a shell's completion script.

    bash: eval "$(orchestrator completion bash)" in ~/.bashrc; zsh: the same with zsh, in ~/.zshrc, after compinit;
    fish: orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish
    """
    from typer.completion import get_completion_script  # type: ignore[attr-defined]  # its home is private

    from core.cli.app import COMPLETE_VARIABLE, PROGRAM

    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE_VARIABLE, shell=shell.value)
    return session.console.say_json({"shell": shell.value, "script": script}) if json else session.console.say(script + "\n")
