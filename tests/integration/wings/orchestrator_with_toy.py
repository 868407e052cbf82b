"""The command with one more wing: what a line in ``core.assembly.wings`` would do."""

import sys

from toy.wing import TOY

from core.assembly.wings import WINGS
from core.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], wings=(*WINGS, TOY)))
