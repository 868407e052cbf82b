"""``config show`` and the reference of settings."""

from __future__ import annotations

from core.config import merge_settings
from core.domain.settings.options import settings_table
from core.domain.settings.settings import Settings
from core.reports.setup_text import config_reference_markdown, settings_json, settings_text
from core.schema.yaml_reader import read_yaml


def settings(text: str, **environ: str) -> Settings:
    return merge_settings(read_yaml(text, "config.yaml"), environ, {})


def lines(shown: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in shown.splitlines()}


def test_each_setting_is_shown_with_its_source_and_its_default() -> None:
    shown = lines(settings_text(settings("log: {limit: 1MB}\n", ORCHESTRATOR_BUDGET_TIME="90")))

    assert list(shown) == ["setting", *(option.key for option in settings_table().options())]
    assert shown["log.limit"] == ["1MB", "config.yaml:1:7", "64MiB", "repository", "or", "user"]
    assert shown["budget.time"] == ["1m30s", "ORCHESTRATOR_BUDGET_TIME", "null", "repository", "or", "user"]
    assert shown["jobs"] == ["0", "default", "repository", "or", "user"]
    assert shown["audit.use_wily"] == ["false", "default", "user", "only"]


def test_a_program_gets_numbers_and_what_a_person_wrote() -> None:
    entries = {entry["key"]: entry for entry in settings_json(settings("grace: 1m\naudit: {exclude: [a]}\nhandlers: {x: y}"))}

    assert entries["grace"] == {
        "key": "grace",
        "value": 60.0,
        "written": "1m",
        "default": "5s",
        "source": "file",
        "place": "config.yaml:1:1",
        "owners": ["repository", "user", "environment"],
        "variable": "ORCHESTRATOR_GRACE",
        "flag": "",
        "help": "Time between TERM and KILL.",
    }
    assert entries["audit.wily_python"]["owners"] == ["user", "environment"]
    assert entries["audit.exclude"]["value"] == ["a"]
    assert entries["handlers"]["value"] == {"x": "y"}


def test_the_reference_has_a_row_for_each_setting() -> None:
    rows = [line for line in config_reference_markdown().splitlines() if line.startswith("| `")]

    assert len(rows) == len(settings_table().options())
    assert "| `budget.cost` | a number of at least 0, or null | `null` | `ORCHESTRATOR_BUDGET_COST` | `--budget` |" in "\n".join(rows)
    assert all(row.count("|") == 8 for row in rows)
