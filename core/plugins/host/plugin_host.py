"""The host: admits a plugin (found, verified, locked, permitted, confinable), runs it, and checks its input and its answers."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.domain.plugins.configuration import PluginConfiguration, ownership_problems
from core.domain.plugins.plugin import FoundPlugin, Manifest, Permissions, Provision, ProvisionKind
from core.domain.plugins.policy import PluginPolicy, agreement_objection, narrowed
from core.domain.untrusted.printable import plain
from core.errors import PluginRefused
from core.files.user_places import UserPlaces, user_places
from core.plugins.host.discovery import discover_plugins, find_plugin
from core.plugins.host.lock_file import lock_of_bytes, read_lock
from core.plugins.host.requirements import installed_requirements
from core.plugins.rules.contracts import config_problems, contract_problem, input_problems, result_problems
from core.plugins.rules.permissions import LOCK_FILE, Locked, lock_objections, permission_objections
from core.plugins.rules.trust import TrustStore
from core.plugins.sandbox.layers import Layers, Tier, proven, sandbox_layers
from core.plugins.sandbox.sandbox_start import open_sandbox
from core.plugins.sandbox.session import Answer
from core.plugins.signing.user_store import user_trust
from core.plugins.signing.verification import verify_plugin
from core.ports.sandbox import Conversation

_NOTHING = PluginConfiguration()


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """A plugin that may run now: verified, granted, and with its place in the sandbox known."""

    manifest: Manifest
    copy: Path
    #: manifest ∩ lock ∩ policy; the lock counts as far as the user agreed.
    permissions: Permissions
    requirements: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginHost:
    """Runs the plugins of one repository. Nothing of a plugin runs unless every check passes, each time it is opened."""

    repository: Path
    places: UserPlaces
    trust: TrustStore
    policy: PluginPolicy = field(default_factory=PluginPolicy)
    environment: Mapping[str, str]
    layers: Layers
    #: Paths in the repository that no plugin may write, besides those that none may anywhere.
    guarded: tuple[str, ...] = ()
    #: ``plugins.lock`` of the revision by which is judged, as bytes and what to call it; None: the repository's present one.
    base_lock: tuple[bytes | None, str] | None = None
    #: Where the bundled plugins lie; None: beside or inside the package.
    bundled: Path | None = None
    clock: Callable[[], float] = time.time

    def locked(self) -> dict[str, Locked]:
        """Return what the lock that counts here pins, by plugin id. Raises InvalidFile, StorageError."""
        if self.base_lock is None:
            return read_lock(self.repository)
        content, shown = self.base_lock
        return {} if content is None else lock_of_bytes(content, shown)

    def discover(self) -> tuple[FoundPlugin, ...]:
        """Return every plugin that the repository sees, as ``discover_plugins`` does."""
        return discover_plugins(self.repository, places=self.places, bundled=self.bundled)

    def admit(self, name: str) -> Admitted:
        """Return the plugin ``name`` ready to run. Raises UsageError when there is none, PluginRefused with every reason."""
        found = find_plugin(name, self.discover())
        self._check_tier(self.layers)
        verified = verify_plugin(found.folder, self.trust, self.places, self.clock(), require=self.policy.require)
        if verified.reasons or verified.manifest is None or verified.copy is None:
            raise PluginRefused([f"plugin {name}: {reason}" for reason in verified.reasons], hint=f"orchestrator plugins verify {name}")
        manifest = verified.manifest
        if manifest.id != name:
            raise PluginRefused([f"plugin {name}: what is signed there is {manifest.id}"])
        permissions = self._granted(manifest, verified.digest, verified.signer)
        return Admitted(
            manifest=manifest,
            copy=verified.copy,
            permissions=permissions,
            requirements=installed_requirements(self.places.cache, verified.copy, manifest.requirements, name),
        )

    def call(
        self,
        name: str,
        kind: ProvisionKind,
        value: Mapping[str, Any],
        config: Mapping[str, Any] | PluginConfiguration = _NOTHING,
        *,
        called: str = "",
        on_log: Callable[[bytes], None] | None = None,
        seconds: float | None = None,
    ) -> Answer:
        """Call the plugin ``name`` once as a ``kind`` and return its answer; its failure is an answer too.

        ``value`` is what the kind's contract gives, ``config`` its configuration, ``called`` the command or format asked for.
        ``seconds`` can only shorten the time that it is permitted. Raises UsageError and PluginRefused as ``admit`` does.
        """
        with self.open(name, kind, called=called, on_log=on_log) as opened:
            return opened.call(value, config, seconds)

    @contextlib.contextmanager
    def open(
        self, name: str, kind: ProvisionKind, *, called: str = "", on_log: Callable[[bytes], None] | None = None
    ) -> Iterator[OpenPlugin]:
        """Start the plugin for several calls of one kind (a listener for a whole run); at the end nothing of it is left."""
        admitted = self.admit(name)
        provision = admitted.manifest.provision(kind, called)
        if provision is None:
            raise PluginRefused([f"plugin {name} provides no {kind}" + (f" called {called}" if called else "")])
        problem = contract_problem(kind, provision.contract)
        if problem:
            raise PluginRefused([f"plugin {name}: {problem}"])
        layers = proven(self.layers)
        self._check_tier(layers)
        with open_sandbox(
            name,
            admitted.manifest.entry_point,
            admitted.copy,
            admitted.permissions,
            self.repository,
            layers=layers,
            environment=self.environment,
            requirements=admitted.requirements,
            on_log=on_log,
        ) as session:
            yield OpenPlugin(admitted=admitted, provision=provision, session=session)

    def _granted(self, manifest: Manifest, digest: str, signer: str) -> Permissions:
        """Return manifest ∩ lock ∩ policy. Raises PluginRefused where the lock, the user's agreement or the policy is against it."""
        name = manifest.id
        locked = self.locked().get(name)
        objections = lock_objections(locked, name, manifest.version, digest, signer)
        if locked and not objections:
            objection = agreement_objection(self.trust.agreements, name, digest, str(self.repository), locked.permissions)
            objections = (objection,) if objection else ()
        if objections or locked is None:
            hint = f"look at what it asks for and grant it: orchestrator plugins trust {name}"
            raise PluginRefused([f"plugin {name}: {reason}" for reason in objections], hint=hint)
        refused = permission_objections(manifest, locked.permissions, self.policy, self.guarded)
        if refused:
            raise PluginRefused([f"plugin {name}: {reason}" for reason in refused], hint=f"change {LOCK_FILE} or the policy")
        return narrowed(manifest, locked.permissions, self.policy)

    def _check_tier(self, layers: Layers) -> None:
        if layers.tier is Tier.NONE:
            raise PluginRefused(
                ["plugins are off: this machine has no sandbox that would hold"], hint="orchestrator doctor says what is missing"
            )
        if self.policy.sandbox == Tier.STRONG and layers.tier is not Tier.STRONG:
            raise PluginRefused(["the policy demands the strong sandbox, this machine has the basic one"], hint="orchestrator doctor")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPlugin:
    """A running plugin that may be called as one kind."""

    admitted: Admitted
    provision: Provision
    session: Conversation

    def call(self, value: Mapping[str, Any], config: Mapping[str, Any] | PluginConfiguration, seconds: float | None = None) -> Answer:
        """Call it once. After an answer with a problem of time, size or form it is dead and every later call fails.

        A plain ``config`` is the user's own; of any other, what the repository wrote is held against the manifest's marks.
        """
        kind, contract = self.provision.kind, self.provision.contract
        schema = self.admitted.manifest.config
        written = config if isinstance(config, PluginConfiguration) else PluginConfiguration(values=config)
        wrong = [f"{place}: {sentence}" for place, sentence in ownership_problems(schema, written)]
        wrong += [f"with: {line}" for line in config_problems(schema, written.values)]
        wrong += input_problems(kind, contract, value)
        if wrong:
            return Answer(problem="; ".join(wrong))
        limit = min(self.admitted.permissions.time, seconds if seconds is not None else self.admitted.permissions.time)
        started = time.monotonic()
        request = {"kind": kind, "name": self.provision.name, "config": dict(written.values), "input": dict(value)}
        message: dict[str, Any] = {}
        problem, timed_out = self.session.send(request, limit), False
        if not problem:
            message, problem, timed_out = self.session.receive(limit)
        answer = Answer(problem=problem, timed_out=timed_out, log=self.session.log(), duration=time.monotonic() - started)
        if problem:
            return answer
        if "result" not in message:
            return replace(answer, problem=plain(str(message.get("error", "its answer has no result"))[:2000]))
        broken = result_problems(kind, contract, message["result"])
        if broken:
            return replace(answer, problem=f"its result breaks the contract of {kind} {contract}: {plain('; '.join(broken[:5]))}")
        return replace(answer, result=message["result"])


def open_host(
    repository: str | os.PathLike[str], environment: Mapping[str, str], policy: PluginPolicy | None = None, guarded: tuple[str, ...] = ()
) -> PluginHost:
    """Return the host for ``repository`` with the user's own trust store; no plugin may write what is ``guarded``.

    Raises StorageError when that store is damaged.
    """
    places = user_places(environment)
    root = Path(os.path.realpath(repository))
    return PluginHost(
        repository=root,
        places=places,
        trust=user_trust(places, root),
        policy=policy or PluginPolicy(),
        guarded=guarded,
        environment=dict(environment),
        layers=sandbox_layers(),
    )
