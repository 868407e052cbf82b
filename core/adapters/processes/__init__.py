"""The port ``Launcher`` with real processes."""

from core.adapters.processes.launcher import ProcessLauncher

__all__ = ["ProcessLauncher"]
