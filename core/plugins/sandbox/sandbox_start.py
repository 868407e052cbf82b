"""Starts a sandbox (private directory, network channel, confined process) and removes all of it afterwards."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

from core.domain.plugins.plugin import Permissions
from core.errors import PluginRefused
from core.files.temporary import temporary_directory
from core.plugins.sandbox.layers import Layers
from core.plugins.sandbox.network_proxy import NetworkProxy
from core.plugins.sandbox.path_access import path_access_of, writable_places
from core.plugins.sandbox.resource_use import SpaceWatch, processes_of
from core.plugins.sandbox.session import Session
from core.plugins.sandbox.spec import SandboxSpec, boot_code, command_line, sandbox_environment, setup_message

#: Seconds until the sandbox is ready. Only a machine that is far too busy needs more.
_READY_WITHIN = 20.0


@contextlib.contextmanager
def open_sandbox(
    plugin: str,
    module: str,
    copy: Path,
    permissions: Permissions,
    repository: Path,
    *,
    layers: Layers,
    environment: Mapping[str, str],
    requirements: Path | None = None,
    observe: bool = False,
    on_log: Callable[[bytes], None] | None = None,
) -> Iterator[Session]:
    """Run ``module`` of the verified ``copy`` confined to ``permissions``; at the end nothing of it is left.

    Raises PluginRefused when the sandbox cannot be set up; nothing of the plugin has run then.
    """
    root = Path(os.path.realpath(repository))
    with contextlib.ExitStack() as stack:
        temporary = Path(os.path.realpath(stack.enter_context(temporary_directory("orchestrator-plugin-"))))
        path_access = path_access_of(permissions, root, stack.enter_context(writable_places(permissions.write, root)))
        proxy = NetworkProxy(permissions.net) if permissions.net else None
        if proxy:
            stack.callback(proxy.close)
        spec = SandboxSpec(
            plugin=plugin,
            module=module,
            copy=copy,
            permissions=permissions,
            path_access=path_access,
            repository=root,
            temporary=temporary,
            requirements=requirements,
            environment=environment,
            network=proxy.theirs.fileno() if proxy else -1,
            observe=observe,
        )
        session = _start(spec, layers, proxy)
        session.on_log = on_log
        stack.callback(session.close)
        _wait_ready(session, spec, layers)
        yield session


def _start(spec: SandboxSpec, layers: Layers, proxy: NetworkProxy | None) -> Session:
    try:
        process = subprocess.Popen(
            command_line(spec, layers),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=spec.temporary,
            env=sandbox_environment(spec),
            pass_fds=(spec.network,) if proxy else (),
            start_new_session=True,
            bufsize=0,
        )
    except OSError as error:
        raise PluginRefused([f"the sandbox could not be started: {error}"], hint="look at its layers: orchestrator doctor") from error
    if proxy:
        proxy.theirs.close()
    pids = spec.permissions.pids
    space = SpaceWatch(directory=spec.temporary, processes=partial(processes_of, process.pid, alone=pids == 1))
    return Session(process=process, proxy=proxy, space=space, pids=pids)


def _wait_ready(session: Session, spec: SandboxSpec, layers: Layers) -> None:
    problem = session.send_bytes(boot_code(trial=spec.observe), _READY_WITHIN) or session.send(setup_message(spec, layers), _READY_WITHIN)
    message, failed, _ = ({}, problem, False) if problem else session.receive(_READY_WITHIN)
    if failed or message.get("ready") is not True:
        reason = message.get("unconfined") or failed
        said = session.log().strip().splitlines()
        detail = f": {said[-1]}" if said else ""
        raise PluginRefused(
            [f"the {layers.tier} sandbox could not be put up: {reason}{detail}"], hint="look at its layers: orchestrator doctor"
        )
