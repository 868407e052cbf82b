"""``python -m core`` is the ``orchestrator`` command."""

import os
import sys

try:
    here = os.getcwd()
except OSError:  # it was removed
    here = ""
if not sys.flags.safe_path and sys.path and sys.path[0] == here:
    # Python has put the working directory first, and that may be a stranger's repository: its yaml.py must not be ours.
    del sys.path[0]

from core.cli import main

if __name__ == "__main__":
    main()
