"""Auditors: asked with the files, configured, and unknown rather than wrong when they fail; cut off in a hurry."""

from __future__ import annotations

import time

import pytest

from core.assembly.container import Session
from core.assembly.plugins import plugin_auditors
from core.domain.plugins.configuration import PluginConfiguration
from core.plugins.host.auditors import GrantedAuditors
from core.plugins.signing.keys import public_key_of
from core.plugins.signing.user_store import TRUST_FILE, save_trust
from core.terminal.console import Console
from tests.integration.plugins.conftest import NOW

SOURCE = """
import time

def run(context):
    time.sleep(context.config.get("pause", 0))
    if context.config.get("fail"):
        raise ValueError("no luck")
    return {"findings": [{"metric": "seen", "path": path, "message": "seen"} for path in context.input["files"]]}
"""
CONFIG = {"type": "object", "additionalProperties": False, "properties": {"pause": {"type": "number"}, "fail": {"type": "boolean"}}}


@pytest.fixture
def ask(world):
    host = world.ready(SOURCE, provides=[{"kind": "auditor", "contract": 1}], config=CONFIG)

    def asked(config=None, only="", cancelled=lambda: False):
        return GrantedAuditors(lambda: host, lambda _: PluginConfiguration(values=config or {}), cancelled).audit(["a.py", "b.py"], only)

    return asked


def test_an_auditor_gets_the_files_and_its_findings_are_returned(ask):
    told = ask()
    assert [(finding.path, finding.block, finding.problem) for finding in told.findings] == [
        ("a.py", "sample/seen", "seen"),
        ("b.py", "sample/seen", "seen"),
    ]
    assert (told.answered, told.notes) == ({"sample"}, ())
    assert ask(only="other").answered == frozenset()


def test_one_that_fails_or_is_configured_wrongly_is_unknown(ask):
    failed = ask({"fail": True})
    assert (failed.findings, failed.answered) == ((), frozenset())
    assert failed.notes == ("plugin sample: ValueError: no luck: what it finds is unknown",)
    assert ask({"fial": True}).notes[0].startswith("plugin sample: with: fial: unknown key")


def test_one_that_was_changed_is_refused_and_unknown(world, ask):
    (world.folder / "sample.py").write_text("raise SystemExit\n")
    told = ask()
    assert told.answered == frozenset()
    assert told.notes[0].startswith("plugin sample: sample.py: content differs from what was signed")


def test_in_a_hurry_it_is_killed(ask):
    began = time.monotonic()
    told = ask({"pause": 1000}, cancelled=lambda: time.monotonic() > began + 0.3)
    assert told.notes == ("plugin sample: it ended without an answer (signal 9): what it finds is unknown",)


def test_a_key_revoked_during_a_command_counts_at_the_next_audit(world, monkeypatch):
    world.host()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(world.top / "home"))
    world.ready(SOURCE, provides=[{"kind": "auditor", "contract": 1}], config=CONFIG)
    store = world.places.config / TRUST_FILE
    save_trust(store, world.trust)
    with Session(Console({})) as session:
        container = session.open(str(world.repository))
        assert plugin_auditors(container, lambda: False).audit(["a.py"]).answered == {"sample"}
        save_trust(store, world.trust.with_revocation(public_key_of(world.key).id, "stolen", NOW))
        audited = plugin_auditors(container, lambda: False).audit(["a.py"])
    assert audited.answered == frozenset()
    assert "stolen" in audited.notes[0]
