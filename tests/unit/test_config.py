"""Settings from a document, the environment and the command line, and the schema that says the same."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

import jsonschema
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from core.config import config_schema, merge_settings
from core.domain.quality.metric_spec import LIMITED
from core.domain.settings.options import Option, Section, provenance, settings_table, value_of
from core.domain.settings.settings import Provenance, Settings, Source
from core.errors import InvalidFile, UsageError
from core.schema.containers import AnyMap, ListOf, MapOf, Nullable, Record
from core.schema.field_types import Boolean, Choice, FieldType, Text
from core.schema.nodes import Node
from core.schema.quantities import Duration, Integer, Number, Size
from core.schema.yaml_reader import read_yaml


def load(text: str = "", environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None) -> Settings:
    return merge_settings(read_yaml(text, "config.yaml"), environ or {}, overrides or {})


def complaints(text: str = "", environ: Mapping[str, str] | None = None, overrides: Mapping[str, Any] | None = None) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        load(text, environ, overrides)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("text", ["", "# all of it commented out\n", "budget:\nlog: ~\nhandlers:\n"])
def test_what_is_not_said_is_the_default(text: str) -> None:
    assert dataclasses.replace(load(text), sources={}) == dataclasses.replace(Settings(), sources={})


def test_the_stronger_source_wins_and_is_named() -> None:
    text = "jobs: 1\nbudget: {cost: 1, warn_at: 0.5}\n"
    environ = {"ORCHESTRATOR_JOBS": "2", "ORCHESTRATOR_BUDGET_COST": "2"}

    loaded = load(text, environ, {"jobs": 3})

    assert (loaded.jobs, loaded.budget.cost, loaded.budget.warn_at, loaded.log.keep) == (3, 2.0, 0.5, 500)
    assert {key: provenance(loaded, key) for key in ("jobs", "budget.cost", "budget.warn_at", "log.keep")} == {
        "jobs": Provenance(source=Source.COMMAND_LINE, place="--jobs"),
        "budget.cost": Provenance(source=Source.ENVIRONMENT, place="ORCHESTRATOR_BUDGET_COST"),
        "budget.warn_at": Provenance(source=Source.FILE, place="config.yaml:2:19"),
        "log.keep": Provenance(source=Source.DEFAULT),
    }


def test_durations_and_sizes_become_numbers() -> None:
    loaded = load("timeout: 1h30m\ngrace: 0\nlog: {limit: 1GiB}\nbudget: {time: 90}\n")

    assert (loaded.timeout, loaded.grace, loaded.log.limit, loaded.budget.time) == (5400.0, 0.0, 2**30, 90.0)


@pytest.mark.parametrize(("rank", "number"), [("A", 19), ("B", 9), ("C", 0)])
def test_a_maintainability_threshold_may_be_a_rank(rank: str, number: float) -> None:
    key = "audit.thresholds.maintainability"

    assert load(f"audit: {{thresholds: {{maintainability: {rank}}}}}").audit.thresholds.maintainability == number
    assert load(environ={"ORCHESTRATOR_AUDIT_THRESHOLDS_MAINTAINABILITY": rank}).audit.thresholds.maintainability == number
    assert load(overrides={key: rank}).audit.thresholds.maintainability == number
    assert load(f"audit: {{overrides: {{'a/**': {{maintainability: '{rank}'}}}}}}").audit.overrides["a/**"] == {"maintainability": number}


def test_what_is_neither_number_nor_rank_names_both() -> None:
    wanted = "must be a number from 0 to 100 or a rank: A, B, C, not"

    assert wanted in complaints("audit: {thresholds: {maintainability: D}}")[0]
    assert wanted in complaints("audit: {thresholds: {maintainability: 101}}")[0]
    assert "must be a whole number" in complaints("audit: {thresholds: {complexity: B}}")[0]


def test_lists_and_maps_come_from_the_environment_as_yaml() -> None:
    loaded = load(environ={"ORCHESTRATOR_AUDIT_INCLUDE": "[src/**, lib/**]", "ORCHESTRATOR_HANDLERS": "{refactor: ./fix.sh}"})

    assert loaded.audit.include == ("src/**", "lib/**")
    assert loaded.handlers == {"refactor": "./fix.sh"}


def test_a_text_setting_takes_the_variable_as_it_is() -> None:
    assert load(environ={"ORCHESTRATOR_LOG_DIRECTORY": "no"}).log.directory == "no"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load("jobs: 3", {"ORCHESTRATOR_JOBS": ""}).jobs == 3


def test_a_limit_can_be_lifted_from_the_outside() -> None:
    assert load("budget: {cost: 3}", {"ORCHESTRATOR_BUDGET_COST": "null"}).budget.cost is None
    assert load("budget: {cost: 3}", overrides={"budget.cost": "null"}).budget.cost is None


def test_a_flag_that_was_not_given_changes_nothing() -> None:
    loaded = load("jobs: 3", overrides={"jobs": None})

    assert (loaded.jobs, loaded.sources["jobs"].source) == (3, Source.FILE)


def test_what_a_run_gives_its_tasks_is_no_setting() -> None:
    load(environ={"ORCHESTRATOR_RUN_ID": "x", "ORCHESTRATOR_ATTEMPT": "1", "ORCHESTRATOR_TASK_ID": "a", "ORCHESTRATOR_TASK_FILE": "f"})
    load(environ={"ORCHESTRATOR_CHECKPOINT": "x", "ORCHESTRATOR_PREVIOUS_OUTCOME": "failed", "ORCHESTRATOR_PREVIOUS_REASON": "exit 1"})


def test_no_two_settings_share_a_variable_nor_take_one_of_a_run() -> None:
    variables = [option.variable for option in settings_table().options()]

    assert len(set(variables)) == len(variables)
    assert not [name for name in variables if name.startswith("ORCHESTRATOR_TASK_")]
    assert not {"ORCHESTRATOR_RUN_ID", "ORCHESTRATOR_ATTEMPT"} & set(variables)


def test_everything_wrong_everywhere_is_reported_at_once() -> None:
    text = (
        "jobs: four\n"
        "budgt: {cost: 3}\n"
        "cost: 4\n"
        "budget: {cost: -1, time: 1:30, on_exceed: halt}\n"
        "fail_fast: yes\n"
        "log: {limit: 64 MB ram, directory: ../x}\n"
        "handlers: {refactor: ' ', other: [sh, -c, a b]}\n"
        "audit: {include: [a, 3], overrides: {'a/**': {complexity: 0, speed: 1}}}\n"
        "reflect: [x]\n"
    )
    found = complaints(text, {"ORCHESTRATOR_JOB": "3", "ORCHESTRATOR_JOBS": "1.5", "ORCHESTRATOR_AUDIT_JOBS": "{"}, {"timeout": "soon"})

    duration = "a positive duration such as 90s, 10m, 1h30m or a number of seconds"
    no_content = "did not find expected node content while parsing a flow node (check the indentation, the brackets and the quotes above)"
    assert found == [
        f"ORCHESTRATOR_AUDIT_JOBS:1:2: not YAML: {no_content}",
        "ORCHESTRATOR_JOB: no setting has this environment variable (did you mean ORCHESTRATOR_JOBS?)",
        "ORCHESTRATOR_JOBS: must be a whole number of at least 0, not 1.5",
        "config.yaml:1:7: jobs must be a whole number of at least 0, not 'four'",
        "config.yaml:2:1: unknown key 'budgt' (did you mean 'budget'?)",
        "config.yaml:3:1: unknown key 'cost' (did you mean 'budget.cost'?)",
        "config.yaml:4:16: budget.cost must be a number of at least 0, not -1",
        f"config.yaml:4:26: budget.time must be {duration}, but YAML 1.1 reads 1:30 as 90 (type 1m30s or 1h30m)",
        "config.yaml:4:43: budget.on_exceed must be pass or stop, not 'halt'",
        "config.yaml:5:12: fail_fast must be true or false, not yes (type true)",
        "config.yaml:6:14: log.limit must be a size such as 64MB, 1GiB or a number of bytes, not '64 MB ram'",
        "config.yaml:6:36: log.directory must be a path inside the repository, not '../x'",
        "config.yaml:7:22: handlers.refactor must be a command, not ' '",
        "config.yaml:7:34: handlers.other must be a command, not a list (write it as one text: sh -c 'a b')",
        'config.yaml:8:22: audit.include[1] must be a glob, but 3 is a number (quote it: "3")',
        "config.yaml:8:59: audit.overrides.a/**.complexity must be a whole number of at least 1, not 0",
        f"config.yaml:8:62: unknown key 'speed' (known: {', '.join(LIMITED)})",
        "config.yaml:9:10: reflect must be a map of settings, not a list",
        f"timeout: must be {duration}, not 'soon'",
    ]


def test_an_unknown_override_is_a_mistake_of_the_command_line() -> None:
    with pytest.raises(UsageError, match="no such setting: job") as caught:
        load(overrides={"job": 3})

    assert caught.value.hint == "did you mean jobs?"


@pytest.mark.parametrize("path", ["/abs", "~/x", "..", "a/../..", "a/..", "", "a\nb", "a\0b"])
def test_a_path_out_of_the_repository_is_refused(path: str) -> None:
    assert "must be a path inside the repository" in complaints(json.dumps({"log": {"directory": path}}))[0]


@pytest.mark.parametrize("path", ["logs", "a/b", "..a/b..", ".hidden", "a/.../b", "ü"])
def test_a_path_inside_the_repository_is_taken(path: str) -> None:
    assert load(json.dumps({"log": {"directory": path}})).log.directory == path


def test_settings_cannot_be_changed() -> None:
    loaded = load("handlers: {a: b}")

    with pytest.raises(dataclasses.FrozenInstanceError):
        loaded.jobs = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        loaded.handlers["c"] = "d"  # type: ignore[index]


def test_the_schema_is_a_schema_and_its_defaults_fit_it() -> None:
    schema = config_schema()
    jsonschema.Draft7Validator.check_schema(schema)

    for option in settings_table().options():
        written = option.value_type.write(option.default)
        jsonschema.validate(written, option.value_type.schema(), jsonschema.Draft7Validator)
        assert option.value_type.read(node_of(written)) == option.default


@pytest.mark.parametrize("option", settings_table().options(), ids=lambda option: option.key)
def test_every_setting_has_a_sentence_and_a_default_that_settings_hold(option: Option) -> None:
    assert option.help.endswith(".")
    assert value_of(Settings(), option) == option.default


def node_of(value: Any) -> Node:
    root = read_yaml(json.dumps(value), "f").root
    assert root is not None
    return root


#: Text that JSON in double quotes hands to YAML unchanged.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff") | st.sampled_from("\n\t\0"),
    max_size=8,
)
ODD = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.just([])
    | st.just({})
)


def fitting(value_type: FieldType) -> st.SearchStrategy[Any]:
    """Return values around what a kind accepts: mostly fitting, some just beside."""
    match value_type:
        case Nullable():
            return st.none() | fitting(value_type.of)
        case ListOf():
            return st.lists(values(value_type.items), max_size=3)
        case MapOf():
            return st.none() | st.dictionaries(TEXT, values(value_type.values), max_size=3)
        case AnyMap():
            return st.dictionaries(TEXT, st.integers() | TEXT | st.lists(TEXT, max_size=2), max_size=3)
        case Record():
            return st.dictionaries(
                st.sampled_from([*value_type.fields, "other"]), st.one_of(*map(values, value_type.fields.values())), max_size=3
            )
    return fitting_single(value_type)


def fitting_single(value_type: FieldType) -> st.SearchStrategy[Any]:
    match value_type:
        case Boolean():
            return st.booleans()
        case Choice():
            return st.sampled_from([*value_type.words, value_type.words[0].upper()])
        case Integer() | Number():
            return st.integers(-2, 200) | st.sampled_from([2**53 - 1, 2**53, 4.0, 4.5, 10**400, -0.0, 1e300, "A", "C", "b"])
        case Duration():
            return (
                st.from_regex(r"[0-9]{0,2}(\.[0-9])?[dhms]?([0-9]{1,10}[hms])?\n?")
                | st.integers(-1, 5)
                | st.sampled_from(["0s", "0.0m", 0, 0.5, "0h0.1s"])
            )
        case Size():
            return st.from_regex(r"[0-9]{1,3} ?[kKM]?i?B?\n?") | st.integers(-1, 5) | st.sampled_from([1.0, 1.5, "00MB"])
        case Text():
            return TEXT | st.sampled_from(["a/b", "../a", "a/..", "/a", " ", "a\n"])
    raise AssertionError(f"no strategy for {value_type}")


def values(value_type: FieldType) -> st.SearchStrategy[Any]:
    return st.one_of(*[fitting(value_type)] * 9, ODD)


def documents(section: Section) -> st.SearchStrategy[Any]:
    entries = {
        name: documents(entry) if isinstance(entry, Section) else values(entry.value_type) for name, entry in section.entries.items()
    }
    known = st.lists(st.sampled_from(sorted(entries)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: entries[name] for name in names})
    )
    return st.one_of(*[known] * 12, st.none(), ODD, st.dictionaries(TEXT, ODD, max_size=1))


VALIDATOR = jsonschema.Draft7Validator(config_schema())


@settings(max_examples=400, deadline=None)
@given(documents(settings_table()))
def test_the_schema_accepts_exactly_what_the_loader_accepts(document: Any) -> None:
    plain = read_yaml(json.dumps(document, ensure_ascii=False), "config.yaml")
    try:
        merge_settings(plain, {}, {})
        accepted = True
    except InvalidFile:
        accepted = False
    event(f"accepted: {accepted}")

    assert VALIDATOR.is_valid(document) == accepted
