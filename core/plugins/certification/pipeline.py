"""The pipeline: from a folder or archive to a report that says whether the plugin may be called certified."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import core
from core.domain.plugins.plugin import Manifest
from core.errors import InvalidFile, PluginRefused, StorageError
from core.files.temporary import temporary_directory
from core.files.user_places import UserPlaces
from core.plugins.certification.external_checks import bandit_stage, flaws_stage, guarddog_stage, ruff_stage
from core.plugins.host.requirements import Pin, install_requirements, read_pins
from core.plugins.manifest import MANIFEST, parse_manifest
from core.plugins.rules.permissions import permission_objections
from core.plugins.rules.source_rules import source_stage
from core.plugins.rules.stages import Stage, Verdict, attempts, judged, used_stage
from core.plugins.rules.statement import CERTIFICATION, FileEntry, instant, tree_digest
from core.plugins.sandbox.layers import Layers, Tier
from core.plugins.sandbox.sandbox_start import open_sandbox
from core.plugins.signing.documents import seal_report
from core.plugins.signing.plugin_files import list_files


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a certification."""

    plugin: str
    version: str
    #: Digest of all files but the report.
    tree: str
    stages: tuple[Stage, ...]
    layers: Layers
    #: Unix time in seconds.
    at: float

    @property
    def verdict(self) -> Verdict:
        return Verdict.FAILED if any(stage.verdict is Verdict.FAILED for stage in self.stages) else Verdict.PASSED

    def to_json(self) -> dict[str, Any]:
        return {
            "plugin": self.plugin,
            "version": self.version,
            "tree": self.tree,
            "verdict": str(self.verdict),
            "stages": [stage.to_json() for stage in self.stages],
            "sandbox": str(self.layers.tier),
            "host": core.__version__,
            "at": instant(self.at),
        }


def certify_plugin(
    folder: Path, *, places: UserPlaces, layers: Layers, environment: Mapping[str, str], now: float, osv: Path | None = None
) -> Report:
    """Examine the plugin in ``folder``. Its code runs only in the last stage, and only in the sandbox.

    Never raises for what the plugin holds; a later stage is left out when an earlier one makes it meaningless.
    """
    contents: dict[str, bytes] = {}
    listing = list_files(folder, lambda path, content, _: contents.__setitem__(path, content))
    stages = [judged("files", listing.reasons)]
    manifest, stage = _manifest_stage(contents, folder)
    stages.append(stage)
    if manifest is not None and not listing.reasons:
        pins, pin_stage = _pin_stage(manifest, contents)
        stages += [
            judged("permissions", permission_objections(manifest)),
            source_stage(_own_source(contents)),
            pin_stage,
            flaws_stage(pins, osv),
            ruff_stage(folder, environment),
            bandit_stage(folder, environment),
            guarddog_stage(folder, environment),
        ]
        if not any(item.verdict is Verdict.FAILED for item in stages):
            stages += _trial(manifest, contents, listing.files, places, layers, environment)
    return Report(
        plugin=manifest.id if manifest else folder.name,
        version=manifest.version if manifest else "",
        tree=tree_digest(listing.files),
        stages=tuple(stages),
        layers=layers,
        at=now,
    )


def write_report(folder: Path, report: Report, private_key: Any) -> Path:
    """Sign the report and put it beside the files it is about. Raises StorageError. The plugin must be signed again after it."""
    path = folder / CERTIFICATION
    try:
        path.write_bytes(seal_report(report.to_json(), private_key))
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
    return path


def _manifest_stage(contents: dict[str, bytes], folder: Path) -> tuple[Manifest | None, Stage]:
    if MANIFEST not in contents:
        return None, judged("manifest", (f"{folder / MANIFEST}: there is none",))
    try:
        manifest = parse_manifest(contents[MANIFEST], MANIFEST)
    except InvalidFile as error:
        return None, judged("manifest", tuple(str(problem) for problem in error.problems))
    entry = manifest.entry_point.replace(".", "/") + ".py"
    return manifest, judged("manifest", () if entry in contents else (f"entry_point: there is no {entry}",))


def _own_source(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in contents.items() if not path.startswith("tests/")}


def _pin_stage(manifest: Manifest, contents: dict[str, bytes]) -> tuple[tuple[Pin, ...], Stage]:
    if not manifest.requirements:
        return (), judged("requirements", ())
    if manifest.requirements not in contents:
        return (), judged("requirements", (f"{manifest.requirements}: there is no such file",))
    pins, problems = read_pins(contents[manifest.requirements].decode("utf-8", "replace"), manifest.requirements)
    return pins, judged("requirements", problems)


def _trial(
    manifest: Manifest,
    contents: dict[str, bytes],
    files: tuple[FileEntry, ...],
    places: UserPlaces,
    layers: Layers,
    environment: Mapping[str, str],
) -> tuple[Stage, ...]:
    """Run the tests of exactly the bytes that were examined."""
    try:
        requirements = None
        if manifest.requirements:
            content = contents[manifest.requirements]
            requirements = install_requirements(places.cache, content, manifest.requirements, environment)
    except PluginRefused as error:
        return (judged("tests", error.reasons),)
    executable = {entry.path: entry.executable for entry in files}
    with temporary_directory("orchestrator-certify-") as place:
        copy = Path(os.path.realpath(place)) / manifest.id
        for path, content in contents.items():
            (copy / path).parent.mkdir(parents=True, exist_ok=True)
            (copy / path).write_bytes(content)
            (copy / path).chmod(0o500 if executable[path] else 0o400)
        return trial_stages(manifest, copy, layers, environment, requirements)


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
