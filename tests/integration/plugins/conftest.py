"""A signed plugin in a user's world of its own: nothing here sees the real home."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from core.domain.plugins.plugin import Permissions
from core.domain.plugins.policy import Agreement
from core.files.user_places import UserPlaces, user_places
from core.plugins.host.lock_file import read_lock, write_lock
from core.plugins.host.plugin_host import PluginHost
from core.plugins.rules.permissions import Locked
from core.plugins.rules.trust import TrustStore
from core.plugins.sandbox.layers import Tier, sandbox_layers
from core.plugins.signing.keys import generate_key, load_private_key, public_key_of
from core.plugins.signing.signing import sign_plugin
from core.plugins.signing.verification import Verification, verify_plugin

NOW = float(int(time.time()))


@dataclass
class World:
    """A user's directories, a repository, an author's key, and the plugin under test."""

    top: Path
    places: UserPlaces
    repository: Path
    key: Any
    trust: TrustStore
    folder: Path = field(default_factory=Path)

    def write_plugin(self, source: str, name: str = "sample", permissions: dict[str, Any] | None = None, **changes: Any) -> Path:
        self.folder = self.repository / "plugins" / name
        self.folder.mkdir(parents=True, exist_ok=True)
        manifest = {
            "id": name,
            "version": "1.0.0",
            "description": "A sample.",
            "authors": ["A. Person"],
            "license": "MIT",
            "minimum_host_version": "0.1.0",
            "entry_point": name,
            "provides": [{"kind": "task", "contract": 1}],
            "permissions": permissions or {},
            **changes,
        }
        (self.folder / "manifest.json").write_text(json.dumps(manifest, indent=2))
        (self.folder / f"{name}.py").write_text(source)
        return self.folder

    def sign(self, key: Any = None, now: float = NOW, **options: Any) -> str:
        return sign_plugin(self.folder, key or self.key, now, **options)

    def verify(self, now: float = NOW, trust: TrustStore | None = None, **options: Any) -> Verification:
        return verify_plugin(self.folder, trust or self.trust, self.places, now, **options)

    def lock(self, permissions: Permissions | None = None) -> None:
        verified = self.verify()
        assert verified.manifest, verified.reasons
        granted = permissions or verified.manifest.permissions
        entry = Locked(id=verified.manifest.id, version="1.0.0", digest=verified.digest, signer=verified.signer, permissions=granted)
        write_lock(self.repository, {**read_lock(self.repository), entry.id: entry})
        self.agree(entry)

    def agree(self, entry: Locked, permissions: Permissions | None = None) -> None:
        """Have the user agree to what a lock's entry pins, or to other permissions for it."""
        agreement = Agreement(
            plugin=entry.id, digest=entry.digest, repository=str(self.repository), permissions=permissions or entry.permissions
        )
        self.trust = self.trust.with_agreement(agreement)

    def host(self, tier: Tier | None = None, **changes: Any) -> PluginHost:
        """A host that uses ``tier``; skips the test where this machine does not offer it."""
        layers = sandbox_layers()
        if tier is Tier.BASIC:
            layers = replace(layers, bubblewrap="", bubblewrap_problem="left out")
        if layers.tier is Tier.NONE or (tier is not None and layers.tier is not tier):
            pytest.skip("; ".join(layers.lines()))
        environment = {"PATH": os.defpath, "HOME": str(self.top / "home"), "SECRET": "s", "GIVEN": str(self.top)}
        options = {"repository": self.repository, "places": self.places, "trust": self.trust, "environment": environment, "layers": layers}
        return PluginHost(**{**options, **changes})

    def ready(self, source: str, tier: Tier | None = None, permissions: dict[str, Any] | None = None, **changes: Any) -> PluginHost:
        """Write, sign and lock a plugin, and return a host for it."""
        self.write_plugin(source, permissions=permissions, **changes)
        self.sign()
        self.lock()
        return self.host(tier)

    def new_key(self, name: str) -> Any:
        generate_key(self.top / "keys" / name, name)
        return load_private_key(str(self.top / "keys" / name), {})


@pytest.fixture
def world(tmp_path: Path) -> World:
    places = user_places({"HOME": str(tmp_path / "home")})
    repository = tmp_path / "repository"
    repository.mkdir()
    made = World(top=tmp_path, places=places, repository=repository, key=None, trust=TrustStore())
    made.key = made.new_key("author")
    made.trust = TrustStore().with_key(public_key_of(made.key, "author"), ["author"], ["sample"], None)
    return made
