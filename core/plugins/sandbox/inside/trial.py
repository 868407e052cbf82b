"""Runs a plugin's own tests inside the sandbox. Loaded only for certification, in place of the plugin."""

from __future__ import annotations

import io
import os
import unittest

from core.plugins.sandbox.inside.api import Context


def run(context: Context) -> dict:  # type: ignore[type-arg]
    """Find and run ``tests/test_*.py``; the plugin's folder is ``config.folder``."""
    folder = context.config["folder"]
    os.chdir(context.root)  # the tests find their repository where they stand
    suite = unittest.defaultTestLoader.discover(os.path.join(folder, "tests"), top_level_dir=os.path.join(folder, "tests"))
    told = io.StringIO()
    result = unittest.TextTestRunner(stream=told, verbosity=2).run(suite)
    context.log(told.getvalue())
    failed = [str(case) for case, _ in (*result.failures, *result.errors)] + [str(case) for case in result.unexpectedSuccesses]
    return {"message": f"{result.testsRun} tests", "ok": not failed, "data": {"count": result.testsRun, "failed": failed}}
