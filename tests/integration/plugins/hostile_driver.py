"""Runs the hostile plugin in a world of its own, at one tier, and prints what each attempt came to, as JSON.

Started as a process of its own so that it can run as another user: hostile_driver.py TIER (bare|granted) DIRECTORY
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import sys
import time
from dataclasses import replace
from pathlib import Path

from core.domain.plugins.plugin import Permissions, ProvisionKind
from core.domain.plugins.policy import Agreement
from core.files.user_places import user_places
from core.plugins.host.lock_file import write_lock
from core.plugins.host.plugin_host import PluginHost
from core.plugins.rules.permissions import Locked
from core.plugins.rules.trust import TrustStore
from core.plugins.sandbox.layers import sandbox_layers
from core.plugins.signing.keys import generate_key, load_private_key, public_key_of
from core.plugins.signing.signing import sign_plugin
from core.plugins.signing.user_store import save_trust
from core.plugins.signing.verification import verify_plugin

GRANTED = {
    "fs": {"read": ["docs/**"], "write": ["out/**"]},
    "net": ["127.0.0.1:1"],
    "exec": ["true"],
    "env": ["HARMLESS"],
    "pids": 16,
    "memory": "1GiB",
}
#: What the granted profile is allowed by its permissions, or by processes being allowed at all; the rest must stay denied.
EXPECTED = ["start_thread", "fork_process"]


def main(tier: str, profile: str, top: Path) -> None:
    repository, home = top / "repository", top / "home"
    for folder in (repository / "out", repository / "docs", repository / ".git" / "hooks", home / ".ssh"):
        folder.mkdir(parents=True)
    for file in (repository / "secret.txt", repository / ".env", home / ".ssh" / "id_ed25519"):
        file.write_text("SECRET")
    environment = {"HOME": str(home), "PATH": os.defpath, "SECRET_TOKEN": "SECRET", "HARMLESS": "1"}
    places = user_places(environment)
    generate_key(home / "keys" / "author", "author")
    key = load_private_key(str(home / "keys" / "author"), {})
    trust = TrustStore().with_key(public_key_of(key), ["author"], ["hostile"], None)
    save_trust(places.config / "trust.json", trust)
    permissions = GRANTED if profile == "granted" else {}
    plugin = repository / "plugins" / "hostile"
    plugin.mkdir(parents=True)
    shutil.copy(Path(__file__).parent / "hostile_plugin" / "hostile.py", plugin)
    manifest = {
        "id": "hostile",
        "version": "1.0.0",
        "description": "Tries everything.",
        "authors": ["Mallory"],
        "license": "MIT",
        "minimum_host_version": "0.1.0",
        "entry_point": "hostile",
        "provides": [{"kind": "task", "contract": 1}],
        "permissions": permissions,
        "config": {"type": "object"},
    }
    (plugin / "manifest.json").write_text(json.dumps(manifest))
    digest = sign_plugin(plugin, key, time.time())
    verified = verify_plugin(plugin, trust, places, time.time())
    locked = Locked(id="hostile", version="1.0.0", digest=digest, signer=verified.signer, permissions=Permissions.from_json(permissions))
    write_lock(repository, {"hostile": locked})
    agreed = Agreement(plugin="hostile", digest=digest, repository=str(repository), permissions=locked.permissions)
    layers = sandbox_layers()
    if tier == "basic":
        layers = replace(layers, bubblewrap="")
    host = PluginHost(repository=repository, places=places, trust=trust.with_agreement(agreed), environment=environment, layers=layers)
    assert host.layers.tier == tier, f"wanted {tier}, this machine has {host.layers.tier}"
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        unix, abstract = (stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(2))
        datagram = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        name = f"\0orchestrator-{os.getpid()}"
        for server, address in ((unix, str(top / "stream.sock")), (abstract, name)):
            server.bind(address)
            server.listen()
        datagram.bind(str(top / "datagram.sock"))
        config = {
            "home": str(home),
            "repository": str(repository),
            "host": os.getpid(),
            "tcp": tcp.getsockname()[1],
            "tcp_other": tcp.getsockname()[1],
            "unix": str(top / "stream.sock"),
            "unix_datagram": str(top / "datagram.sock"),
            "abstract": name,
            "granted": EXPECTED if profile == "granted" else [],
        }
        answer = host.call("hostile", ProvisionKind.TASK, {"task": {"id": "1", "description": "attack"}}, config)
    untouched = all(file.read_text() == "SECRET" for file in (repository / "secret.txt", repository / ".env"))
    print(json.dumps({"problem": answer.problem, "log": answer.log[-2000:], "untouched": untouched, **(answer.result or {"data": {}})}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
