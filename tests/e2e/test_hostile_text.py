"""What others chose to write gives no orders to a terminal or a CI service, whichever command shows it; and no secret is shown."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.e2e.rig import ORCHESTRATOR, Rig

TEXTS = ("::error::{0}", "  ::set-env name=X::{0}", "##[add-mask]{0}", "##vso[task.setvariable]{0}", "##teamcity[{0}]",
         "a\x1b]0;{0}\x07\x1b[2Jb",
         "\x9b31m{0}", "\u202e{0}")  # fmt: skip
SERVICES = {
    "github": {"GITHUB_ACTIONS": "true", "CI": "true"},
    "gitlab": {"GITLAB_CI": "true", "CI": "true"},
    "azure": {"TF_BUILD": "True"},
}
ORDERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
SECTION = re.compile("\x1b\\[0Ksection_(?:start:\\d+:task_\\d+\\[collapsed=true\\]|end:\\d+:task_\\d+)[\r\n]\x1b\\[0K")
#: Commands that are not of our own making, where a runner looks for them.
OBEYED = re.compile(r"^::(?!(?:error(?: (?:title|file)=[^:]*)?|group|endgroup)::(?!evil))|##(?:vso|teamcity)?\[", re.IGNORECASE)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


@pytest.fixture
def hostile(rig: Rig) -> Rig:
    subprocess.run(["git", "init", "-q"], cwd=rig.root, check=True)
    tasks = []
    for number, text in enumerate(TEXTS):
        said = text.format(f"evil{number}")
        (rig.root / f"say{number}").write_text(f"{said}\n\n{said}\n")
        command = ["sh", "-c", f"cat say{number}; cat say{number} >&2; exit {number % 2}"]
        tasks.append({"id": f"t{number}", "description": said.strip(), "command": command, "tags": [f"tag{number}"], "timeout": 30})
    tasks.append({"id": "waits", "description": "::error::evil waiting", "manual": True, "x-note": "::error::evil note"})
    rig.write_tasks(*tasks)
    for place in ("::error::evil.py", "##[error]evil.py", "a\x1b[31mevil.py", "b\u202eevil.py", "c\n::error::evil.py"):
        (rig.root / place).write_text("def f(a):\n" + "    if a: a()\n" * 15)
    (rig.root / "config.yaml").write_text("reflect: {enabled: false}\n")
    return rig


def commands_obeyed(text: str) -> list[str]:
    """Return the lines that GitHub, Azure or TeamCity would obey and that are not ours: read as their runners read them."""
    found, stopped = [], ""
    for line in text.split("\n"):
        bare = line.strip()
        if stopped:
            stopped = "" if bare == f"::{stopped}::" else stopped
        elif bare.startswith("::stop-commands::"):
            stopped = bare.removeprefix("::stop-commands::")
        elif OBEYED.search(bare):
            found.append(line)
    return found


EVERY_COMMAND = (
    ["run"], ["plan"], ["list"], ["list", "--json"], ["status"], ["why", "waits"], ["show", "t0"], ["show", "waits"], ["log", "t1"],
    ["log", "t1", "--json"], ["history"], ["history", "t1"], ["graph"], ["validate"], ["doctor"], ["config", "show"],
    ["show", "::error::evil"], ["run", "::error::evil"], ["::error::evil"], ["-C", "::error::evil", "list"], ["audit", "::error::evil.py"],
    *(["audit", "--no-history", "--format", name] for name in ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html")),
)  # fmt: skip


def check(rig: Rig, commands: Iterable[list[str]], **variables: str) -> None:
    for arguments in commands:
        ended = rig.run(*arguments, **variables)
        assert ended.returncode in (0, 1, 2), (arguments, ended.stderr)
        for text in (ended.stdout, ended.stderr):
            assert not (variables and commands_obeyed(text)), arguments
            assert not ORDERS.search(SECTION.sub("", text)), (arguments, text)


def test_no_text_of_others_is_obeyed_by_github_whatever_the_command(hostile: Rig) -> None:
    check(hostile, EVERY_COMMAND, **SERVICES["github"])


@pytest.mark.parametrize("service", ["gitlab", "azure"])
def test_no_text_of_others_is_obeyed_by_other_ci_services(hostile: Rig, service: str) -> None:
    check(hostile, (["run"], ["log", "t1"], ["show", "::error::evil"], ["audit", "--no-history"]), **SERVICES[service])


def test_without_a_ci_service_control_characters_are_escapes_too(hostile: Rig) -> None:
    check(hostile, (["run"], ["log", "t5"], ["show", "t5"], ["audit", "--no-history"], ["list", "--json"], ["show", "\x1b[2J"]))


def test_escaping_does_not_break_documents(hostile: Rig) -> None:
    ci = SERVICES["github"]
    found = json.loads(hostile.run("audit", "--no-history", "--format", "json", **ci).stdout)
    paths = {each["path"] for each in found["findings"]}
    assert {"::error::evil.py", "##[error]evil.py", "a\x1b[31mevil.py", "b\u202eevil.py", "c\n::error::evil.py"} <= paths
    from xml.etree import ElementTree as ET

    ET.fromstring(hostile.run("audit", "--no-history", "--format", "junit", **ci).stdout)


def test_a_terminal_gets_our_colours_and_nothing_else_to_obey(hostile: Rig) -> None:
    for arguments in (["run"], ["log", "t5"], ["audit", "--no-history"]):
        master, slave = pty.openpty()
        process = subprocess.Popen(
            [ORCHESTRATOR, *arguments], cwd=hostile.root, env=hostile.environment(TERM="xterm"), stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 65536):
                said += chunk
        except OSError:
            pass  # the other end is closed
        process.wait()
        os.close(master)
        ours = re.sub(r"\x1b\[(?:[012]|3[1236])?m|\x1b\[\d*[FJK]|\r\n", "", said.decode())
        assert not ORDERS.search(ours), (arguments, ours)


def test_raw_is_what_the_task_wrote_and_only_where_nobody_obeys_it(hostile: Rig) -> None:
    hostile.run("run")
    log = next(hostile.root.glob("logs/task-t5-*.log")).read_bytes()
    with (hostile.root / "copy").open("wb") as copy:
        subprocess.run([ORCHESTRATOR, "log", "t5", "--raw"], cwd=hostile.root, env=hostile.environment(CI="true"), stdout=copy, check=True)
    assert (hostile.root / "copy").read_bytes() == log
    refused = hostile.run("log", "t5", "--raw", CI="true")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "a CI service would obey" in refused.stderr
    assert "orchestrator log t5 --raw > t5.log" in refused.stderr


# -- secrets ---------------------------------------------------------------------------------------------------------

SECRETS = {"DEPLOY_TOKEN": "tok-4711-abcdef", "DB_PASSWORD": 'pa"ss w%rd', "MY_DSN": "dsnvalue"}
TASKS = (
    {"id": "says", "command": 'echo "$DEPLOY_TOKEN"; echo "$DB_PASSWORD" >&2; exit 3'},
    {"id": "names", "command": ["sh", "-c", "exit 4 # tok-4711-abcdef", "dsnvalue"]},
    {"id": "sets", "command": "CLOUD_API_KEY=inline-secret-1 sh -c 'exit 1'", "verify": ["test dsnvalue = x"]},
    {"id": "absent", "command": ["no-such-program-tok-4711-abcdef", "--password", "flag-secret-2"]},
    {"id": "own", "command": "echo $OWN_SECRET; exit 1", "env": {"OWN_SECRET": "own-secret-3"}},
    {"id": "clones", "command": "git clone https://bob:hunter22@127.0.0.1:9/x", "description": "clone https://bob:hunter22@127.0.0.1:9/x"},
    {"id": "checks", "command": "true", "verify": ["echo tok-4711-abcdef; false"]},
)
HIDDEN = ("tok-4711-abcdef", 'pa"ss w%rd', 'pa\\"ss w%rd', "dsnvalue", "inline-secret-1", "flag-secret-2", "own-secret-3", "hunter22")


LOOKS = ("log says", "log names", "log own", "log says --json", "history names --json", "history", "show own", "show own --json",
         "show clones",
         "list --json", "plan", "why sets", "status", "nothing-tok-4711-abcdef", "run --json --retry-failed", "config show")  # fmt: skip


@pytest.fixture
def secretive(rig: Rig) -> Rig:
    rig.write_tasks(*TASKS)
    (rig.root / "config.yaml").write_text("reflect: {enabled: false}\nredact: [MY_*]\n")
    return rig


@pytest.mark.parametrize("service", [{}, SERVICES["github"]], ids=["person", "github"])
def test_no_secret_is_shown_or_written_down(secretive: Rig, service: dict[str, str]) -> None:
    variables = {**SECRETS, **service, "GITHUB_STEP_SUMMARY": str(secretive.root / "summary.md")} if service else SECRETS
    shown = {"run": secretive.run("run", "-v", "--junit", "junit.xml", **variables)}
    assert shown["run"].returncode == 1, shown["run"].stderr
    for line in LOOKS if not service else ():
        arguments = line.split()
        shown[" ".join(arguments)] = secretive.run(*arguments, **variables)
    texts = {name: ended.stdout + ended.stderr for name, ended in shown.items()}
    texts |= {path.name: path.read_text() for path in secretive.root.glob("logs/run-*.jsonl")}
    texts |= {path.name: path.read_text() for path in (secretive.root / "junit.xml", secretive.root / "summary.md") if path.exists()}
    headers = {path.name: path.read_text() for path in secretive.root.glob("logs/task-*.log")}
    texts |= {name: "\n".join(line for line in text.splitlines() if line.startswith("# orch")) for name, text in headers.items()}
    with (secretive.root / ".orchestrator" / "state.db").open("rb") as file:
        texts["journal"] = file.read().decode("latin-1")
    for name, text in texts.items():
        assert not [hidden for hidden in HIDDEN if hidden in text], (name, text if name != "journal" else "")
    assert "***" in texts["run"]
    # The log itself is what the task wrote.
    assert any("tok-4711-abcdef" in text for name, text in headers.items() if name.startswith("task-says"))
