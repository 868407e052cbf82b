"""The report of an audit, in our formats and in those of plugins, and where it is written.

One of our formats is a function of ``core.reports`` and a line in ``_FORMATS``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from core.domain.quality.verdict import FailOn, GateReport, Judged
from core.errors import StorageError
from core.ports.wing import load
from core.reports.audit.words import RANKS
from core.reports.text.style import PLAIN, Style
from core.terminal.console import Console
from core.terminal.output import Output

#: Function of each format for programs; it takes the gate's report and the findings to list, and returns text.
_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "json": "core.reports.audit.fields:audit_json",
        "sarif": "core.reports.formats.sarif:audit_sarif",
        "junit": "core.reports.formats.junit:audit_junit",
        "github": "core.reports.formats.code_hosts:audit_github",
        "gitlab": "core.reports.formats.code_hosts:audit_gitlab",
        "markdown": "core.reports.audit.markdown:audit_markdown",
        "html": "core.reports.audit.html:audit_html",
    }
)

#: Every format that is ours.
NAMES = ("text", *_FORMATS)
#: Formats in which people read paths as they type them, relative to the project.
FOR_PEOPLE = ("text", "markdown", "html")


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
    #: Coverage report; empty: the setting's.
    coverage: str = ""
    update_baseline: bool = False
    append: bool = False
    explain: str = ""
    history: bool = True
    quiet: bool = False


def render(format: str, gate: GateReport, shown: Sequence[Judged], style: Style = PLAIN) -> str:
    """Return the report that lists the findings ``shown``."""
    if format == "text":
        from core.reports.audit.terminal import audit_text

        return audit_text(gate, style, shown=shown)
    return str(load(_FORMATS[format])(gate, shown))


def shown(gate: GateReport, options: AuditOptions) -> Sequence[Judged]:
    """Return the findings that the report lists."""
    least = RANKS.index(options.min_rank)
    chosen = [judged for judged in gate.judgement.judged if RANKS.index(judged.finding.rank) >= least]
    return chosen[: options.top] if options.top else chosen


#: Returns the report as a plugin writes it, given the JSON document of an audit.
Reporter = Callable[[dict[str, Any]], str]
#: Returns findings with what to do about each.
Advise = Callable[[Sequence[Judged]], Sequence[Judged]]


def write_report(console: Console, gate: GateReport, options: AuditOptions, *, advise: Advise, reporter: Reporter | None) -> None:
    """Write the report to where ``options`` say; in GitHub's format also the summary of the step.

    ``reporter`` writes a format that is not ours. Raises StorageError, PluginRefused.
    """
    stdout, mask = console.stdout, console.masking
    listed = shown(gate, options)

    def report(style: Style = PLAIN) -> str:
        if reporter is not None:
            from core.reports.audit.fields import audit_fields

            return reporter(audit_fields(gate, listed))
        return render(options.format, gate, advise(listed) if options.format == "json" else listed, style)

    if options.output not in ("", "-"):
        from core.reports.audit.terminal import summary_lines

        _write_file(options.output, mask, report())
        if not options.quiet:
            stdout.add(summary_lines(gate, stdout.style()))
    elif options.quiet and options.format == "text":
        from core.reports.audit.terminal import failure_text

        stdout.add(failure_text(gate, stdout.style()))
    else:
        _say_report(stdout, options.format, report(stdout.style()))
    stdout.finish()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if options.format == "github" and summary:
        _write_file(summary, mask, render("markdown", gate, listed), append=True)


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
