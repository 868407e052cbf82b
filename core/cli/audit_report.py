"""The report of an audit, in our formats and in those of plugins, and where it is written.

One of our formats is a function of ``core.reports`` and a line in ``_FORMATS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from core.assembly.container import Container
from core.domain.quality.verdict import FailOn, GateReport, Judged
from core.errors import StorageError, UsageError
from core.gate import advised
from core.reports.audit.words import RANKS
from core.reports.text.style import PLAIN, Style
from core.self_auditor import SelfAuditor
from core.terminal.console import Output

#: Function of each format for programs; it takes the gate's report and the findings to list, and returns text.
_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "json": "core.reports.formats.json:audit_json",
        "sarif": "core.reports.formats.sarif:audit_sarif",
        "junit": "core.reports.formats.junit:audit_junit",
        "github": "core.reports.formats.github:audit_github",
        "gitlab": "core.reports.formats.gitlab:audit_gitlab",
        "markdown": "core.reports.audit.markdown:audit_markdown",
        "html": "core.reports.audit.html:audit_html",
    }
)

#: Every format that is ours.
NAMES = ("text", *_FORMATS)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions:
    """What the command line asked for."""

    #: Relative to the repository; none: all of it.
    paths: tuple[str, ...] = ()
    format: str = "text"
    #: File for the report; empty or ``-``: stdout.
    output: str = ""
    top: int = 0
    min_rank: str = "A"
    fail_on: FailOn | None = None
    since: str = ""
    update_baseline: bool = False
    append: bool = False
    explain: str = ""
    history: bool = True
    quiet: bool = False


def check_format(container: Container, wanted: str) -> None:
    """Raise UsageError for a format that neither we nor a granted plugin writes."""
    if wanted in NAMES:
        return
    if container.project.locks_plugins:
        from core.assembly.plugins import reporter_of

        reporter_of(container, wanted)
        return
    from core.schema.wording import nearest

    near = nearest(wanted, NAMES)
    raise UsageError(f"no such format: {wanted}", hint=f"did you mean {near}?" if near else f"formats: {', '.join(NAMES)}")


def render(format: str, gate: GateReport, shown: Sequence[Judged], style: Style = PLAIN) -> str:
    """Return the report that lists the findings ``shown``."""
    if format == "text":
        from core.reports.audit.terminal import audit_text

        return audit_text(gate, style, shown=shown)
    module, _, function = _FORMATS[format].partition(":")
    return str(getattr(import_module(module), function)(gate, shown))


def shown(gate: GateReport, options: AuditOptions) -> Sequence[Judged]:
    """Return the findings that the report lists."""
    least = RANKS.index(options.min_rank)
    chosen = [judged for judged in gate.judgement.judged if RANKS.index(judged.finding.rank) >= least]
    return chosen[: options.top] if options.top else chosen


def _report(container: Container, auditor: SelfAuditor, gate: GateReport, options: AuditOptions, style: Style = PLAIN) -> str:
    if options.format == "json":
        return render("json", gate, advised(auditor, gate, shown(gate, options)))
    if options.format in NAMES:
        return render(options.format, gate, shown(gate, options), style)
    from core.assembly.plugins import plugin_report
    from core.reports.formats.json import audit_fields

    return plugin_report(container, options.format, audit_fields(gate, shown(gate, options)))


def write_report(container: Container, auditor: SelfAuditor, gate: GateReport, options: AuditOptions) -> None:
    """Write the report to where ``options`` say; in GitHub's format also the summary of the step. Raises StorageError, PluginRefused."""
    stdout, mask = container.console.stdout, container.masking
    if options.output in ("", "-"):
        if options.quiet and options.format == "text":
            from core.reports.audit.terminal import failure_text

            stdout.add(failure_text(gate, stdout.style()))
        else:
            _say_report(stdout, options.format, _report(container, auditor, gate, options, stdout.style()))
        stdout.finish()
    else:
        from core.reports.audit.terminal import summary_lines

        _write_file(options.output, mask, _report(container, auditor, gate, options))
        if not options.quiet:
            stdout.add(summary_lines(gate, stdout.style()))
            stdout.finish()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if options.format == "github" and summary:
        _write_file(summary, mask, render("markdown", gate, shown(gate, options)), append=True)


def _say_report(stdout: Output, format: str, report: str) -> None:
    """Write a report; our documents escape what is not theirs, a plugin's words are nobody's order to a terminal or a CI service."""
    if format == "text" or (format not in NAMES and stdout.look.obeyed):
        stdout.add(report)
    else:
        stdout.add_exact(report)


def _write_file(path: str, mask: Callable[[str], str], text: str, *, append: bool = False) -> None:
    from core.files.report_path import check_report_path

    try:
        check_report_path(path)
        with open(path, "a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(mask(text))
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
