"""The plugin's own tests, inside the sandbox with exactly the permissions it asks for – and which of these it used."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.domain.plugins.plugin import Manifest
from core.errors import PluginRefused
from core.files.temporary import temporary_directory
from core.plugins.rules.attempts import attempts, used_stage
from core.plugins.rules.stage import Stage, Verdict, judged
from core.plugins.sandbox.layers import Layers, Tier
from core.plugins.sandbox.sandbox_start import open_sandbox

#: A folder of files that the tests find as their repository.
_FIXTURE = "tests/repository"


def trial_stages(
    manifest: Manifest, copy: Path, layers: Layers, environment: Mapping[str, str], requirements: Path | None
) -> tuple[Stage, Stage]:
    """Run the tests of the private ``copy``; return the stages ``tests`` and ``permissions used``."""
    if layers.tier is Tier.NONE:
        skipped = ("plugins are off: this machine has no sandbox that would hold",)
        return tuple(Stage(name=name, verdict=Verdict.FAILED, notes=skipped) for name in ("tests", "permissions used"))  # type: ignore[return-value]
    if not list((copy / "tests").glob("test_*.py")):
        return judged("tests", ("it has no tests/test_*.py",)), judged("permissions used", ())
    with temporary_directory("orchestrator-trial-") as place:
        root = Path(os.path.realpath(place)) / "repository"
        shutil.copytree(copy / _FIXTURE, root) if (copy / _FIXTURE).is_dir() else root.mkdir()
        try:
            return _run(manifest, copy, root, layers, environment, requirements)
        except PluginRefused as error:
            return judged("tests", error.reasons), judged("permissions used", ())


def _run(
    manifest: Manifest, copy: Path, root: Path, layers: Layers, environment: Mapping[str, str], requirements: Path | None
) -> tuple[Stage, Stage]:
    with open_sandbox(
        manifest.id,
        "core.plugins.sandbox.inside.trial",
        copy,
        manifest.permissions,
        root,
        layers=layers,
        tier=layers.tier,
        environment=environment,
        requirements=requirements,
        observe=True,
    ) as session:
        request = {"kind": "task", "name": manifest.id, "config": {"folder": str(copy)}, "input": {}}
        problem = session.send(request, manifest.permissions.time)
        message, problem, _ = ({}, problem, False) if problem else session.receive(manifest.permissions.time)
        log = session.log()
        asked = tuple(session.proxy.asked) if session.proxy else ()
    result = message.get("result") or {}
    data = result.get("data", {}) if isinstance(result, dict) else {}
    tests = _tests_stage(problem or str(message.get("error", "")), data, log, layers.tier)
    return tests, used_stage(manifest.permissions, attempts(message.get("observed"), asked, str(root)))


def _tests_stage(problem: str, data: Mapping[str, Any], log: str, tier: Tier) -> Stage:
    """Judge what the tests came to: ``data`` has the ``count`` of those that ran and the names of those that ``failed``."""
    complaints = [problem] if problem else []
    complaints += [f"failed: {name}" for name in data.get("failed", ())]
    if not data.get("count"):
        complaints.append("no test ran")
    if not complaints:
        return Stage(name="tests", verdict=Verdict.PASSED, notes=(f"{data['count']} tests in the {tier} sandbox",))
    tail = [line for line in log.splitlines() if line.strip()][-12:]
    return judged("tests", (*complaints, *tail))
