"""What granted plugins do around an audit: one writes the report, others are told how it ended."""

from __future__ import annotations

import time
from collections.abc import Sequence

from core.assembly.project import Project, new_run_id
from core.cli.audit_formats import NAMES
from core.domain.quality.gate import Delta, GateReport, Judged
from core.errors import UsageError


def check_format(project: Project, wanted: str) -> None:
    """Raise UsageError for a format that neither we nor a granted plugin writes."""
    if wanted in NAMES:
        return
    if project.locks_plugins:
        from core.assembly.plugins import reporter_of

        reporter_of(project, wanted)
        return
    from core.domain.settings.options import nearest

    near = nearest(wanted, NAMES)
    raise UsageError(f"no such format: {wanted}", hint=f"did you mean {near}?" if near else f"formats: {', '.join(NAMES)}")


def plugin_rendering(project: Project, wanted: str, gate: GateReport, shown: Sequence[Judged]) -> str:
    """Return the report as a plugin writes it. Raises PluginRefused when it is refused or fails."""
    from core.assembly.plugins import plugin_report
    from core.reports.formats.json import audit_fields

    return plugin_report(project, wanted, audit_fields(gate, shown))


def tell_end(project: Project, gate: GateReport, exit_code: int) -> tuple[str, ...]:
    """Tell the listeners how an audit ended; return what went wrong with them, a sentence each."""
    if not project.locks_plugins:
        return ()
    from core.assembly.plugins import tell_listeners
    from core.events import AuditFinished
    from core.reports.audit.words import verdict_words

    finished = AuditFinished(
        at=time.time(),
        run_id=new_run_id(),
        findings=len(gate.report.findings),
        new=gate.judgement.count(Delta.NEW),
        worse=gate.judgement.count(Delta.WORSE),
        gone=len(gate.judgement.gone),
        exit_code=exit_code,
        reason=f"gate {verdict_words(gate)}",
    )
    return tell_listeners(project, finished)
