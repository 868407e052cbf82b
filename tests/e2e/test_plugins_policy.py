"""What plugins are allowed at most: the stricter of the repository's ``config.yaml`` and the user's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers

TOOL = str(Path(sys.executable).parent / "orchestrator")


class Place:
    """A repository with one granted plugin, and the home of a user who trusts its author."""

    def __init__(self, top: Path) -> None:
        self.top, self.repository = top, top / "repository"
        self.users = top / "home" / ".config" / "orchestrator" / "config.yaml"

    def __call__(self, *words: str, ok: bool = True, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.top / "home"), "LANG": "C.UTF-8", **variables}
        done = subprocess.run([TOOL, *words], cwd=self.repository, env=environment, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        assert (done.returncode == 0) is ok, (done.returncode, done.stdout + done.stderr)
        return done

    def demand(self, policy: str) -> None:
        (self.repository / "config.yaml").write_text(f"plugin_policy: {policy}\n")

    def demand_as_user(self, policy: str) -> None:
        self.users.write_text(f"plugin_policy: {policy}\n")

    def policy_in_doctor(self) -> dict[str, str]:
        told = json.loads(self("doctor", "--json").stdout)
        return next(item for item in told if item["subject"] == "plugin policy")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Place:
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    place = Place(tmp_path_factory.mktemp("policy"))
    place.repository.mkdir()
    (place.top / "home").mkdir()
    (place.repository / "tasks.yml").write_text("- {id: greet, description: greet, plugin: hello}\n")
    place("plugins", "new", "hello")
    place("plugins", "keygen", str(place.top / "me"))
    place("plugins", "sign", "plugins/hello", "--key", str(place.top / "me"))
    place("plugins", "trust", str(place.top / "me.pub"), "--scope", "hello")
    place("plugins", "trust", "hello", "--yes")
    return place


@pytest.fixture
def place(made: Place) -> Place:
    for path in (made.users, made.repository / "config.yaml"):
        path.unlink(missing_ok=True)
    made("reset", "greet")
    return made


def test_without_a_policy_a_signed_plugin_runs(place: Place):
    assert place("plugins", "run", "hello").stdout == "Hello, world!\n"
    assert place("plugins", "list").stdout.endswith("policy: signed plugins; basic sandbox or better\n")
    assert place.policy_in_doctor()["found"].endswith("(default)")


def test_the_repositorys_policy_is_kept_by_hand_and_in_runs(place: Place):
    place.demand("{require: certified}")
    assert "not certified: it has no certification report" in place("plugins", "run", "hello", ok=False).stderr
    assert "not certified" in place("run", ok=False).stdout
    listed = place("plugins", "list").stdout
    assert "not certified" in listed
    assert "policy: certified plugins" in listed
    assert "(config.yaml)" in place.policy_in_doctor()["found"]


def test_a_task_in_a_subdirectory_is_under_the_policy_of_the_root(place: Place):
    other = place.repository / "service"
    other.mkdir()
    (other / "config.yaml").write_text("port: 80\n")
    tasks = place.repository / "tasks.yml"
    before = tasks.read_text()
    tasks.write_text(before.replace("plugin: hello", "plugin: hello, cwd: service"))
    place("run")
    place.demand("{require: certified}")
    place("reset", "greet")
    assert "not certified" in place("run", ok=False).stdout
    tasks.write_text(before)


def test_nothing_in_the_repository_loosens_what_the_user_demands(place: Place):
    place.demand("{require: signed, sandbox: basic, blocked: [other]}")
    place.demand_as_user("{require: certified}")
    loosening = {"ORCHESTRATOR_PLUGIN_POLICY_REQUIRE": "signed"}
    assert "not certified" in place("plugins", "run", "hello", ok=False, **loosening).stderr
    found = place.policy_in_doctor()["found"]
    assert found.startswith("certified plugins; basic sandbox or better; blocked: other")
    assert str(place.users) in found
    assert "not certified" in place("plugins", "install", "plugins/hello", ok=False).stderr


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ("{blocked: [hello]}", "hello is blocked by the policy"),
        ("{ceiling: {time: 1s}}", "time 30s: beyond what the policy allows"),
    ],
)
def test_either_policy_refuses(place: Place, policy: str, reason: str):
    place.demand(policy)
    assert reason in place("plugins", "run", "hello", ok=False).stderr
    place.demand("{}")
    place.demand_as_user(policy)
    assert reason in place("plugins", "run", "hello", ok=False).stderr


def test_no_plugin_is_granted_to_write_what_this_project_calls_its_tasks_file(place: Place):
    manifest = place.repository / "plugins" / "plan" / "manifest.json"
    place("plugins", "new", "plan")
    manifest.write_text(manifest.read_text().replace('"permissions": {}', '"permissions": {"fs": {"write": ["plan/**"]}}'))
    place("plugins", "sign", "plugins/plan", "--key", str(place.top / "me"))
    place("plugins", "trust", str(place.top / "me.pub"), "--scope", "plan")
    place("plugins", "trust", "plan", "--yes")
    place("plugins", "run", "plan")
    (place.repository / "config.yaml").write_text("tasks_file: plan/today.yml\n")
    for refused in (place("plugins", "run", "plan", ok=False), place("plugins", "trust", "plan", "--yes", ok=False)):
        assert "write plan/**: no plugin may write there" in refused.stderr


def test_a_policy_that_cannot_be_read_lets_nothing_run(place: Place):
    place.demand("{require: certfied}")
    refused = place("plugins", "run", "hello", ok=False)
    assert refused.returncode == 2
    assert "config.yaml:1:26: plugin_policy.require must be signed or certified" in refused.stderr
    place.demand("{}")
    place.demand_as_user("{sandbox: strong}\njobs: three")
    told = place("plugins", "run", "hello", ok=False).stderr
    assert f"{place.users}:2:7: jobs must be a whole number of at least 0, not 'three'" in told
    assert place("doctor", "--json", ok=False)
