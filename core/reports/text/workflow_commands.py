"""The lines with which a job speaks to its CI service: GitHub's workflow commands, GitLab's sections.

What is made here is written as it is (``Output.add_exact``), so each text that others chose is made harmless here.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.domain.untrusted import printable


def command(name: str, message: str = "", **properties: str) -> str:
    """Return one line of GitHub's: ``::error file=a.py,line=3::message``."""
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name}{' ' if listed else ''}{listed}::{_data(message)}\n"


def plain(text: str) -> str:
    """Return ``text`` such that no line of it is a command, and nothing in it gives orders to a terminal; line ends stay."""
    return printable.inert(printable.visible(text))


def inert(lines: Iterable[str], token: str) -> str:
    """Return ``lines`` such that GitHub obeys none of them. ``token`` must be one that their author cannot know."""
    return f"::stop-commands::{token}\n" + "".join(f"{printable.visible(line)}\n" for line in lines) + f"::{token}::\n"


def group(title: str, body: str) -> str:
    """Return ``body``, made by this module, folded away under ``title``."""
    return command("group", title) + body + "::endgroup::\n"


def section(name: str, title: str, body: str, *, at: float) -> str:
    """Return ``body`` folded away under ``title`` in GitLab's log; ``name`` of letters, digits, ``_ . -``, unique in the job."""
    start = f"\x1b[0Ksection_start:{at:.0f}:{name}[collapsed=true]\r\x1b[0K{plain(title)}\n"
    return f"{start}{plain(body)}\x1b[0Ksection_end:{at:.0f}:{name}\r\x1b[0K\n"


def _data(text: str) -> str:
    # A mark such as ##[ is obeyed anywhere in a line.
    return plain(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
