"""The one list of wings. docs/wings.md says what a new one adds beside its line here."""

from __future__ import annotations

from core.ports.wing import Wing

WINGS: tuple[Wing, ...] = ()
