"""Bundled plugins in the loop, as a user has them: an auditor whose findings become tasks, a listener that hears a run once."""

from __future__ import annotations

import http.server
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers
from tests.waiting import TIMEOUT, until

ROOT = Path(__file__).resolve().parents[2]
TASKS = """\
- id: one
  description: First
  command: "true"
- id: two
  description: Second
  command: "false"
"""


class Hook(http.server.ThreadingHTTPServer):
    """Takes messages, once it is allowed to, and keeps them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.may_answer: Callable[[], bool] = lambda: True
        self.got: list[dict[str, object]] = []

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class Taking(http.server.BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        until(self.server.may_answer, what="the hook may answer")
        # A caller who lost patience comes again with the same message.
        if body not in self.server.got:
            self.server.got.append(body)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def hook():
    server = Hook()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class ToolCopy:
    """A copy of the tool, a home and a repository."""

    def __init__(self, top: Path) -> None:
        self.top, self.repository = top, top / "repository"
        self.repository.mkdir()
        (top / "home").mkdir()
        (top / "tmp").mkdir()
        for name in ("core", "plugins"):
            shutil.copytree(ROOT / name, top / "copy" / name, ignore=shutil.ignore_patterns("__pycache__", "signature.json"))
        self.write("tasks.yml", TASKS)

    def write(self, name: str, text: str) -> Path:
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        scripts = self.top / "bin"
        scripts.mkdir(exist_ok=True)
        script = scripts / "orchestrator"
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m core "$@"\n')
        script.chmod(0o755)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "GITHUB_", "GITLAB_")) and name != "CI"},
            "HOME": str(self.top / "home"),
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(self.top / "copy"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.top / "tmp"),
            **variables,
        }
        command = [str(script), *words]
        return subprocess.run(command, cwd=self.repository, env=environment, capture_output=True, text=True, check=False, timeout=TIMEOUT)

    def grant(self, name: str) -> None:
        assert self.run("plugins", "sign", "--bundled").returncode == 0
        done = self.run("plugins", "trust", name, "--yes")
        if "pip" in done.stderr and "CI" not in os.environ:
            pytest.skip(f"pip cannot reach its index here: {done.stderr.splitlines()[0]}")
        assert done.returncode == 0, done.stderr

    def grant_notify(self, port: int, *events: str) -> None:
        manifest = self.top / "copy" / "plugins" / "notify" / "manifest.json"
        manifest.write_text(manifest.read_text().replace("*:8080", f"127.0.0.1:{port}"))
        self.grant("notify")
        self.write("config.yaml", f"plugins:\n  notify:\n    events: [{', '.join(events)}]\n")
        users = self.top / "home" / ".config" / "orchestrator" / "config.yaml"
        users.write_text(f"plugins:\n  notify:\n    webhook: http://127.0.0.1:{port}/\n")

    def tasks(self) -> list[dict[str, object]]:
        return json.loads(self.run("list", "--json").stdout)


@pytest.fixture
def tool(tmp_path: Path) -> ToolCopy:
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    return ToolCopy(tmp_path)


def test_an_import_circle_becomes_a_task_that_is_done_when_the_circle_is_cut(tool: ToolCopy):
    tool.write("shop/__init__.py", "")
    tool.write("shop/a.py", "import shop.b\n")
    tool.write("shop/b.py", "import shop.a\n")
    tool.grant("dependency_graph")

    first = tool.run("run", "--reflect")
    entries = (tool.repository / "tasks.yml").read_text()
    assert "2 modules import each other: shop.a → shop.b → shop.a" in entries, first.stderr
    identity = next(line.split()[-1] for line in entries.splitlines() if line.startswith("- id: refactor-"))
    still = tool.run("audit", "--check", identity)
    assert (still.returncode, "still there" in still.stdout) == (1, True)

    tool.write("shop/b.py", "")
    gone = tool.run("audit", "--check", identity)
    assert (gone.returncode, "gone" in gone.stdout) == (0, True)
    second = tool.run("run", "--reflect", "--retry-failed")
    assert f"closed  {identity}" in second.stderr, second.stderr
    assert (tool.repository / "tasks.yml").read_text().count("refactor-") == entries.count("refactor-")


def test_every_report_shows_what_a_plugin_found(tool: ToolCopy):
    tool.write("shop/__init__.py", "")
    tool.write("shop/a.py", "import shop.b\n")
    tool.write("shop/b.py", "import shop.a\n")
    tool.grant("dependency_graph")
    for form in ("text", "json", "sarif", "junit", "github", "gitlab", "markdown", "html"):
        done = tool.run("audit", "--format", form)
        assert done.returncode == 1
        assert "2 modules import each other" in done.stdout, form


def test_a_changed_auditor_is_refused_and_its_tasks_stay(tool: ToolCopy):
    tool.write("shop/__init__.py", "")
    tool.write("shop/a.py", "import shop.b\n")
    tool.write("shop/b.py", "import shop.a\n")
    tool.grant("dependency_graph")
    tool.run("run", "--reflect")
    before = (tool.repository / "tasks.yml").read_text()
    with (tool.top / "copy" / "plugins" / "dependency_graph" / "pictures.py").open("a") as stream:
        stream.write("# harmless?\n")
    tool.write("shop/b.py", "")
    told = tool.run("run", "--reflect", "--retry-failed")
    assert "plugin dependency_graph: pictures.py: content differs from what was signed" in told.stderr
    after = (tool.repository / "tasks.yml").read_text()
    assert after.count("refactor-") == before.count("refactor-")
    audit = tool.run("audit")
    assert audit.returncode == 0
    assert "what it finds is unknown" in audit.stderr


def test_a_run_tells_the_webhook_each_event_once_and_leaves_nothing_behind(tool: ToolCopy, hook: Hook):
    tool.grant_notify(hook.port, "task_finished", "run_finished", "audit_finished")
    done = tool.run("run", "--no-reflect")
    assert done.returncode == 1
    assert "warning" not in done.stderr, done.stderr
    names = [message["event"]["event"] for message in hook.got]
    assert sorted(names) == ["run_finished", "task_finished", "task_finished"]
    assert names[-1] == "run_finished"
    assert list((tool.top / "tmp").glob("orchestrator-plugin-*")) == []

    hook.got.clear()
    assert tool.run("audit").returncode == 0
    assert [message["text"] for message in hook.got] == ["audit finished: gate passed: nothing over a threshold"]


def test_a_repository_cannot_say_where_the_users_messages_go(tool: ToolCopy, hook: Hook):
    tool.write("tasks.yml", "- {id: a, description: d, command: 'true'}\n")
    tool.grant_notify(hook.server_port, "run_finished")
    tool.write("config.yaml", f"plugins:\n  notify:\n    telegram_api: http://127.0.0.1:{hook.server_port}\n")
    invalid = tool.run("validate")
    assert invalid.returncode == 2
    assert "config.yaml:3:5: plugins.notify: telegram_api can be set only by the user, not by a repository" in invalid.stderr
    done = tool.run("run", "--reflect", NOTIFY_TELEGRAM_TOKEN="secret", NOTIFY_TELEGRAM_CHAT="1")
    assert done.returncode == 0, done.stderr
    assert "telegram_api can be set only by the user" in done.stdout + done.stderr
    assert hook.got == []


def test_a_slow_webhook_does_not_slow_the_tasks(tool: ToolCopy, hook: Hook):
    tool.write("tasks.yml", "".join(f"- id: t{number}\n  description: Task\n  command: echo x >> ran\n" for number in range(5)))
    tool.grant_notify(hook.port, "task_finished", "run_finished")
    ran = tool.repository / "ran"
    hook.may_answer = lambda: ran.exists() and ran.read_text().count("x") == 5
    done = tool.run("run", "--no-reflect", "--json")
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["event"] == "run_finished", "no task waited for the webhook, which waited for all of them"
    assert len(hook.got) == 6, done.stderr


def test_a_refused_listener_is_a_warning_and_the_run_is_as_without_it(tool: ToolCopy, hook: Hook):
    tool.grant_notify(hook.port, "run_finished")
    with (tool.top / "copy" / "plugins" / "notify" / "notify.py").open("a") as stream:
        stream.write("# harmless?\n")
    done = tool.run("run", "--no-reflect")
    assert done.returncode == 1
    assert "plugin notify: notify.py: content differs from what was signed" in done.stderr
    assert hook.got == []


def test_without_a_lock_a_run_imports_nothing_of_plugins(tool: ToolCopy):
    done = tool.run("run", "--no-reflect", PYTHONPROFILEIMPORTTIME="1")
    assert "core.run_facts" in done.stderr
    assert "core.plugins" not in done.stderr


def test_a_reporter_writes_the_report(tool: ToolCopy):
    assert tool.run("plugins", "new", "shout", "--kind", "reporter").returncode == 0
    plugin = tool.repository / "plugins" / "shout"
    (plugin / "shout.py").write_text(
        "def run(context):\n    counts = context.input['report']['counts']\n    return {'content': f\"{counts['files']} FILES\\n\"}\n"
    )
    keys = tool.top / "keys" / "me"
    keys.parent.mkdir()
    assert tool.run("plugins", "keygen", str(keys)).returncode == 0
    assert tool.run("plugins", "sign", str(plugin), "--key", str(keys)).returncode == 0
    assert tool.run("plugins", "trust", f"{keys}.pub", "--scope", "shout").returncode == 0
    assert tool.run("plugins", "trust", "shout", "--yes").returncode == 0
    for form in ("shout", "plugin:shout"):
        done = tool.run("audit", "--format", form)
        assert (done.returncode, done.stdout) == (0, "1 FILES\n"), done.stderr  # the plugin; its test is left out
    unknown = tool.run("audit", "--format", "plugin:whisper")
    assert (unknown.returncode, "no granted plugin reports as plugin:whisper" in unknown.stderr) == (2, True)
    (plugin / "shout.py").write_text("def run(context):\n    return {}\n")
    refused = tool.run("audit", "--format", "shout")
    assert (refused.returncode, "content differs" in refused.stderr) == (2, True)
