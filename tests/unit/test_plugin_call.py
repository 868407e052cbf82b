"""One call of a running plugin: what it is sent, and what its answers come to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import Manifest, Permissions, Provision, ProvisionKind
from core.plugins.host.plugin_host import Admitted, OpenPlugin
from core.testing.conversation import ScriptedConversation

PATHS = {"files": ["a.py"]}


def opened(*answers: dict[str, Any] | str, log: str = "") -> tuple[OpenPlugin, ScriptedConversation]:
    provision = Provision(kind=ProvisionKind.AUDITOR, contract=1, name="sample")
    manifest = Manifest(
        id="sample",
        version="1.0.0",
        description="",
        authors=("somebody",),
        license="MIT",
        minimum_host_version="0.0.1",
        entry_point="sample",
        provides=(provision,),
        permissions=Permissions(),
        requirements="",
        path="manifest.json",
    )
    admitted = Admitted(manifest=manifest, copy=Path(), permissions=manifest.permissions, requirements=None)
    conversation = ScriptedConversation(answers, log=log)
    return OpenPlugin(admitted=admitted, provision=provision, session=conversation), conversation


def test_the_request_holds_kind_name_configuration_and_input() -> None:
    plugin, conversation = opened({"result": {"findings": []}}, log="done")
    answer = plugin.call(PATHS, {})
    assert (answer.ok, answer.result, answer.log) == (True, {"findings": []}, "done")
    assert conversation.sent == [{"kind": ProvisionKind.AUDITOR, "name": "sample", "config": {}, "input": PATHS}]


def test_input_that_breaks_the_contract_is_never_sent() -> None:
    plugin, conversation = opened()
    assert "files" in plugin.call({}, {}).problem
    assert conversation.sent == []


def test_a_result_that_breaks_the_contract_is_a_problem() -> None:
    plugin, _ = opened({"result": {"findings": 3}})
    assert plugin.call(PATHS, {}).problem.startswith("its result breaks the contract of auditor 1: ")


def test_an_error_of_the_plugin_is_shown_without_characters_that_a_terminal_obeys() -> None:
    plugin, _ = opened({"error": "red \x1b[31m"})
    assert plugin.call(PATHS, {}).problem == "red \\x1b[31m"


def test_after_a_time_out_every_call_fails() -> None:
    plugin, conversation = opened("it ran longer than 10 s and was killed", {"result": {"findings": []}})
    assert plugin.call(PATHS, {}).timed_out
    assert conversation.ended
    assert not plugin.call(PATHS, {}).ok
