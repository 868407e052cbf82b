"""``orchestrator doctor``."""

from __future__ import annotations

from core.assembly.container import Session
from core.cli.options import Directory, Json, TasksFile
from core.domain.runs.exit_code import ExitCode
from core.domain.settings.diagnosis import Health


def doctor(session: Session, directory: Directory = "", tasks_file: TasksFile = None, json: Json = False) -> int:
    """Check this machine and this repository.

    Prints what a bug report needs to say. Exits with 1 when something is in the way of a run.
    """
    from core.assembly.doctor import diagnose
    from core.reports.setup_text import diagnosis_json, diagnosis_text

    diagnoses = diagnose(session, directory, tasks_file=tasks_file)
    if json:
        session.console.say_json(diagnosis_json(diagnoses))
    else:
        session.console.say(diagnosis_text(diagnoses, session.console.stdout.style()))
    return ExitCode.FAILED if any(diagnosis.health is Health.BAD for diagnosis in diagnoses) else ExitCode.OK
