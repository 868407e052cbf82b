"""The one error boundary: whatever a command raises becomes words for a person and an exit code for a script."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TextIO

from core.domain.runs.exit_code import ExitCode
from core.domain.untrusted.printable import inert_json
from core.errors import EditRefused, InvalidFile, OrchestratorError, Problem, StorageError
from core.ports.wing import origin_of
from core.reports.text.style import PLAIN, Style
from core.reports.text.wording import count
from core.reports.text.workflow_commands import command as workflow_command
from core.terminal.console import Ci, Console, ci_of


def guarded(command: Callable[[Sequence[str]], int], arguments: Sequence[str], console: Console) -> int:
    """Call ``command`` and return its exit code, or that of what it raised, after ``console`` has shown the error."""
    try:
        return command(arguments)
    except OrchestratorError as error:
        return _report(error, arguments, console)
    except KeyboardInterrupt:
        console.note("interrupted\n")
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        return ExitCode.OK
    except OSError as error:
        return _report(_refusal(error, arguments, console), arguments, console)
    except Exception as error:  # noqa: BLE001 – the boundary: an error in orchestrator ends in a crash log, not in a traceback
        from core.cli.crash_log import write_crash_log

        origin = origin_of(error)
        whose = "that wing" if origin else "orchestrator"
        hint = f"this is a mistake in {whose}; please report it with {write_crash_log(error, arguments, console.masking)}"
        message = f"{origin}: " * bool(origin) + f"{type(error).__name__}: {error}"
        return _report(OrchestratorError(message, hint=hint), arguments, console)
    finally:
        console.flush()
        _flush_or_discard(sys.stdout)
        _flush_or_discard(sys.stderr)


def error_text(error: OrchestratorError, style: Style = PLAIN) -> str:
    """Return what stderr says about an error: the problems one a line, or one sentence; then the hint."""
    if isinstance(error, InvalidFile):
        text = "".join(f"{problem}\n" for problem in error.problems) + f"{style.bad('error:')} {count(len(error.problems), 'problem')}\n"
    else:
        text = f"{style.bad('error:')} {error}\n"
    return text + "".join(f"  {style.dim('hint:')} {line}\n" for line in error.hint.splitlines())


def error_json(error: OrchestratorError) -> dict[str, Any]:
    """Return the same for a program."""
    problems = [{"file": p.file, "line": p.line, "column": p.column, "message": p.message, "hint": p.hint} for p in _problems(error)]
    message = f"{len(problems)} problems" if isinstance(error, InvalidFile) and len(problems) > 1 else str(error)
    return {"error": message, "hint": error.hint, "exit_code": error.exit_code, "problems": problems}


def annotation_lines(error: OrchestratorError) -> str:
    """Return the workflow commands that mark an error's places in GitHub's view of the files."""
    places = _problems(error)
    if not places:
        return workflow_command("error", str(error))
    return "".join(workflow_command("error", f"{p.message}{f' ({p.hint})' if p.hint else ''}", **_place(p)) for p in places)


def _place(problem: Problem) -> dict[str, str]:
    place = {"file": problem.file}
    return place | {"line": str(problem.line), "col": str(problem.column)} if problem.line else place


def _problems(error: OrchestratorError) -> tuple[Problem, ...]:
    if isinstance(error, InvalidFile):
        return error.problems
    return (error.problem,) if isinstance(error, EditRefused) else ()


def _refusal(error: OSError, arguments: Sequence[str], console: Console) -> StorageError:
    """Return what the machine refused where no adapter knew better what that means."""
    words = error.strerror or str(error)
    message = f"{error.filename}: {words}" if error.filename else words
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return StorageError(message, hint="allow more open files (ulimit -n 1024), or run fewer tasks at once (-j)")
    from core.cli.crash_log import write_crash_log

    return StorageError(message, hint=f"where it was refused stands in {write_crash_log(error, arguments, console.masking)}")


def _report(error: OrchestratorError, arguments: Sequence[str], console: Console) -> int:
    console.note(error_text(error, console.stderr.style()))
    if "--json" in arguments:
        console.stdout.add_exact(inert_json(json.dumps(error_json(error))) + "\n")
    elif ci_of(console.environ) is Ci.GITHUB:
        console.stdout.add_exact(annotation_lines(error))
    return error.exit_code


def _flush_or_discard(stream: TextIO | None) -> None:
    """Flush; where the reader has gone, throw the rest away so that Python does not complain about it at exit."""
    if stream is None:
        return
    try:
        stream.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
