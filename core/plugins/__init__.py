"""Plugins: found, verified, and run in a sandbox that enforces what they asked for.

| part | does |
|---|---|
| ``rules`` | decides: formats, permissions, trust, verdicts. Pure |
| ``signing`` | keys, signatures, the user's trust store, verified copies |
| ``sandbox`` | confines a process, talks to it, connects it to allowed addresses |
| ``host`` | finds, installs, grants, admits and calls plugins |
| ``certification`` | examines a plugin before a certifier signs |
"""

from core.plugins.host.discovery import discover_plugins
from core.plugins.manifest import load_manifest

__all__ = ["discover_plugins", "load_manifest"]
