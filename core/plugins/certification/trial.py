"""The plugin's own tests, inside the sandbox with exactly the permissions it asks for – and which of these it used."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.domain.plugin import Manifest, Permissions, covers_path
from core.errors import PluginRefused
from core.plugins.certification.stage import Stage, Verdict, judged
from core.plugins.sandbox.chamber_start import open_chamber
from core.plugins.sandbox.layers import Layers, Tier

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
    with tempfile.TemporaryDirectory(prefix="orchestrator-trial-") as place:
        root = Path(os.path.realpath(place)) / "repository"
        shutil.copytree(copy / _FIXTURE, root) if (copy / _FIXTURE).is_dir() else root.mkdir()
        try:
            return _run(manifest, copy, root, layers, environment, requirements)
        except PluginRefused as error:
            return judged("tests", error.reasons), judged("permissions used", ())


def _run(
    manifest: Manifest, copy: Path, root: Path, layers: Layers, environment: Mapping[str, str], requirements: Path | None
) -> tuple[Stage, Stage]:
    with open_chamber(
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
    problem = problem or str(message.get("error", ""))
    result = message.get("result") or {}
    data = result.get("data", {}) if isinstance(result, dict) else {}
    failed = tuple(f"failed: {name}" for name in data.get("failed", ()))
    if problem or failed or not data.get("count"):
        tail = tuple(line for line in log.splitlines() if line.strip())[-12:]
        return judged("tests", (*((problem,) if problem else ()), *failed, *(() if data.get("count") else ("no test ran",)), *tail)), _used(
            manifest, root, message, asked
        )
    return Stage(name="tests", verdict=Verdict.PASSED, notes=(f"{data['count']} tests in the {layers.tier} sandbox",)), _used(
        manifest, root, message, asked
    )


def _used(manifest: Manifest, root: Path, message: Mapping[str, object], asked: tuple[tuple[str, bool], ...]) -> Stage:
    """Compare what the tests tried with what the manifest asks for."""
    observed = [str(item).partition(" ") for item in message.get("observed") or ()]  # type: ignore[attr-defined]
    tried = [(verb, os.path.relpath(path, root)) for verb, _, path in observed if path.startswith(f"{root}/")]
    programs = {os.path.basename(path) for verb, _, path in observed if verb == "exec"}
    granted = manifest.permissions
    unused = [f"read {item}" for item in granted.read if not _touched(item, "read", tried)]
    unused += [f"write {item}" for item in granted.write if not _touched(item, "write", tried)]
    unused += [f"exec {name}" for name in granted.exec if name not in programs]
    unused += [f"net {item}" for item in granted.net if not any(allowed for _, allowed in asked)]
    denied = [f"{verb} {path}" for verb, path in tried if not _allowed(granted, verb, path)]
    denied += [f"exec {name}" for name in sorted(programs - set(granted.exec))]
    denied += [f"net {address}" for address, allowed in asked if not allowed]
    warnings = [f"asked for, not used by its tests: {item}" for item in unused]
    warnings += [f"tried and denied: {item}" for item in sorted(set(denied))]
    return judged("permissions used", (), tuple(warnings))


def _touched(pattern: str, verb: str, tried: list[tuple[str, str]]) -> bool:
    return any(done == verb and _matches(pattern, path) for done, path in tried)


def _allowed(granted: Permissions, verb: str, path: str) -> bool:
    patterns = granted.write if verb == "write" else (*granted.read, *granted.write)
    return any(_matches(pattern, path) for pattern in patterns)


def _matches(pattern: str, path: str) -> bool:
    import fnmatch

    return covers_path(pattern, path) or fnmatch.fnmatchcase(path, pattern.replace("**/", "*"))
