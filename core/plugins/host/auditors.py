"""Granted plugins as auditors of a repository."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from core.domain.plugins.configuration import PluginConfiguration
from core.domain.plugins.plugin import ProvisionKind
from core.domain.quality.finding import Finding, PluginFindings, plugin_findings
from core.errors import OrchestratorError
from core.plugins.host.grant import granted, one_line
from core.plugins.host.plugin_host import PluginHost
from core.ports.sandbox import Conversation

_CHECK_EVERY = 0.1


class GrantedAuditors:
    """PluginAuditors over the host: each is verified, confined, asked once and taken down again; killed once ``cancelled`` returns True."""

    def __init__(
        self,
        open_host: Callable[[], PluginHost],
        configuration: Callable[[str], PluginConfiguration],
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        self._open_host = open_host
        self._cancelled = cancelled
        self._configuration = configuration

    def audit(self, files: Sequence[str], only: str = "") -> PluginFindings:
        try:
            host = self._open_host()
        except OrchestratorError as error:
            return PluginFindings(notes=(f"{one_line(error)}: what plugins find is unknown",))
        manifests, notes = granted(host, ProvisionKind.AUDITOR)
        findings: list[Finding] = []
        answered: set[str] = set()
        silent = [f"{note}: what it finds is unknown" for note in notes if not only]
        for name in (manifest.id for manifest in manifests if only in ("", manifest.id)):
            reported, problem = self._ask(host, name, files)
            findings += reported
            if problem:
                silent.append(f"{problem}: what it finds is unknown")
            else:
                answered.add(name)
        return PluginFindings(findings=tuple(findings), answered=frozenset(answered), notes=tuple(silent))

    def _ask(self, host: PluginHost, name: str, files: Sequence[str]) -> tuple[tuple[Finding, ...], str]:
        """Return what one plugin finds, or why that is unknown."""
        try:
            with host.open(name, ProvisionKind.AUDITOR) as opened, _killed_when(opened.session, self._cancelled):
                answer = opened.call({"files": list(files)}, self._configuration(name))
        except OrchestratorError as error:
            return (), one_line(error)
        if not answer.ok:
            return (), f"plugin {name}: {answer.problem}"
        return plugin_findings(name, answer.result["findings"]), ""


@contextlib.contextmanager
def _killed_when(session: Conversation, cancelled: Callable[[], bool]) -> Iterator[None]:
    """Kill the plugin once ``cancelled`` returns True: a run must not wait for it after Ctrl-C."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(_CHECK_EVERY):
            if cancelled():
                session.kill()
                return

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
