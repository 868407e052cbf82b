"""The one place that knows all adapters: settings in, working objects out."""

from core.assembly.backlog import Backlog, follow_log, open_backlog, open_backlog_to_edit, read_log
from core.assembly.project import STATE_DIRECTORY, Project, file_schemas, new_run_id, open_project, project_folder, task_file
from core.assembly.run import Run, open_run, run_options

__all__ = [
    "STATE_DIRECTORY",
    "Backlog",
    "Project",
    "Run",
    "file_schemas",
    "follow_log",
    "new_run_id",
    "open_backlog",
    "open_backlog_to_edit",
    "open_project",
    "open_run",
    "project_folder",
    "read_log",
    "run_options",
    "task_file",
]
