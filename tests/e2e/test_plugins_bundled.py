"""The bundled plugins, signed, granted and run as a user would: in a repository of their own, in the sandbox."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers

ROOT = Path(__file__).resolve().parents[2]


class ToolCopy:
    """A copy of the tool, a home and a repository, with one bundled plugin granted."""

    def __init__(self, top: Path) -> None:
        self.top, self.repository = top, top / "repository"
        self.repository.mkdir()
        for name in ("core", "plugins"):
            shutil.copytree(ROOT / name, top / "copy" / name, ignore=shutil.ignore_patterns("__pycache__", "signature.json"))
        for manifest in (top / "copy" / "plugins").glob("*/manifest.json"):
            # The time a plugin may take is time on the clock: a busy machine must not end it here.
            manifest.write_text(re.sub(r'"time": "\d+m"', '"time": "20m"', manifest.read_text()))
        (top / "home").mkdir()

    def run(self, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HOME": str(self.top / "home"), "PYTHONPATH": str(self.top / "copy"), "PYTHONDONTWRITEBYTECODE": "1"}
        environment = {name: value for name, value in environment.items() if not name.startswith("XDG_")} | variables
        command = [sys.executable, "-P", "-m", "core", *words]
        return subprocess.run(command, cwd=self.repository, env=environment, capture_output=True, text=True, check=False)

    def grant(self, name: str) -> None:
        assert self.run("plugins", "sign", "--bundled").returncode == 0
        done = self.run("plugins", "trust", name, "--yes")
        if "pip" in done.stderr and "CI" not in os.environ:
            pytest.skip(f"pip cannot reach its index here: {done.stderr.splitlines()[0]}")
        assert done.returncode == 0, done.stderr

    def git(self, *words: str) -> None:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *identity, *words], cwd=self.repository, check=True, capture_output=True)


@pytest.fixture
def tool(tmp_path: Path) -> ToolCopy:
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    return ToolCopy(tmp_path)


def test_dependency_graph_finds_the_circle_and_the_god_module_and_draws_them(tool: ToolCopy):
    shop = tool.repository / "shop"
    shop.mkdir()
    (shop / "__init__.py").write_text("")
    (shop / "a.py").write_text("import shop.b\nraise SystemExit('never imported')\n")
    (shop / "b.py").write_text("\nimport shop.a\n")
    (shop / "god.py").write_text("")
    for number in range(11):
        (shop / f"m{number}.py").write_text("from shop import god\n")
    tool.grant("dependency_graph")
    audit = json.loads(tool.run("plugins", "run", "dependency_graph", "--as", "auditor", "--json").stdout)
    found = {finding["metric"]: finding for finding in audit["result"]["findings"]}
    assert found["import-circle"]["message"] == "2 modules import each other: shop.a → shop.b → shop.a"
    assert found["import-circle"]["suggestion"] in ("cut shop.b → shop.a (line 2)", "cut shop.a → shop.b (line 1)")
    assert (found["god-module"]["block"], found["god-module"]["score"]) == ("shop.god", 11)
    done = tool.run("plugins", "run", "dependency_graph")
    assert done.stdout.startswith("15 modules, 2 findings; wrote docs/dependency_graph/graph.mmd"), done.stderr
    drawn = tool.repository / "docs" / "dependency_graph"
    assert '"shop.a" -> "shop.b" [color=red];' in (drawn / "graph.dot").read_text()
    page = (drawn / "graph.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "http" not in page
    assert tool.run("x", "dependency_graph", "mermaid").stdout == (drawn / "graph.mmd").read_text()


def test_dependency_graph_reads_a_package_that_is_called_like_ours(tool: ToolCopy):
    (tool.repository / "core").mkdir()
    (tool.repository / "core" / "__init__.py").write_text("from core import a\n")
    (tool.repository / "core" / "a.py").write_text("from core import b\n")
    (tool.repository / "core" / "b.py").write_text("")
    tool.grant("dependency_graph")
    assert tool.run("x", "dependency_graph", "dot").stdout.count("->") == 2
    refused = tool.run("x", "dependency_graph", "nope")
    assert refused.stderr == "error: plugin dependency_graph: no such picture: nope; there are mermaid, dot, html\n"
    assert not (tool.repository / "docs").exists()


def test_changelog_is_written_from_the_commits_and_twice_is_once(tool: ToolCopy):
    tool.git("init", "-q")
    for message in ("feat: first", "fix(api): second\n\nlong text", "no convention", "feat!: third"):
        tool.git("commit", "-q", "--allow-empty", "-m", message)
    tool.grant("changelog")
    done = tool.run("plugins", "run", "changelog")
    assert done.stdout == "wrote CHANGELOG.md\n", done.stderr
    text = (tool.repository / "CHANGELOG.md").read_text()
    lines = [line.partition(" (")[0] for line in text.splitlines() if line.startswith(("#", "-"))]
    assert lines == ["# Changelog", "## Unreleased", "### Added", "- First", "- **breaking:** Third", "### Fixed", "- **api:** Second"]
    again = tool.run("plugins", "run", "changelog")
    assert again.stdout == "CHANGELOG.md is up to date\n", again.stderr
    assert (tool.repository / "CHANGELOG.md").read_text() == text


class Flaky(http.server.ThreadingHTTPServer):
    """Answers 503, hangs up, then takes messages; keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.trouble = ["503", "hang up"]
        self.got: list[tuple[str, dict[str, object]]] = []


class Answering(http.server.BaseHTTPRequestHandler):
    server: Flaky

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        trouble = self.server.trouble.pop(0) if self.server.trouble else ""
        if trouble == "hang up":
            self.close_connection = True
            return
        if not trouble:
            self.server.got.append((self.headers.get("Idempotency-Key", ""), body))
        self.send_response(503 if trouble else 200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def flaky():
    server = Flaky()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_notify_tells_an_event_once_though_the_network_is_bad(tool: ToolCopy, flaky: Flaky):
    port = flaky.server_address[1]
    manifest = tool.top / "copy" / "plugins" / "notify" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("*:8080", f"127.0.0.1:{port}"))
    tool.grant("notify")
    event = {"event": "run_finished", "run_id": "r1", "exit_code": 0, "done": ["1"], "failed": [], "reason": "all done"}
    (tool.repository / "event.json").write_text(json.dumps(event))
    command = ("plugins", "run", "notify", "event.json", "--as", "listener", "--with", "pause=0.05")
    done = tool.run(*command, NOTIFY_WEBHOOK=f"http://127.0.0.1:{port}/hook")
    assert done.returncode == 0, done.stderr
    assert [body["text"] for _, body in flaky.got] == ["✅ run r1: 1 done; all done"]
    assert flaky.got[0][0]
    telegram = tool.run(
        *command,
        "--with",
        f"telegram_api=http://127.0.0.1:{port}",
        NOTIFY_TELEGRAM_TOKEN="1:secret",
        NOTIFY_TELEGRAM_CHAT="42",
    )
    assert telegram.returncode == 0, telegram.stderr
    assert flaky.got[1][1] == {"chat_id": "42", "text": "✅ run r1: 1 done; all done"}
    assert "secret" not in telegram.stdout + telegram.stderr


def test_notify_without_permission_for_the_address_tells_nobody(tool: ToolCopy, flaky: Flaky):
    tool.grant("notify")
    done = tool.run("plugins", "run", "notify", "--as", "command", NOTIFY_WEBHOOK=f"http://127.0.0.1:{flaky.server_address[1]}/hook")
    assert done.returncode == 1
    assert "no permission to connect to 127.0.0.1" in done.stderr
    assert flaky.got == []
