"""The one list of wings. A new wing is a package of its own and one line here."""

from __future__ import annotations

from core.ports.wing import Wing

WINGS: tuple[Wing, ...] = ()
