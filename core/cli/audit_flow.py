"""One audit, from options to an exit code: measure, judge, write the report, append tasks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.assembly.audit import append_findings, open_audit, policy_changes
from core.assembly.container import Container
from core.assembly.project import new_run_id
from core.cli.audit_report import FOR_PEOPLE, NAMES, AuditOptions, Reporter, shown, write_report
from core.domain.quality.verdict import Delta, GateReport, TaskCheck
from core.domain.runs.exit_code import ExitCode
from core.errors import UsageError
from core.events import AuditFinished
from core.gate import Gate, advised
from core.reports.audit.terminal import cycle_text
from core.reports.audit.words import verdict_words
from core.schema.wording import nearest
from core.terminal.console import Ci, Console, ci_of


def run_audit(console: Console, container: Container, options: AuditOptions, *, done: Callable[[], None]) -> int:
    """Audit; return 0 when the gate lets the code pass, else 1. ``done`` is called when everything is measured.

    Raises UsageError, InvalidFile, StorageError.
    """
    compared = container.project.base is not None
    reporter = checked_reporter(container, options)
    try:
        auditor, gate = open_audit(container, history=options.history, since=options.since, coverage=options.coverage)
        report = _judged(gate, options, shrink=not compared and ci_of(os.environ) is Ci.NONE)
        report = replace(report, project=container.root.name, changed=policy_changes(container.project), prefix=_prefix(container, options))
    finally:
        done()
    write_report(console, _without_own_paths(report, container.root), options, advise=partial(advised, auditor, report), reporter=reporter)
    warning = _warning(report, options)
    console.note(f"warning: {warning}\n" if warning else "")
    if not options.quiet:
        console.note(_notes(report))
    if options.append:
        console.note(cycle_text(append_findings(container, auditor), container.settings.tasks_file, console.stderr.style()))
    exit_code = ExitCode.FAILED if report.failing else ExitCode.OK
    if container.project.locks_plugins:
        _send_end(console, container, report, exit_code)
    return exit_code


def checked_reporter(container: Container, options: AuditOptions) -> Reporter | None:
    """Return what writes a format that is not ours, None for one of ours.

    Raises UsageError when nothing writes the format, and for options that exclude each other.
    """
    reporter = None
    if options.format not in NAMES and container.project.locks_plugins:
        from core.assembly.plugins import plugin_reporter

        reporter = plugin_reporter(container, options.format)
    elif options.format not in NAMES:
        near = nearest(options.format, NAMES)
        hint = f"did you mean {near}?" if near else f"formats: {', '.join(NAMES)}"
        raise UsageError(f"no such format: {options.format}", hint=hint)
    _check(options, compared=container.project.base is not None)
    return reporter


def _check(options: AuditOptions, *, compared: bool) -> None:
    if options.coverage and not options.since:
        raise UsageError("--coverage is about changed lines and needs --since", hint="orchestrator audit --since REV --coverage FILE")
    if options.since and options.update_baseline:
        raise UsageError("--since and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.update_baseline and compared:
        raise UsageError("--judge-by and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.append and (options.paths or options.since):
        raise UsageError("--append looks at the whole repository, so that tasks elsewhere stay", hint="orchestrator audit --append")


def _judged(gate: Gate, options: AuditOptions, *, shrink: bool) -> GateReport:
    if options.since:
        return gate.audit_since(options.since, options.paths, fail_on=options.fail_on)
    if options.update_baseline:
        return gate.accept_all(options.paths, fail_on=options.fail_on)
    return gate.audit(options.paths, fail_on=options.fail_on, shrink=shrink)


def _prefix(container: Container, options: AuditOptions) -> str:
    """Return the project's place below the root of its git repository for a report that another program reads."""
    is_top = os.path.lexists(container.root / ".git")  # then git, which takes several processes to ask, has nothing to say
    return "" if is_top or options.format in FOR_PEOPLE else container.repository.facts().prefix


def _without_own_paths(report: GateReport, root: Path) -> GateReport:
    """Return the report with notes that do not say where the repository and the user's directories lie on this machine."""

    places = [(os.path.join(root, ""), ""), (os.path.join(os.path.expanduser("~"), ""), "~/")]

    def shown_note(note: str) -> str:
        for place, short in places:
            note = note if place == os.sep else note.replace(place, short)
        return note

    gap, notes = shown_note(report.report.gap), tuple(map(shown_note, report.notes))
    return replace(report, notes=notes, report=replace(report.report, gap=gap))


def _warning(report: GateReport, options: AuditOptions) -> str:
    """Return why the report may be refused where it is taken to; empty where nothing is wrong with it."""
    if options.format != "sarif":
        return ""
    from core.reports.formats.sarif import size_warning

    return size_warning(len(shown(report, options)))


def _notes(report: GateReport) -> str:
    return "".join(f"note: {note}\n" for note in (*report.notes, report.report.gap) if note)


def _send_end(console: Console, container: Container, report: GateReport, exit_code: int) -> None:
    """Send the end of an audit to the listeners, and say what went wrong with them."""
    from core.assembly.plugins import send_to_listeners

    problems = send_to_listeners(container, _finished(report, exit_code))
    console.note("".join(f"warning: {problem}\n" for problem in problems))


def _finished(report: GateReport, exit_code: int) -> AuditFinished:
    return AuditFinished(
        at=time.time(),
        run_id=new_run_id(),
        findings=len(report.report.findings),
        new=report.judgement.count(Delta.NEW),
        worse=report.judgement.count(Delta.WORSE),
        gone=len(report.judgement.gone),
        exit_code=exit_code,
        reason=f"gate {verdict_words(report)}",
    )


def show_check(console: Console, found: TaskCheck, *, json: bool, quiet: bool) -> int:
    """Say whether a task's finding is gone; return 0 when it is, else 1."""
    if json:
        console.say_json({"task": found.task_id, "gone": found.gone, "reason": found.reason})
    elif not quiet or not found.gone:
        console.say(f"{'gone' if found.gone else 'still there'}: {found.reason}\n")
    return ExitCode.OK if found.gone else ExitCode.FAILED
