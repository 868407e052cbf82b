"""What a plugin may import of ours. Inside the sandbox this name holds exactly the same, and nothing else of ``core`` exists."""

from core.plugins.sandbox.inside.api import CONTRACTS, Context, Denied, Mistake, context_for_test

__all__ = ["CONTRACTS", "Context", "Denied", "Mistake", "context_for_test"]
