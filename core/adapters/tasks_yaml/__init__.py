"""``tasks.yml`` as YAML text: read in one pass, changed by span, saved without losing anybody's edit."""

from core.adapters.tasks_yaml.parse.fields import FIELDS, tasks_schema
from core.adapters.tasks_yaml.parse.parse import parse_tasks
from core.adapters.tasks_yaml.store.task_file import YamlTaskFile

__all__ = ["FIELDS", "YamlTaskFile", "parse_tasks", "tasks_schema"]
