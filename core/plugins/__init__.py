"""Plugins: found, verified, and run in a sandbox that enforces what they asked for."""

from core.plugins.discovery import discover_plugins
from core.plugins.manifest import load_manifest

__all__ = ["discover_plugins", "load_manifest"]
