"""PluginAuditors that say what a test has them say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.domain.quality.finding import PluginFindings, plugin_findings


class ScriptedAuditors:
    """By plugin: what it finds, as the contract of auditors has it, or the reason why it cannot be asked."""

    def __init__(self, **plugins: Sequence[Mapping[str, Any]] | str) -> None:
        self.plugins = dict(plugins)
        #: The files that each call was told.
        self.asked: list[tuple[str, ...]] = []

    def audit(self, files: Sequence[str], only: str = "") -> PluginFindings:
        self.asked.append(tuple(files))
        chosen = {name: told for name, told in self.plugins.items() if only in ("", name)}
        silent = (f"plugin {name}: {told}: what it finds is unknown" for name, told in chosen.items() if isinstance(told, str))
        answered = {name: told for name, told in chosen.items() if not isinstance(told, str)}
        return PluginFindings(
            findings=tuple(finding for name, told in answered.items() for finding in plugin_findings(name, told)),
            answered=frozenset(answered),
            notes=tuple(silent),
        )
