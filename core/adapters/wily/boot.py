"""Started by the Python that has wily, never imported: wily's command line, counting as we do.

Left alone, wily counts no ``assert`` statements, though radon's command does, and of two blocks with one name it
keeps the less complex one. Numbers of the past would then not be comparable with those of today.
"""

import multiprocessing
import sys


def by_complexity(block: object) -> float:
    """Sort key: wily keeps the last of the blocks that share a name."""
    return float(getattr(block, "complexity", 0))


def main() -> None:
    from wily.__main__ import cli
    from wily.operators.cyclomatic import CyclomaticComplexityOperator

    # The operators run in processes that must inherit this, so they are forked.
    multiprocessing.set_start_method("fork")
    CyclomaticComplexityOperator.defaults |= {"no_assert": False, "order": by_complexity}
    cli(prog_name="wily", args=sys.argv[1:])


if __name__ == "__main__":
    main()
