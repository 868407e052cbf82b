"""What a run may spend: reserved before a start, settled after the end."""

from __future__ import annotations

from dataclasses import dataclass

#: Rounding noise of adding decimal fractions; never a real unit of cost.
_NOISE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """An account in units of cost. ``limit`` None means unlimited; ``spent + reserved`` never exceeds it by a start."""

    limit: float | None = None
    spent: float = 0.0
    reserved: float = 0.0

    @property
    def left(self) -> float | None:
        """Units that are neither spent nor reserved, never below 0; None when unlimited."""
        if self.limit is None:
            return None
        return max(0.0, self.limit - self.spent - self.reserved)

    @property
    def exhausted(self) -> bool:
        """Whether nothing that costs anything is affordable any more."""
        return self.left is not None and self.left <= _NOISE

    def affords(self, cost: float) -> bool:
        return self.limit is None or self.spent + self.reserved + cost <= self.limit + _NOISE

    def reserve(self, cost: float) -> Budget:
        """Return the account with ``cost`` set aside. Raises ValueError when it does not fit."""
        if not self.affords(cost):
            raise ValueError(f"cost {cost} does not fit: {self.left} left")
        return Budget(limit=self.limit, spent=self.spent, reserved=self.reserved + cost)

    def settle(self, reserved: float, actual: float) -> Budget:
        """Return the account after an attempt ended: its reservation is released, its actual cost is spent."""
        return Budget(limit=self.limit, spent=self.spent + actual, reserved=max(0.0, self.reserved - reserved))

    def used_share(self) -> float:
        """Return spent and reserved units as a share of the limit, 0 when unlimited."""
        if not self.limit:
            return 0.0
        return (self.spent + self.reserved) / self.limit

    def why_passed_over(self) -> str:
        """Say why a ready task was left: a limited account was too small for it, else the time was up."""
        if self.limit is not None:
            return f"it does not fit the budget: {self.left:g} of {self.limit:g} left"
        return "it does not fit the time that is left"
