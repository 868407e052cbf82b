"""The installed command: help, version, mistakes, pipes, terminals, completion."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core
from core.cli import build_parser
from core.cli.commands import COMMANDS
from core.diff_utils import generate_diff
from tests.waiting import TIMEOUT

ORCHESTRATOR = Path(sys.executable).parent / "orchestrator"
OURS = ("ORCHESTRATOR_", "GITHUB_", "GITLAB_", "CI", "NO_COLOR", "FORCE_COLOR", "CLICOLOR", "TERM", "_ORCHESTRATOR", "PYTHON")
TASKS = """\
- {id: good, tags: [night, day, noon], description: Goes well, priority: high, command: "echo fine"}
- {id: bad, description: Goes wrong, command: "printf '\\\\033[31mred\\\\n::error::mine\\\\n'; exit 3"}
- {id: later, description: Comes later, command: "true", dependencies: [bad]}
"""


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    return {**kept, "ORCHESTRATOR_REFLECT_ENABLED": "false", **variables}


def orchestrator(*arguments: str, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ORCHESTRATOR, *arguments],
        cwd=cwd,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "tasks.yml").write_text(TASKS)
    return tmp_path


@pytest.mark.parametrize("word", ["--version", "-V", "version"])
def test_version_prints_the_version(word):
    done = orchestrator(word)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"orchestrator {core.__version__}\n", "")


@pytest.mark.parametrize("word", ["--help", "-h", "help"])
def test_help_is_the_overview(word):
    done = orchestrator(word)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (Path(core.__file__).parent / "cli" / "help.txt").read_text()


def test_without_a_command_the_overview_goes_to_stderr_as_a_mistake():
    done = orchestrator()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Works off tasks.yml")


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_version_and_help_import_nothing_heavy(word):
    done = subprocess.run(
        [sys.executable, "-X", "importtime", ORCHESTRATOR, word], env=environment(), capture_output=True, text=True, check=True
    )
    imported = {line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert not imported & {"typer", "rich", "yaml", "dataclasses", "json", "radon", "core.cli.app", "core.errors"}


def test_every_command_explains_itself_with_the_line_of_the_overview():
    for command in COMMANDS:
        done = orchestrator(*command.name.split(), "--help")
        assert done.returncode == 0, command.name
        assert f"\n  {command.help}\n" in done.stdout, command.name


def test_every_option_has_help():
    def nodes(node):
        yield node
        for below in getattr(node, "commands", {}).values():
            yield from nodes(below)

    root = build_parser()
    silent = [(node.name, parameter.name) for node in nodes(root) for parameter in node.params if not parameter.help]
    assert silent == []


def test_a_mistyped_command_is_named_with_the_nearest():
    done = orchestrator("stauts")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no such command: stauts\n  hint: did you mean: orchestrator status\n"


def test_a_closed_pipe_is_no_reason_to_complain(repository):
    for words in ("--help", "list"):
        script = f"{ORCHESTRATOR} {words} | true; echo ${{PIPESTATUS[0]}}"
        done = subprocess.run(["bash", "-c", script], cwd=repository, env=environment(), capture_output=True, text=True, timeout=TIMEOUT)
        assert (done.stdout, done.stderr) == ("0\n", "")


def test_a_closed_stdout_is_no_reason_to_fail(repository):
    for words in ("--help", "list", "run"):
        done = subprocess.run(["bash", "-c", f"{ORCHESTRATOR} {words} >&- 2>/dev/null"], cwd=repository, env=environment(), timeout=TIMEOUT)
        assert done.returncode == (1 if words == "run" else 0), words


@pytest.mark.parametrize(
    "words",
    ["--help", "--version", "list --json", "plan", "schema tasks", "completion bash", "log good", "run --json", "audit", "audit --json"],
)
def test_a_result_that_the_disk_does_not_take_is_a_failure_that_is_told(repository, words):
    orchestrator("run", "--only", "good", cwd=repository)
    done = subprocess.run(
        ["bash", "-c", f"{ORCHESTRATOR} {words} >/dev/full"],
        cwd=repository,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert (done.returncode, done.stderr.count("error: the result could not be written to stdout: No space left on device")) == (2, 1)
    assert "Traceback" not in done.stderr


def test_progress_that_cannot_be_written_costs_nothing_else(repository):
    done = subprocess.run(
        ["bash", "-c", f"{ORCHESTRATOR} run --only good 2>/dev/full"], cwd=repository, env=environment(), capture_output=True, text=True
    )
    assert done.returncode == 0
    assert "1 done" in done.stdout


def test_a_report_that_was_asked_for_and_is_not_there_is_a_failure(repository):
    done = orchestrator("run", "--junit", ".", cwd=repository)
    assert (done.returncode, done.stderr) == (2, "error: --junit .: is a directory\n  hint: name a file\n")
    assert not (repository / ".orchestrator").exists()
    done = orchestrator("run", "--only", "good", "--junit", "tasks.yml/r.xml", cwd=repository)
    assert done.returncode == 2
    assert "tasks.yml/r.xml: not written: Not a directory\n  hint: the run came to its end, and its state is saved\n" in done.stderr
    assert "1 done" in done.stdout


def test_errors_of_a_file_come_all_at_once_as_text_json_and_annotations(repository):
    (repository / "tasks.yml").write_text("- id: a\n  descripton: x\n- id: b\n  description: y\n  dependencies: [c]\n")
    done = orchestrator("list", "--json", cwd=repository, GITHUB_ACTIONS="true")
    value = json.loads(done.stdout)
    assert done.returncode == value["exit_code"] == 2
    assert [problem["line"] for problem in value["problems"]] == sorted(problem["line"] for problem in value["problems"])
    assert done.stderr.count("tasks.yml:") == len(value["problems"]) >= 3
    assert orchestrator("list", cwd=repository, GITHUB_ACTIONS="true").stdout.count("::error file=tasks.yml,line=") == len(
        value["problems"]
    )


def test_a_piped_run_writes_progress_to_stderr_and_the_summary_to_stdout(repository):
    done = orchestrator("run", "-j1", cwd=repository)
    assert done.returncode == 1
    assert [line[0] for line in done.stderr.splitlines()] == ["✓", "✗"]
    assert "\x1b" not in done.stdout + done.stderr
    assert "red\n  │ ::error::mine\n" in done.stdout
    assert "blocked  later  it depends on bad" in done.stdout
    assert "orchestrator run --retry-failed" in done.stdout


def test_a_run_in_github_folds_successes_marks_failures_and_writes_the_page(repository):
    page, junit = repository / "page.md", repository / "junit.xml"
    done = orchestrator("run", "-j1", "--junit", str(junit), cwd=repository, GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(page))
    lines = done.stdout.splitlines()
    assert lines[0].startswith("::group::✓")
    assert "::error title=bad failed::exit 3: Goes wrong" in lines
    obeyed, silent = [], ""
    for line in lines:
        if silent:
            silent = "" if line == f"::{silent}::" else silent
        elif line.startswith("::stop-commands::"):
            silent = line.removeprefix("::stop-commands::")
        elif line.lstrip().startswith("::") or "##[" in line:
            obeyed.append(line.split("::")[1].split()[0])
    assert obeyed == ["group", "endgroup", "error"]
    assert "**bad** Goes wrong" in page.read_text()
    assert '<failure message="exit 3: Goes wrong"' in junit.read_text()


def test_a_run_at_a_terminal_is_coloured_and_leaves_no_rows_behind(repository):
    text = at_a_terminal("run", "-j1", cwd=repository, TERM="xterm-256color")
    assert "\x1b[32m✓\x1b[0m" in text
    last = text[text.rindex("\x1b[J") :] if "\x1b[J" in text else text
    assert "▸" not in last


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": "xterm", "NO_COLOR": "1", "CI": "1"}])
def test_a_simple_terminal_gets_plain_lines(repository, variables):
    assert "\x1b" not in at_a_terminal("run", "-j1", cwd=repository, **variables)


def test_a_terminal_that_is_closed_does_not_stop_a_run(repository):
    (repository / "tasks.yml").write_text("- {id: a, description: A, command: sleep 0.5}\n- {id: b, description: B, dependencies: [a]}\n")
    controller, terminal = pty.openpty()
    process = subprocess.Popen([ORCHESTRATOR, "run"], cwd=repository, env=environment(TERM="xterm"), stdout=terminal, stderr=terminal)
    os.close(terminal)
    os.read(controller, 1)
    os.close(controller)
    assert process.wait(timeout=TIMEOUT) == 0
    assert (repository / "tasks.yml").read_text().count("status: done") == 2


def test_quiet_says_nothing_when_all_is_well(repository):
    (repository / "tasks.yml").write_text(TASKS.splitlines()[0])
    done = orchestrator("run", "-q", cwd=repository)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_run_as_json_is_events_on_stdout_and_nothing_else(repository):
    done = orchestrator("run", "-j1", "--json", cwd=repository)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert (events[0]["event"], events[-1]["event"], events[-1]["exit_code"]) == ("run_started", "run_finished", 1)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("orchestrator sta", {"status"}),
        ("orchestrator why ", {"good", "bad", "later"}),
        ("orchestrator run --retry", {"--retry-failed"}),
        ("orchestrator run --tag n", {"night", "noon"}),
    ],
)
def test_bash_completes_commands_ids_and_options(repository, line, expected):
    words = line.split(" ")
    script = f"""
        eval "$({ORCHESTRATOR} completion bash)"
        COMP_WORDS=({" ".join(words[:-1])} "{words[-1]}") COMP_CWORD={len(words) - 1}
        _orchestrator_completion {ORCHESTRATOR}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(["bash", "-c", script], cwd=repository, env=environment(), capture_output=True, text=True, timeout=TIMEOUT)
    assert (set(done.stdout.split()), done.stderr) == (expected, "")


def test_what_prints_no_json_by_nature_does_so_when_asked():
    assert json.loads(orchestrator("--version", "--json").stdout) == {"version": core.__version__}
    assert "_ORCHESTRATOR_COMPLETE" in json.loads(orchestrator("completion", "bash", "--json").stdout)["script"]


def test_a_plan_instead_of_a_run_is_the_plan_as_json_too(repository):
    assert orchestrator("run", "-n", "--json", cwd=repository).stdout == orchestrator("plan", "--json", cwd=repository).stdout


def test_a_status_is_changed_once_however_often_an_id_is_named(repository):
    assert orchestrator("done", "good", "good", cwd=repository).stdout == "good: pending → done\n"


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("--timeout", "0"), "timeout must be longer than nothing", "leave the line out for no limit"),
        (("--timeout", "soon"), 'timeout must be a duration, not the text "soon"', "write 90s, 10m, 1h30m or a number of seconds"),
        (("--id", "a b"), 'id may hold letters, digits and . _ / : - only, not "a b"', "type a-b"),
    ],
    ids=["zero", "words", "id"],
)
def test_a_value_that_was_typed_is_not_looked_for_in_the_file(repository, words, message, hint):
    done = orchestrator("add", "p", *words, cwd=repository)
    assert (done.returncode, done.stderr) == (2, f"error: {message}\n  hint: {hint}\n")


def test_a_timeout_in_seconds_needs_no_unit(repository):
    assert orchestrator("add", "p", "--id", "p", "--timeout", "90", cwd=repository).returncode == 0
    (shown,) = (task for task in json.loads(orchestrator("list", "--json", cwd=repository).stdout) if task["id"] == "p")
    assert shown["timeout"] == 90


@pytest.mark.parametrize(
    "words",
    [("add", "Look at it", "--command", "true"), ("done", "a"), ("cancel", "a", "b"), ("add", "Again", "--tag", "x", "--json")],
)
def test_a_dry_run_shows_as_a_diff_what_the_command_then_writes(words, tmp_path):
    (tmp_path / "tasks.yml").write_text("\ufeff# mine\n- {id: a, description: x}\n- id: b\n  description: y\n", encoding="utf-8")
    before = (tmp_path / "tasks.yml").read_bytes()
    shown = orchestrator(*words, "--dry-run", cwd=tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert [entry.name for entry in tmp_path.iterdir()] == ["tasks.yml"]
    assert (tmp_path / "tasks.yml").read_bytes() == before

    assert orchestrator(*words, cwd=tmp_path).returncode == 0
    after = (tmp_path / "tasks.yml").read_text(encoding="utf-8-sig")
    diff = json.loads(shown.stdout)["diff"] if "--json" in words else shown.stdout
    assert diff == generate_diff(before.decode("utf-8-sig"), after, "tasks.yml") != ""


def test_a_dry_run_refuses_what_the_command_refuses(repository):
    done = orchestrator("done", "no-such-task", "-n", cwd=repository)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: no task no-such-task")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell):
    done = orchestrator("completion", shell)
    assert done.returncode == 0
    assert re.search(r"_ORCHESTRATOR_COMPLETE=complete_" + shell, done.stdout)


def test_the_documentation_is_what_the_code_says():
    script = Path(core.__file__).parent.parent / "docs" / "generate.py"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def at_a_terminal(*arguments: str, cwd: Path, **variables: str) -> str:
    """Run the command on a pseudo-terminal and return everything it wrote."""
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [ORCHESTRATOR, *arguments], cwd=cwd, env=environment(**variables), stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    chunks = []
    while True:
        try:
            chunk = os.read(controller, 65536)
        except OSError:
            break
        if not chunk:
            break
        chunks.append(chunk)
    os.close(controller)
    process.wait(timeout=TIMEOUT)
    return b"".join(chunks).decode()
