"""Who may set what: a value from the wrong place is refused, with its place and the right one."""

from __future__ import annotations

import json

import jsonschema
import pytest

from core.config import config_schema, merge_settings
from core.domain.plugins.configuration import PluginConfiguration, configuration_of, misplaced_mark, ownership_problems, users_keys
from core.domain.quality.files_of_tests import TESTS
from core.domain.settings.options import Option, settings_table
from core.domain.settings.settings import Owner, Provenance, Settings, Source
from core.errors import InvalidFile
from core.schema.yaml_reader import read_yaml

USERS = [option for option in settings_table().options() if Owner.REPOSITORY not in option.owners]
SAMPLES = {"audit.wily_python": "./evil.sh", "audit.use_wily": True}


def load(repository: str = "", user: str = "", environ: dict[str, str] | None = None, base: str | None = None) -> Settings:
    return merge_settings(
        read_yaml(repository, "config.yaml"),
        environ or {},
        {},
        user=read_yaml(user, "/home/me/.config/orchestrator/config.yaml"),
        base=None if base is None else read_yaml(base, "config.yaml@1f2e3d4"),
    )


def document(option: Option) -> str:
    value = SAMPLES[option.key]
    for name in reversed(option.path):
        value = {name: value}
    return json.dumps(value)


def test_what_starts_a_program_in_an_audit_is_the_users() -> None:
    assert {option.key for option in USERS} == {"audit.wily_python", "audit.use_wily"}


@pytest.mark.parametrize("option", USERS, ids=lambda option: option.key)
def test_a_repository_cannot_set_what_is_the_users(option: Option) -> None:
    with pytest.raises(InvalidFile) as caught:
        load(document(option))
    (problem,) = caught.value.problems

    assert (problem.file, problem.line) == ("config.yaml", 1)
    assert problem.column > 1
    assert problem.message == f"{option.key} can be set only by the user, not by a repository"
    assert problem.hint == f"put it into /home/me/.config/orchestrator/config.yaml, or set {option.variable}"
    assert not jsonschema.Draft7Validator(config_schema()).is_valid(json.loads(document(option)))


@pytest.mark.parametrize("option", USERS, ids=lambda option: option.key)
def test_the_user_sets_it_by_file_or_variable(option: Option) -> None:
    loaded = load(user=document(option))
    assert loaded.sources[option.key].source is Source.USER_FILE
    assert loaded.sources[option.key].place.startswith("/home/me/.config/orchestrator/config.yaml:1:")
    assert load(environ={option.variable: str(SAMPLES[option.key]).lower()}).sources[option.key].source is Source.ENVIRONMENT
    assert jsonschema.Draft7Validator(config_schema(Owner.USER)).is_valid(json.loads(document(option)))


def test_every_option_is_the_users_to_set_and_its_schema_says_whose() -> None:
    for option in settings_table().options():
        assert {Owner.USER, Owner.ENVIRONMENT} <= set(option.owners)
    schema = config_schema()["properties"]
    assert schema["jobs"]["x-owners"] == ["repository", "user", "environment"]
    assert schema["audit"]["properties"]["wily_python"]["x-owners"] == ["user", "environment"]


def test_the_nearer_file_wins_and_a_variable_over_both() -> None:
    loaded = load("jobs: 2\n", "jobs: 1\ngrace: 1s\n")
    assert (loaded.jobs, loaded.grace) == (2, 1.0)
    assert load("jobs: 2\n", "jobs: 1\n", {"ORCHESTRATOR_JOBS": "3"}).jobs == 3


def test_a_mistake_in_the_users_file_has_its_place() -> None:
    with pytest.raises(InvalidFile, match=r"/home/me/\.config/orchestrator/config\.yaml:1:1: unknown key 'job'"):
        load(user="job: 1\n")


def test_a_plugins_configuration_is_joined_key_by_key_and_knows_who_wrote_what() -> None:
    loaded = load("plugins:\n  notify:\n    events: [x]\n", "plugins: {notify: {webhook: 'https://a', attempts: 2}, other: {a: 1}}\n")
    assert loaded.plugins == {"notify": {"webhook": "https://a", "attempts": 2, "events": ["x"]}, "other": {"a": 1}}
    assert configuration_of(loaded, "notify") == PluginConfiguration(
        values=loaded.plugins["notify"], by_repository={"events": "config.yaml:3:5"}
    )
    assert loaded.plugin_sources["notify", "webhook"].source is Source.USER_FILE
    assert configuration_of(loaded, "absent") == PluginConfiguration()


SCHEMA = {
    "type": "object",
    "properties": {
        "webhook": {"type": "string", "x-owner": "user"},
        "targets": {"type": "array", "items": {"type": "object", "properties": {"api": {"x-owner": "user"}}}},
        "events": {"type": "array"},
    },
}


def test_a_key_that_the_manifest_gives_to_the_user_is_refused_from_a_repository() -> None:
    assert users_keys(SCHEMA) == {"webhook", "targets"}
    written = PluginConfiguration(
        values={"webhook": "x", "events": [], "targets": []}, by_repository={"webhook": "config.yaml:3:7", "events": "config.yaml:4:7"}
    )
    assert ownership_problems(SCHEMA, written) == (
        (
            "config.yaml:3:7",
            "webhook can be set only by the user, not by a repository: put it into your own ~/.config/orchestrator/config.yaml",
        ),
    )


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (SCHEMA, ""),
        ({}, ""),
        ({"x-owner": "user"}, "x-owner belongs into a key of properties"),
        ({"$defs": {"a": {"x-owner": "user"}}, "properties": {"a": {"$ref": "#/$defs/a"}}}, "x-owner belongs into a key of properties"),
        ({"properties": {"a": {"x-owner": "repository"}}}, "x-owner can only be user"),
        ({"properties": {"a": {"x-owner": ["user"]}}}, "x-owner can only be user"),
    ],
)
def test_a_mark_that_would_not_be_seen_is_a_mistake_of_the_manifest(schema: dict[str, object], problem: str) -> None:
    assert misplaced_mark(schema) == problem


def test_what_decides_a_verdict_is_taken_from_the_base_and_the_rest_from_here() -> None:
    here = "jobs: 2\naudit: {thresholds: {complexity: 50}, exclude: [bad/], revisions: 3}\n"
    loaded = load(here, base="jobs: 9\naudit:\n  thresholds: {complexity: 8}\n  revisions: 7\n")

    assert (loaded.jobs, loaded.audit.thresholds.complexity, loaded.audit.exclude, loaded.audit.revisions) == (2, 8, TESTS, 3)
    assert loaded.sources["audit.thresholds.complexity"] == Provenance(source=Source.FILE, place="config.yaml@1f2e3d4:3:16")


def test_a_base_that_still_sets_what_is_the_users_can_be_judged_by() -> None:
    assert load(base="audit: {wily_python: x, exclude: [a]}\n").audit.exclude == ("a",)


def test_a_variable_is_stronger_than_the_base() -> None:
    assert load(base="audit: {exclude: [a]}\n", environ={"ORCHESTRATOR_AUDIT_EXCLUDE": "[b]"}).audit.exclude == ("b",)


@pytest.mark.parametrize("path", [".git/hooks", "a/.git", ".GIT/x", ".git", ".orchestrator/x", ".orchestrator"])
@pytest.mark.parametrize("key", ["tasks_file", "log.directory", "audit.baseline"])
def test_no_path_leads_into_gits_directory_or_ours(key: str, path: str) -> None:
    value: object = path
    for name in reversed(key.split(".")):
        value = {name: value}
    with pytest.raises(InvalidFile, match="must be a path inside the repository"):
        load(json.dumps(value))
