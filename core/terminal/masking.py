"""The secrets that this process knows of: its own variables', those that ``redact`` names, and its tasks'.

What is written goes through here at a few places: every stream (``core.terminal.console``), the events of a run, the lines of
ours in a log, an attempt's reason, reports in files, and crash logs.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar

from core.domain.untrusted.redaction import Redactor, secret_values


class Masking:
    """Masks what it has learnt of. ``named``: globs of variables that are secrets whatever they are called."""

    def __init__(self, environ: Mapping[str, str], named: Sequence[str] = ()) -> None:
        self._named = tuple(named)
        self._redactor = Redactor()
        self.learn(environ)

    def __call__(self, text: str) -> str:
        return self._redactor(text)

    def learn(self, variables: Mapping[str, str]) -> None:
        """Take note of the secrets among ``variables``."""
        self._redactor = self._redactor.knowing(secret_values(variables, self._named))


_current: ContextVar[Masking] = ContextVar("masking")


def masking() -> Masking:
    """Return what masks in this command."""
    found = _current.get(None)
    return found if found is not None else mask_from_now_on()


def mask_from_now_on(named: Sequence[str] = ()) -> Masking:
    """Mask what this process's variables hold, ``named`` ones too, until it is called again."""
    made = Masking(os.environ, named)
    _current.set(made)
    return made
