"""``python -m core`` is the ``orchestrator`` command."""

from core.cli import main

if __name__ == "__main__":
    main()
