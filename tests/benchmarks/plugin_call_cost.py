"""What one sandboxed plugin call costs over a bare Python start: ``python tests/benchmarks/plugin_call_cost.py [ROUNDS]``.

A call is everything: the plugin found, its signature and files verified, lock and permissions checked, the sandbox put up, the plugin
loaded and called, its answer checked, the sandbox taken down. A bare start is ``python -c pass``. The two alternate.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from core.domain.plugins.plugin import ProvisionKind
from core.domain.plugins.policy import ANYWHERE, Agreement
from core.files.user_places import user_places
from core.plugins.host.lock_file import write_lock
from core.plugins.host.plugin_host import PluginHost
from core.plugins.manifest import load_manifest
from core.plugins.rules.permissions import Locked
from core.plugins.rules.trust import TrustStore
from core.plugins.sandbox.layers import Tier, sandbox_layers
from core.plugins.signing.keys import generate_key, load_private_key, public_key_of
from core.plugins.signing.signing import sign_plugin

MANIFEST = {
    "id": "nothing",
    "version": "1.0.0",
    "description": "Does nothing.",
    "authors": ["x"],
    "license": "MIT",
    "minimum_host_version": "0.1.0",
    "entry_point": "nothing",
    "provides": [{"kind": "task", "contract": 1}],
    "permissions": {},
}


def host_in(top: Path) -> PluginHost:
    """Return a host with one granted plugin that does nothing."""
    folder = top / "repository" / "plugins" / "nothing"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST))
    (folder / "nothing.py").write_text("def run(context):\n    return {'message': ''}\n")
    key = public_key_of(load_private_key(str(_made(top / "key")), {}))
    digest = sign_plugin(folder, load_private_key(str(top / "key"), {}), time.time())
    granted = load_manifest(folder).permissions
    write_lock(top / "repository", {"nothing": Locked(id="nothing", version="1.0.0", digest=digest, signer=key.id, permissions=granted)})
    return PluginHost(
        repository=top / "repository",
        places=user_places({"HOME": str(top / "home")}),
        trust=TrustStore()
        .with_key(key, ["author"], ["nothing"], None)
        .with_agreement(Agreement(plugin="nothing", digest=digest, repository=ANYWHERE, permissions=granted)),
        environment={"PATH": os.defpath},
        layers=sandbox_layers(),
    )


def _made(path: Path) -> Path:
    generate_key(path, "bench")
    return path


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as place:
        host = host_in(Path(os.path.realpath(place)))
        calls: dict[str, Callable[[], object]] = {"bare": lambda: subprocess.run([sys.executable, "-c", "pass"], check=True)}
        tiers = {Tier.BASIC: replace(host, layers=replace(host.layers, bubblewrap="")), Tier.STRONG: host}
        for tier, confined in tiers.items():
            if confined.layers.tier is tier:
                calls[tier] = lambda confined=confined: confined.call(
                    "nothing", ProvisionKind.TASK, {"task": {"id": "1", "description": ""}}, {}
                )
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(rounds):
            for name, call in calls.items():
                started = time.perf_counter()
                call()
                taken[name].append((time.perf_counter() - started) * 1000)
    bare = statistics.median(taken["bare"])
    print(f"{'':8} {'median ms':>10} {'minimum':>10} {'of bare':>10}")
    for name, values in taken.items():
        print(f"{name:8} {statistics.median(values):10.1f} {min(values):10.1f} {statistics.median(values) / bare:9.2f}×")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
