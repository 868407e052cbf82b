"""One audit, from options to an exit code: measure, judge, write the report, append tasks."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace

from core.assembly.audit import append_findings, check_finding, open_auditor, open_gate
from core.assembly.container import Container
from core.assembly.policy_changes import policy_changes
from core.assembly.project import new_run_id
from core.cli.audit_report import AuditOptions, check_format, write_report
from core.domain.quality.verdict import Delta, GateReport
from core.domain.runs.exit_code import ExitCode
from core.errors import UsageError
from core.self_auditor import SelfAuditor
from core.terminal.console import Ci, ci_of


def run_audit(container: Container, options: AuditOptions, *, done: Callable[[], None]) -> int:
    """Audit; return 0 when the gate lets the code pass, else 1. ``done`` is called when everything is measured.

    Raises UsageError, InvalidFile, StorageError.
    """
    _check(container, options)
    stderr = container.console.stderr
    try:
        auditor = open_auditor(container, history=options.history and not options.since)
        if options.explain:
            from core.cli.audit_explain import show_explanation

            return show_explanation(container, auditor, options.explain, json=options.format == "json", done=done)
        gate = replace(_judged(container, auditor, options), project=container.project.root.name, changed=policy_changes(container.project))
    finally:
        done()
    write_report(container, auditor, gate, options)
    for note in (*gate.notes, gate.report.gap):
        if note and not options.quiet:
            stderr.add(f"note: {note}\n")
    if options.append:
        from core.reports.audit.cycle_text import cycle_text

        stderr.add(cycle_text(append_findings(container, auditor), container.settings.tasks_file, stderr.style()))
    stderr.flush()
    exit_code = ExitCode.FAILED if gate.failing else ExitCode.OK
    for problem in _send_end(container, gate, exit_code):
        stderr.add(f"warning: {problem}\n")
    stderr.flush()
    return exit_code


def _check(container: Container, options: AuditOptions) -> None:
    check_format(container, options.format)
    if options.since and options.update_baseline:
        raise UsageError("--since and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.update_baseline and container.project.base:
        raise UsageError("--judge-by and --update-baseline do not go together", hint="orchestrator audit --update-baseline")
    if options.append and (options.paths or options.since):
        raise UsageError("--append looks at the whole repository, so that tasks elsewhere stay", hint="orchestrator audit --append")


def _judged(container: Container, auditor: SelfAuditor, options: AuditOptions) -> GateReport:
    gate = open_gate(container, auditor)
    if options.since:
        return gate.audit_since(options.since, options.paths, fail_on=options.fail_on)
    if options.update_baseline:
        return gate.accept_all(options.paths, fail_on=options.fail_on)
    return gate.audit(options.paths, fail_on=options.fail_on, shrink=container.project.base is None and ci_of(os.environ) is Ci.NONE)


def _send_end(container: Container, gate: GateReport, exit_code: int) -> tuple[str, ...]:
    """Send the end of an audit to the listeners; return what went wrong with them, a sentence each."""
    if not container.project.locks_plugins:
        return ()
    from core.assembly.plugins import send_to_listeners
    from core.events import AuditFinished
    from core.reports.audit.words import verdict_words

    finished = AuditFinished(
        at=container.clock.now(),
        run_id=new_run_id(),
        findings=len(gate.report.findings),
        new=gate.judgement.count(Delta.NEW),
        worse=gate.judgement.count(Delta.WORSE),
        gone=len(gate.judgement.gone),
        exit_code=exit_code,
        reason=f"gate {verdict_words(gate)}",
    )
    return send_to_listeners(container, finished)


def show_check(container: Container, task_id: str, *, json: bool, quiet: bool) -> int:
    """Say whether a task's finding is gone; return 0 when it is, else 1."""
    found = check_finding(container, task_id)
    if json:
        container.console.say_json({"task": found.task_id, "gone": found.gone, "reason": found.reason})
    elif not quiet or not found.gone:
        container.console.say(f"{'gone' if found.gone else 'still there'}: {found.reason}\n")
    return ExitCode.OK if found.gone else ExitCode.FAILED


def repository_paths(typed: Sequence[str], root: str | os.PathLike[str], here: str | os.PathLike[str]) -> tuple[str, ...]:
    """Return POSIX paths relative to ``root`` of paths that are relative to ``here``; none where one is the root itself.

    Raises UsageError for one that is not there or not inside.
    """
    found = []
    for path in typed:
        absolute = os.path.normpath(os.path.join(here, path))
        if not os.path.lexists(absolute):
            raise UsageError(f"no such file or directory: {path}")
        relative = os.path.relpath(absolute, root)
        if relative.split(os.sep)[0] == os.pardir:
            # Perhaps by another name: a link to the repository, or into it.
            relative = os.path.relpath(os.path.join(os.path.realpath(os.path.dirname(absolute)), os.path.basename(absolute)), root)
        if relative.split(os.sep)[0] == os.pardir:
            raise UsageError(f"{path} is outside of the repository {os.fspath(root)}", hint="orchestrator audit -C DIR")
        if relative == os.curdir:
            return ()
        found.append(relative.replace(os.sep, "/"))
    return tuple(dict.fromkeys(found))
