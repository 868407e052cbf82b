"""Granted plugins as auditors of a repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.domain.finding import Finding
from core.domain.plugin import Kind
from core.domain.plugin_findings import PluginFindings, plugin_findings
from core.errors import OrchestratorError
from core.plugins.granted import granted, one_line
from core.plugins.host import PluginHost


class GrantedAuditors:
    """PluginAuditors over the host: each is verified, confined, asked once and taken down again."""

    def __init__(self, open_host: Callable[[], PluginHost], configuration: Mapping[str, Mapping[str, Any]]) -> None:
        self._open_host = open_host
        self._configuration = configuration

    def audit(self, files: Sequence[str], only: str = "") -> PluginFindings:
        try:
            host = self._open_host()
        except OrchestratorError as error:
            return PluginFindings(notes=(f"{one_line(error)}: what plugins find is unknown",))
        manifests, notes = granted(host, Kind.AUDITOR)
        findings: list[Finding] = []
        heard: set[str] = set()
        silent = [f"{note}: what it finds is unknown" for note in notes if not only]
        for name in (manifest.id for manifest in manifests if only in ("", manifest.id)):
            told, problem = self._ask(host, name, files)
            findings += told
            if problem:
                silent.append(f"{problem}: what it finds is unknown")
            else:
                heard.add(name)
        return PluginFindings(findings=tuple(findings), heard=frozenset(heard), notes=tuple(silent))

    def _ask(self, host: PluginHost, name: str, files: Sequence[str]) -> tuple[tuple[Finding, ...], str]:
        """Return what one plugin finds, or why nobody knows."""
        try:
            answer = host.call(name, Kind.AUDITOR, {"files": list(files)}, dict(self._configuration.get(name, {})))
        except OrchestratorError as error:
            return (), one_line(error)
        if not answer.ok:
            return (), f"plugin {name}: {answer.problem}"
        return plugin_findings(name, answer.result["findings"]), ""
