"""Plugins: found, verified, and run in a sandbox that enforces what they asked for.

| part | does |
|---|---|
| ``rules`` | decides: formats, permissions, trust, verdicts. Pure |
| ``signing`` | keys, signatures, the user's trust store, verified copies |
| ``sandbox`` | confines a process, talks to it, connects it to allowed addresses |
| ``certification`` | examines a plugin before a certifier signs |
| ``host`` and the rest | finds, installs, grants, admits and calls plugins |
"""

from core.plugins.discovery import discover_plugins
from core.plugins.manifest import load_manifest

__all__ = ["discover_plugins", "load_manifest"]
