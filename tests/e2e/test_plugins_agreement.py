"""A repository's ``plugins.lock`` counts as far as the user agreed: what a pull brings grants nothing by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.plugins.sandbox.layers import Tier, sandbox_layers

TOOL = str(Path(sys.executable).parent / "orchestrator")
AUDITOR = "def run(context):\n    return {'findings': [{'metric': 'seen', 'path': 'a.py', 'message': 'seen'}]}\n"


class User:
    """A person with a home of their own, at work in one repository."""

    def __init__(self, home: Path, repository: Path) -> None:
        self.home, self.repository = home, repository
        home.mkdir()

    def __call__(self, *words: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.home), "LANG": "C.UTF-8", "GIVEN": "x"}
        done = subprocess.run([TOOL, *words], cwd=self.repository, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode == 0) is ok, (done.returncode, done.stdout + done.stderr)
        return done

    def plugins_found(self) -> list[str]:
        done = self("audit", "--json", "--fail-on", "never")
        return [finding["block"] for finding in json.loads(done.stdout)["findings"] if finding["metric"] == "plugin"]


@pytest.fixture
def author(tmp_path: Path) -> User:
    """The author of a repository with an auditor that they granted, committed with its lock."""
    if sandbox_layers().tier is Tier.NONE:
        pytest.skip("; ".join(sandbox_layers().lines()))
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "a.py").write_text("x = 1\n")
    author = User(tmp_path / "author", repository)
    author("plugins", "new", "seer", "--kind", "auditor")
    (repository / "plugins" / "seer" / "seer.py").write_text(AUDITOR)
    author("plugins", "keygen", str(tmp_path / "me"))
    author("plugins", "sign", "plugins/seer", "--key", str(tmp_path / "me"))
    author("plugins", "trust", str(tmp_path / "me.pub"), "--scope", "seer")
    author("plugins", "trust", "seer", "--yes")
    return author


def test_who_trusts_the_authors_key_still_decides_for_themselves(author: User, tmp_path: Path):
    other = User(tmp_path / "other", author.repository)
    other("plugins", "trust", str(tmp_path / "me.pub"), "--scope", "*")
    lock = (author.repository / "plugins.lock").read_bytes()
    assert author.plugins_found() == ["seer/seen"]

    assert other.plugins_found() == []
    assert "plugin seer: you have not agreed to it: plugins.lock is the repository's word, not yours" in other("audit").stderr
    assert "orchestrator plugins trust seer" in other("audit").stderr
    shown = json.loads(other("plugins", "show", "seer", "--json").stdout)
    assert (shown["granted"], shown["pinned"]["pids"]) == (None, 1)

    assert "+ time 30s" in other("plugins", "trust", "seer", "--yes").stdout
    assert other.plugins_found() == ["seer/seen"]
    assert (author.repository / "plugins.lock").read_bytes() == lock
    assert "granted already" in other("plugins", "trust", "seer").stdout


def test_a_pull_that_enlarges_the_lock_is_told_and_grants_nothing(author: User):
    path = author.repository / "plugins.lock"
    lock = json.loads(path.read_text())
    lock["plugins"]["seer"]["permissions"]["time"] = "10m"
    path.write_text(json.dumps(lock))

    assert author.plugins_found() == []
    told = author("audit").stderr
    assert "plugin seer: plugins.lock asks for more than you granted: time 10m" in told
    assert "orchestrator plugins trust seer" in told
    refused = author("plugins", "trust", "seer", "--yes", ok=False)
    assert "time 10m: granted in the lock, but the manifest does not ask for it" in refused.stderr


def test_an_agreement_is_for_one_repository_unless_it_is_for_all(author: User, tmp_path: Path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", author.repository, copy], check=True)
    elsewhere = User(tmp_path / "unused", copy)
    elsewhere.home = author.home
    assert elsewhere.plugins_found() == []
    author("plugins", "trust", "seer", "--everywhere", "--yes")
    assert elsewhere.plugins_found() == ["seer/seen"]


def test_a_trust_file_handed_to_a_pipeline_is_all_that_it_needs(author: User, tmp_path: Path):
    author("plugins", "trust", "seer", "--everywhere", "--yes")
    pipeline = User(tmp_path / "pipeline", author.repository)
    assert pipeline.plugins_found() == []
    place = pipeline.home / ".config" / "orchestrator"
    place.mkdir(parents=True, exist_ok=True)
    handed = place / "trust.json"
    handed.write_bytes((author.home / ".config" / "orchestrator" / "trust.json").read_bytes())
    handed.chmod(0o600)
    assert pipeline.plugins_found() == ["seer/seen"]


def test_removing_a_plugin_withdraws_the_agreement(author: User):
    lock = (author.repository / "plugins.lock").read_bytes()
    author("plugins", "remove", "seer")
    (author.repository / "plugins.lock").write_bytes(lock)
    assert author.plugins_found() == []
