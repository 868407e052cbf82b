"""A Protocol for every outside thing. The docstring is the contract; ``tests/contract`` holds twin and adapter to it."""
