"""``orchestrator greet`` and ``orchestrator greetings list``."""

from __future__ import annotations

from typing import Annotated

import typer

from core.ports.wing import Session
from core.terminal.options import Directory, Json
from toy.settings import ToySettings
from toy.tables import add_greeting, greetings


def greet(session: Session, whom: Annotated[str, typer.Argument(help="Whom to greet.")], directory: Directory = "") -> int:
    """Greet somebody."""
    services = session.open(directory)
    word = services.section(ToySettings).word
    add_greeting(services.tables, whom, word)
    return session.console.say(f"{word} {whom}\n")


def greetings_list(session: Session, directory: Directory = "", json: Json = False) -> int:
    """List who was greeted."""
    found = greetings(session.open(directory).tables)
    return session.console.say_json(found) if json else session.console.say("".join(f"{line}\n" for line in found))
