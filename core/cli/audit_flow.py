"""One audit from what was wished for to an exit code: measure, judge, write the report where it belongs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.assembly.audit import append_findings, open_auditor, open_gate
from core.assembly.policy_changes import policy_changes
from core.assembly.project import Project
from core.cli.audit_formats import NAMES, render
from core.cli.audit_plugins import check_format, plugin_rendering, tell_end
from core.domain.quality.gate import FailOn, GateReport, Judged
from core.domain.runs.exit_code import ExitCode
from core.errors import StorageError, UsageError
from core.gate import advised
from core.reports.audit.words import RANKS
from core.reports.text.style import PLAIN, Style
from core.self_auditor import SelfAuditor
from core.terminal.audit_progress import MeasuringLine
from core.terminal.console import Ci, Output, ci_of, outputs
from core.terminal.masking import masking


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


def run_audit(project: Project, options: AuditOptions) -> int:
    """Do it; return 0 when the gate lets the code pass, else 1. Raises UsageError, InvalidFile, StorageError."""
    _check(project, options)
    stdout, stderr = outputs(os.environ)
    line = MeasuringLine(stderr)
    try:
        auditor = open_auditor(project, history=options.history and not options.since, progress=line)
        if options.explain:
            from core.cli.audit_explain import show_explanation

            return show_explanation(project, auditor, options.explain, json=options.format == "json", done=line.clear)
        gate = replace(_judged(project, auditor, options), project=project.root.name, changed=policy_changes(project))
    finally:
        line.clear()
    _write_report(project, auditor, gate, options, stdout)
    for note in (*gate.notes, gate.report.gap):
        if note and not options.quiet:
            stderr.add(f"note: {note}\n")
    if options.append:
        _append(project, auditor, stderr)
    stderr.flush()
    exit_code = ExitCode.FAILED if gate.failing else ExitCode.OK
    for problem in tell_end(project, gate, exit_code):
        stderr.add(f"warning: {problem}\n")
    stderr.flush()
    return exit_code


def _check(project: Project, options: AuditOptions) -> None:
    check_format(project, options.format)
    if options.since and options.update_baseline:
        raise UsageError("--since and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.update_baseline and project.base:
        raise UsageError("--judge-by and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.append and (options.paths or options.since):
        raise UsageError("--append looks at the whole repository, so that tasks elsewhere stay", hint="orchestrator audit --append")


def _judged(project: Project, auditor: SelfAuditor, options: AuditOptions) -> GateReport:
    gate = open_gate(project, auditor)
    if options.since:
        return gate.audit_since(options.since, options.paths, fail_on=options.fail_on)
    if options.update_baseline:
        return gate.accept_all(options.paths, fail_on=options.fail_on)
    return gate.audit(options.paths, fail_on=options.fail_on, shrink=project.base is None and ci_of(os.environ) is Ci.NONE)


def shown(gate: GateReport, options: AuditOptions) -> Sequence[Judged]:
    """Return the findings that the report lists."""
    least = RANKS.index(options.min_rank)
    chosen = [judged for judged in gate.judgement.judged if RANKS.index(judged.finding.rank) >= least]
    return chosen[: options.top] if options.top else chosen


def _report(project: Project, auditor: SelfAuditor, gate: GateReport, options: AuditOptions, style: Style = PLAIN) -> str:
    if options.format == "json":
        return render("json", gate, advised(auditor, gate, shown(gate, options)))
    if options.format in NAMES:
        return render(options.format, gate, shown(gate, options), style)
    return plugin_rendering(project, options.format, gate, shown(gate, options))


def _write_report(project: Project, auditor: SelfAuditor, gate: GateReport, options: AuditOptions, stdout: Output) -> None:
    if options.output in ("", "-"):
        if options.quiet and options.format == "text":
            from core.reports.audit.terminal import failure_text

            stdout.add(failure_text(gate, stdout.style()))
        else:
            _say_report(stdout, options.format, _report(project, auditor, gate, options, stdout.style()))
        stdout.finish()
    else:
        from core.reports.audit.terminal import summary_lines

        _write_file(options.output, _report(project, auditor, gate, options))
        if not options.quiet:
            stdout.add(summary_lines(gate, stdout.style()))
            stdout.finish()
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if options.format == "github" and summary:
        _write_file(summary, render("markdown", gate, shown(gate, options)), append=True)


def _say_report(stdout: Output, format: str, report: str) -> None:
    """Write a report; our documents escape what is not theirs, a plugin's words are nobody's order to a terminal or a CI service."""
    if format == "text" or (format not in NAMES and stdout.look.obeyed):
        stdout.add(report)
    else:
        stdout.add_exact(report)


def _write_file(path: str, text: str, *, append: bool = False) -> None:
    try:
        with open(path, "a" if append else "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(masking()(text))
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error


def _append(project: Project, auditor: SelfAuditor, stderr: Output) -> None:
    from core.reports.audit.cycle_text import cycle_text

    stderr.add(cycle_text(append_findings(project, auditor), project.settings.tasks_file, stderr.style()))
