"""What ``init`` concludes from a repository and proposes for it."""

from __future__ import annotations

import string
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import config_schema, merge_settings
from core.domain.settings.project_facts import Tool
from core.domain.settings.settings import AuditSettings
from core.errors import StorageError, UsageError
from core.scaffold import Proposal, propose_files, write_files
from core.schema.yaml_reader import read_yaml
from core.testing.task_file import MemoryProjectFolder

ALL_PROGRAMS = {tool.value: tool.value for tool in Tool} | {"python3": "python3", "make": "make", "pyproject-build": "pyproject-build"}
TEST = {"tests/test_a.py": ""}


def beginning(files: dict[str, str], programs: dict[str, str] | None = None, *, git: bool = True) -> Proposal:
    return propose_files(MemoryProjectFolder(files, ALL_PROGRAMS if programs is None else programs, git=git))


def commands(files: dict[str, str], programs: dict[str, str] | None = None) -> dict[str, str]:
    return {task.id: task.command for task in beginning(files, programs).tasks if task.command}


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        # Each tool by each thing that gives it away.
        ({"pyproject.toml": "[tool.ruff]\n"}, {"lint": "ruff check ."}),
        ({"ruff.toml": ""}, {"lint": "ruff check ."}),
        ({"pyproject.toml": "[tool.ruff.format]\n"}, {"format": "ruff format --check .", "lint": "ruff check ."}),
        ({"pyproject.toml": "[tool.black]\n"}, {"format": "black --check ."}),
        ({"pyproject.toml": "[tool.black]\n[tool.ruff]\n"}, {"format": "black --check .", "lint": "ruff check ."}),
        ({".flake8": "", "a/__init__.py": ""}, {"lint": "flake8 a"}),
        ({"setup.cfg": "[flake8]\n"}, {"lint": "flake8 ."}),
        ({"tox.ini": "[flake8]\n", "a/__init__.py": "", **TEST}, {"lint": "flake8 a tests", "test": "pytest -q"}),
        ({"pyproject.toml": "[tool.mypy]\nfiles = ['x']\n"}, {"types": "mypy"}),
        ({"mypy.ini": "[mypy]\n", "src/a/__init__.py": ""}, {"types": "mypy src"}),
        ({"setup.cfg": "[mypy]\nfiles = x\n"}, {"types": "mypy"}),
        ({"pyrightconfig.json": "{}"}, {"types": "pyright"}),
        ({"pytest.ini": "", **TEST}, {"test": "pytest -q"}),
        (
            {"pyproject.toml": "[project]\noptional-dependencies = {dev = ['pytest>=8', 'mypy']}\n", **TEST},
            {"types": "mypy tests", "test": "pytest -q"},
        ),
        ({"requirements-dev.txt": "# tools\n-r requirements.txt\nFlake8==7\n"}, {"lint": "flake8 ."}),
        ({"pyproject.toml": "[tool.poetry.group.dev.dependencies]\nruff = '*'\n"}, {"lint": "ruff check ."}),
        ({"noxfile.py": ""}, {"matrix": "nox"}),
        ({"tox.ini": "[tox]\n"}, {"matrix": "tox"}),
        ({".pre-commit-config.yaml": "", "ruff.toml": ""}, {"lint": "pre-commit run --all-files"}),
        ({"mkdocs.yml": ""}, {"docs": "mkdocs build --quiet --strict --site-dir build/site"}),
        ({"docs/conf.py": ""}, {"docs": "sphinx-build -q -W docs build/docs"}),
        ({"pyproject.toml": "[build-system]\nbuild-backend = 'x'\n"}, {"build": "pyproject-build"}),
        # The repository's own targets come first.
        (
            {"Makefile": "lint test:\n\techo\nX := test\n", "ruff.toml": "", "pytest.ini": "", **TEST},
            {"lint": "make lint", "test": "make test"},
        ),
        ({"Makefile": ".PHONY: check\ncheck: x\n"}, {"check": "make check"}),
        ({"Makefile": "lint := 3\ncheck ::= 4\n"}, {}),
        # Nothing that checks it.
        ({"a.py": "", "setup.py": ""}, {"compile": "python3 -m compileall -q a.py"}),
        ({"README.md": ""}, {}),
    ],
)
def test_a_task_for_each_tool_that_the_repository_uses(files: dict[str, str], expected: dict[str, str]) -> None:
    assert commands(files) == expected


def test_tests_without_pytest_run_with_the_standard_library() -> None:
    assert commands(TEST, {"python3": "python3"})["test"] == "python3 -m unittest discover -s tests"


@pytest.mark.parametrize(("lock", "program", "prefix"), [("uv.lock", "uv", "uv run"), ("poetry.lock", "poetry", "poetry run")])
def test_a_lock_file_decides_who_starts_the_tools(lock: str, program: str, prefix: str) -> None:
    files = {lock: "", "ruff.toml": "", "pytest.ini": "", **TEST}

    assert commands(files, {program: program}) == {"lint": f"{prefix} ruff check .", "test": f"{prefix} pytest -q"}
    assert commands(files, ALL_PROGRAMS) == {"lint": "ruff check .", "test": "pytest -q"}


def test_a_tool_of_the_repositorys_own_environment_is_started_there() -> None:
    assert commands({"ruff.toml": ""}, {"ruff": ".venv/bin/ruff"}) == {"lint": ".venv/bin/ruff check ."}


def test_what_is_used_but_not_installed_is_said() -> None:
    notes = beginning({"ruff.toml": "", "mypy.ini": "[mypy]"}, {"ruff": "ruff"}, git=False).notes

    assert notes == (
        "mypy is used here but was not found: install it, or remove the check 'types'",
        "this is no git repository: trends and `audit --since` need one",
    )
    text = beginning({"ruff.toml": "", "mypy.ini": "[mypy]"}, {"ruff": "ruff"}).files["tasks.yml"]
    assert "# mypy was not found: install it, or remove this check.\n- id: types\n" in text


def test_a_wheel_needs_what_checks_the_code() -> None:
    tasks = {t.id: t for t in beginning({"pyproject.toml": "[tool.ruff]\n[build-system]\nbuild-backend='x'", **TEST}).tasks}

    assert tasks["build"].dependencies == ("lint", "test")
    assert list(tasks) == ["lint", "test", "build"]


def test_what_is_found_becomes_checks_and_nothing_else() -> None:
    proposed = beginning({"pyproject.toml": "[tool.ruff]\n[build-system]\nbuild-backend='x'", "docs/conf.py": "", **TEST})

    assert [entry["check"] for entry in entries(proposed)] == [True] * 4
    assert entries(beginning({"README.md": ""}))[0].keys() == {"id", "description", "manual"}


def test_sources_are_written_where_a_tool_is_known_to_read_nothing_else() -> None:
    proposed = beginning({"pyproject.toml": "[tool.ruff]\n[tool.mypy]", "uv.lock": "", "src/a/__init__.py": "", **TEST})
    sources = {entry["id"]: entry.get("sources") for entry in entries(proposed)}

    assert sources == {"lint": ["**/*.py*", "*.toml", "uv.lock"], "types": ["**/*.py*", "*.toml", "uv.lock"], "test": None}
    assert '# sources: ["src/**", "tests/**", "*.toml", "uv.lock"]' in proposed.files["tasks.yml"]
    assert entries(beginning({"ruff.toml": "", "docs/index.md": "", "a.py": ""}))[0]["sources"] == ["**/*.py*", "**/*.md", "*.toml"]
    assert "sources" not in entries(beginning({"Makefile": "lint:\n\truff check .\n", "ruff.toml": ""}))[0]


GROUPS = """
[dependency-groups]
dev = ["ruff", {include-group = "types"}]
types = ["mypy"]
tests = ["pytest"]
[project.optional-dependencies]
docs = ["sphinx"]
[tool.ruff]
[tool.mypy]
[tool.pytest.ini_options]
"""


@pytest.mark.parametrize(
    ("files", "programs", "expected"),
    [
        # uv installs its default groups; another one, or an extra, it is told.
        (
            {"uv.lock": "", "pyproject.toml": GROUPS, "docs/conf.py": "", **TEST},
            ["uv"],
            {
                "lint": "uv run ruff check .",
                "types": "uv run mypy tests",
                "test": "uv run --group tests pytest -q",
                "docs": "uv run --extra docs sphinx-build -q -W docs build/docs",
            },
        ),
        (
            {"uv.lock": "", "pyproject.toml": GROUPS + "[tool.uv]\ndefault-groups = ['tests']\n", **TEST},
            ["uv"],
            {"lint": "uv run --group dev ruff check .", "types": "uv run --group types mypy tests", "test": "uv run pytest -q"},
        ),
        # What the lock file does not have is not started by its program.
        (
            {"uv.lock": '[[package]]\nname = "pytest"\n', "ruff.toml": "", "pytest.ini": "", **TEST},
            ["uv", "ruff"],
            {"lint": "ruff check .", "test": "uv run pytest -q"},
        ),
        ({"pyproject.toml": "[tool.poetry.group.dev.dependencies]\nruff = '*'\n"}, ["poetry", "ruff"], {"lint": "poetry run ruff check ."}),
        ({"pdm.lock": "", "ruff.toml": ""}, ["pdm"], {"lint": "pdm run ruff check ."}),
        ({"uv.lock": '[[package]]\nname = "a"\n', **TEST}, ["uv"], {"test": "uv run python -m unittest discover -s tests"}),
        ({"uv.lock": "", "a.py": ""}, ["uv", "python3"], {"compile": "uv run python -m compileall -q a.py"}),
        # Recipes come before tools, in the order just, task, make, and those of a program that is not there come last.
        (
            {
                "justfile": "test *args:\n    pytest {{args}}\nlint:\n    ruff check\n",
                "Makefile": "lint:\n\techo\n",
                "pytest.ini": "",
                **TEST,
            },
            ["just", "make", "pytest"],
            {"lint": "just lint", "test": "just test"},
        ),
        (
            {"justfile": "test:\n    pytest\nlint:\n    ruff check\n", "Makefile": "lint:\n\techo\n", "pytest.ini": "", **TEST},
            ["make", "pytest"],
            {"lint": "make lint", "test": "pytest -q"},
        ),
        ({"justfile": "test target:\n    pytest {{target}}\nlint := 'x'\n_types:\n    mypy\n"}, ["just"], {}),
        (
            {"Taskfile.yml": "vars:\n  A: b\ntasks:\n  default:\n    cmds: [types: x]\n  lint: ruff\n\n  'test':\n    cmds: [x]\n"},
            ["task"],
            {"lint": "task lint", "test": "task test"},
        ),
        # Sessions come before tools that are merely installed, and behind those of the repository's own environment.
        (
            {
                "noxfile.py": "@nox.session(python=['3'])\ndef tests(s):\n    x\n\n@nox.session(name='type-check')\n@x\ndef t(s): y\n",
                **TEST,
            },
            ["nox", "pytest"],
            {"types": "nox -s type-check", "test": "nox -s tests"},
        ),
        (
            {"tox.ini": "[tox]\n[testenv]\n[testenv:{lint,docs}]\n", "pytest.ini": "", **TEST},
            ["tox"],
            {"lint": "tox -e lint", "test": "tox -e py", "docs": "tox -e docs"},
        ),
        (
            {"pyproject.toml": "[tool.tox.env_run_base]\n[tool.tox.env.typing]\n", "uv.lock": "", "pytest.ini": "", **TEST},
            ["uv"],
            {"types": "uv run tox -e typing", "test": "uv run pytest -q"},
        ),
        (
            {"hatch.toml": "[envs.hatch-test]\n[envs.types.scripts]\ncheck = 'mypy'\n[envs.default.scripts]\nlint = 'ruff check'\n"},
            ["hatch"],
            {"lint": "hatch run lint", "types": "hatch run types:check", "test": "hatch test"},
        ),
        (
            {"pyproject.toml": "[tool.pdm.scripts]\nlint = 'ruff check'\ntest = {cmd = 'x'}\n"},
            ["pdm"],
            {"lint": "pdm run lint", "test": "pdm run test"},
        ),
        # A check changes no file.
        ({"justfile": "lint:\n    ruff check --fix .\n", "ruff.toml": ""}, ["just", "ruff"], {"lint": "ruff check ."}),
        ({"Makefile": "lint:\n\tblack src\n\tflake8\n", ".flake8": ""}, ["make", "flake8"], {"lint": "flake8 ."}),
        ({"Makefile": "lint:\n\tblack --check src\n"}, ["make"], {"lint": "make lint"}),
        ({"pyproject.toml": "[tool.pdm.scripts]\ndoc = 'mkdocs serve'\n"}, ["pdm"], {}),
        ({"pyproject.toml": "[tool.ruff]\nfix = true\n"}, ["ruff"], {"lint": "ruff check --no-fix ."}),
    ],
)
def test_a_check_runs_as_the_repository_itself_runs_it(files: dict[str, str], programs: list[str], expected: dict[str, str]) -> None:
    assert commands(files, {name: name for name in programs}) == expected


def test_what_is_no_check_and_what_is_not_there_is_said() -> None:
    files = {"justfile": "lint:\n    ruff check --fix .\n", "ruff.toml": "", "uv.lock": ""}

    assert beginning(files, {"just": "just"}).notes == (
        "justfile: just lint changes files, so it is no check",
        "uv is used here but was not found: install it, or remove the check 'lint'",
        "uv manages the environment here but was not found: tools are started as they are installed",
    )
    assert commands(files, {"just": "just"}) == {"lint": "uv run ruff check ."}


@pytest.mark.parametrize("reflect", [True, False])
def test_whether_runs_reflect_stands_in_the_config(reflect: bool) -> None:
    proposed = propose_files(MemoryProjectFolder({"a.py": ""}), reflect=reflect)

    assert loaded(proposed).reflect.enabled is reflect


def test_a_pyproject_that_is_not_toml_is_passed_over_and_said() -> None:
    (note,) = beginning({"pyproject.toml": "[tool.ruff\n"}).notes

    assert note.startswith("pyproject.toml was passed over, it is not TOML: ")


@pytest.mark.parametrize(
    "text",
    [
        "tool = 3",
        "[tool]\nruff = 3",
        "project = []",
        "[project]\nname = 3\ndependencies = {a = 1}",
        "[dependency-groups]\na = [{include-group = 'b'}]",
    ],
)
def test_a_pyproject_of_an_unexpected_shape_does_no_harm(text: str) -> None:
    assert beginning({"pyproject.toml": text}).files


def test_a_src_layout_and_code_from_elsewhere_are_told_to_the_audit() -> None:
    settings = loaded(beginning({"src/a/__init__.py": "", "src/a/_vendor/x.py": "", **TEST}))

    assert settings.audit.include == ("src/**/*.py",)
    assert settings.audit.exclude == (*AuditSettings().exclude, "src/a/_vendor/**")


def test_nothing_is_written_over_a_file_that_is_there() -> None:
    folder = MemoryProjectFolder({"config.yaml": "mine"})

    with pytest.raises(UsageError, match=r"already there: config\.yaml"):
        write_files(folder, propose_files(folder), {})
    assert folder.files == {"config.yaml": "mine"}


def test_what_is_ours_hides_itself_from_git() -> None:
    folder = MemoryProjectFolder({"ruff.toml": ""})
    write_files(folder, propose_files(folder), {"tasks": {"type": "array"}})

    assert folder.files[".orchestrator/.gitignore"] == folder.files["logs/.gitignore"] == "*\n"
    assert folder.files[".orchestrator/schema/tasks.schema.json"] == '{\n  "type": "array"\n}\n'
    assert set(folder.files) > {"tasks.yml", "config.yaml"}


def test_logs_of_the_repository_are_left_alone() -> None:
    folder = MemoryProjectFolder({"logs/app.log": ""})
    write_files(folder, propose_files(folder), {})

    assert "logs/.gitignore" not in folder.files


def test_a_disk_that_refuses_is_an_error_of_storage() -> None:
    folder = MemoryProjectFolder({})
    folder.broken.add("tasks.yml")

    with pytest.raises(StorageError, match=r"cannot write tasks\.yml"):
        write_files(folder, propose_files(folder), {})


NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(["no", "1:30", "a: b", "# x", "'", "\n- id: x"])
PATH = st.sampled_from(["src/", "tests/", "docs/", "a b/", "it's/", "ü/"]).flatmap(
    lambda folder: st.sampled_from(["__init__.py", "test_x.py", "conf.py", "y.py", "vendor/z.py"]).map(lambda file: folder + file)
)
PYPROJECT = st.tuples(
    NAMES.map(lambda name: "[project]\nname = " + '"' + "".join(f"\\U{ord(c):08x}" for c in name) + '"\n'),
    st.lists(
        st.sampled_from(["[tool.ruff.format]\n", "[tool.mypy]\n", "[tool.black]\n", "[build-system]\nbuild-backend = 'hatchling.build'\n"]),
        unique=True,
    ),
).map(lambda parts: parts[0] + "".join(parts[1]))
MAKEFILE = st.lists(st.sampled_from(["lint", "test", "check", "types", "docs"])).map(lambda names: "".join(f"{name}:\n" for name in names))
REPOSITORIES = st.fixed_dictionaries(
    {},
    optional={
        "pyproject.toml": PYPROJECT,
        "Makefile": MAKEFILE,
        "tox.ini": st.sampled_from(["[tox]\n", "[pytest]\n"]),
        "noxfile.py": st.just(""),
        "mkdocs.yml": st.just(""),
        "uv.lock": st.just(""),
        "justfile": MAKEFILE,
        "Taskfile.yml": MAKEFILE.map(lambda text: "tasks:\n" + "".join(f"  {line} x\n" for line in text.splitlines())),
    },
).flatmap(lambda files: st.lists(PATH).map(lambda paths: {**files, **dict.fromkeys(paths, "")}))
PROGRAMS = st.sets(st.sampled_from([*ALL_PROGRAMS, "uv"])).map(lambda names: {name: name for name in names})


@given(REPOSITORIES, PROGRAMS)
def test_whatever_is_found_the_files_are_valid(files: dict[str, str], programs: dict[str, str]) -> None:
    proposed = beginning(files, programs)
    ids = [task["id"] for task in entries(proposed)]

    loaded(proposed)
    assert ids == [task.id for task in proposed.tasks]
    for entry, task in zip(entries(proposed), proposed.tasks, strict=True):
        assert entry.get("command", "") == task.command
        assert set(entry.get("dependencies", ())) <= set(ids[: ids.index(task.id)])


def test_every_setting_of_a_repository_is_explained_in_the_config() -> None:
    text = beginning({}).files["config.yaml"]
    uncommented = "\n".join(line.replace("# ", "", 1) if is_setting(line) else line for line in text.splitlines())
    document = read_yaml(uncommented, "config.yaml")

    assert document.problems == ()
    jsonschema.validate(document.value, config_schema(), jsonschema.Draft7Validator)
    assert missing(config_schema(), document.value) == []


def is_setting(line: str) -> bool:
    word = line.strip().removeprefix("# ").partition(":")[0]
    return line.strip().startswith("# ") and not set(word) - set(string.ascii_lowercase + "_") and ": " in line


def missing(schema: dict[str, Any], value: Any) -> list[str]:
    below = [
        name for name, inner in schema["properties"].items() if "properties" in inner for name in missing(inner, value.get(name) or {})
    ]
    return [name for name, inner in schema["properties"].items() if name not in value and "not" not in inner] + below


def entries(proposed: Proposal) -> list[dict[str, Any]]:
    document = read_yaml(proposed.files["tasks.yml"], "tasks.yml")
    assert document.problems == ()
    return list(document.value)


def loaded(proposed: Proposal) -> Any:
    return merge_settings(read_yaml(proposed.files["config.yaml"], "config.yaml"), {}, {})


def test_a_configuration_of_nothing_but_line_ends_is_read_in_linear_time() -> None:
    begun = time.process_time()

    commands({"mypy.ini": "mypy" + "\n" * 500_000, "pyproject.toml": "\n" * 500_000, "a.py": ""})
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("justfile", "a" + " a" * 250_000),
        ("justfile", "a:\n" + "\t\n" * 250_000 + "\t\tx"),
        ("Makefile", "a b" * 100_000 + "\n" + "\t\n" * 100_000),
        ("Taskfile.yml", "tasks:\n" + " \n" * 200_000 + "  a:\n" * 50_000),
        ("noxfile.py", "@session(" * 50_000),
        ("noxfile.py", ("@session((" + "x" * 400) * 1_000),
        ("noxfile.py", "@session\n" * 50_000),
        ("tox.ini", "[testenv:{a,b" * 40_000),
        ("uv.lock", 'name = "' * 60_000),
    ],
)
def test_no_file_of_a_runner_takes_for_ever(file: str, text: str) -> None:
    begun = time.process_time()

    commands({file: text}, {name: name for name in ("just", "make", "task", "nox", "tox", "uv")})
    assert time.process_time() - begun < 5
