"""Tests of changelog. What needs a git repository is tested by the tool's own suite; a plugin's folder cannot hold one."""

import os
import tempfile
import unittest

from changelog import SETTINGS, run

from core.plugins.api import context_for_test


class TestChangelog(unittest.TestCase):
    def test_without_a_repository_it_says_so(self) -> None:
        with tempfile.TemporaryDirectory() as empty, self.assertRaisesRegex(ValueError, "no .git folder"):
            run(context_for_test("command", input={"arguments": []}, root=empty))

    def test_its_settings_are_there(self) -> None:
        self.assertTrue(os.path.isfile(SETTINGS))


if __name__ == "__main__":
    unittest.main()
