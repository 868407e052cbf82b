"""What a run may spend: reserved before a start, settled after the end; and why something does not fit it.

Amounts are floats that stand for the decimals people write: 0.1 ten times is 1. They are added as decimals.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


def decimal_sum(*amounts: float) -> float:
    """Return the sum of decimal fractions as it is on paper: 0.1 and 0.2 are 0.3."""
    return float(sum((_decimal(amount) for amount in amounts), start=Decimal(0)))


def fits_time(expected: float | None, time_left: float | None) -> bool:
    """Tell whether something that takes ``expected`` seconds may start; None: not known how long it takes, time without a limit."""
    return time_left is None or (time_left > 0 and (expected or 0.0) <= time_left)


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
        return max(0.0, decimal_sum(self.limit, -self.spent, -self.reserved))

    @property
    def exhausted(self) -> bool:
        """Whether nothing that costs anything is affordable any more."""
        return self.left is not None and self.left <= 0

    def affords(self, cost: float) -> bool:
        """Tell whether ``cost`` fits what is neither spent nor reserved."""
        return self.limit is None or decimal_sum(self.spent, self.reserved, cost) <= self.limit

    def may_afford(self, cost: float) -> bool:
        """Tell whether ``cost`` fits what is not spent: it may come to be affordable when what is reserved turns out not to be used."""
        return self.limit is None or decimal_sum(self.spent, cost) <= self.limit

    def reserve(self, cost: float) -> Budget:
        """Return the account with ``cost`` set aside. Raises ValueError when it does not fit."""
        if not self.affords(cost):
            raise ValueError(f"cost {cost} does not fit: {_shown(self.left or 0.0)} left")
        return Budget(limit=self.limit, spent=self.spent, reserved=decimal_sum(self.reserved, cost))

    def settle(self, reserved: float, actual: float) -> Budget:
        """Return the account after an attempt ended: its reservation is released, its actual cost is spent."""
        left_reserved = max(0.0, decimal_sum(self.reserved, -reserved))
        return Budget(limit=self.limit, spent=decimal_sum(self.spent, actual), reserved=left_reserved)

    def used_share(self) -> float:
        """Return spent and reserved units as a share of the limit, 0 when unlimited."""
        if not self.limit:
            return 0.0
        return float(_decimal(decimal_sum(self.spent, self.reserved)) / _decimal(self.limit))

    def what_is_left(self) -> str:
        """Return in words what a limited account has left: ``2 of 10 left``."""
        return f"{_shown(self.left or 0.0)} of {_shown(self.limit or 0.0)} left"

    def what_is_used(self) -> str:
        """Return in words what a limited account has spent and reserved: ``8 of 10``."""
        return f"{_shown(decimal_sum(self.spent, self.reserved))} of {_shown(self.limit or 0.0)}"


def why_passed_over(budget: Budget, time_left: float | None, *, cost: float, expected: float | None) -> str:
    """Name the budget that keeps a ready task from starting: units, time or both; where it fits both, another task ended the run."""
    affordable, in_time = budget.affords(cost), fits_time(expected, time_left)
    if affordable and in_time:
        return "a task before it does not fit the budget, and budget.on_exceed is stop"
    if affordable:
        return "it does not fit the time that is left"
    return f"it does not fit the budget: {budget.what_is_left()}" + ("" if in_time else "; nor does it fit the time that is left")


def which_ended(budget: Budget, time_left: float | None, costs: list[tuple[float, float | None]]) -> str:
    """Return which budget left work undone, given cost and expected seconds of each task that did not fit."""
    units = any(not budget.affords(cost) for cost, _ in costs)
    time = any(not fits_time(expected, time_left) for _, expected in costs)
    return "the budget and the time are used up" if units and time else "the time is used up" if time else "the budget is used up"


def _decimal(amount: float) -> Decimal:
    return Decimal(repr(amount))


def _shown(amount: float) -> str:
    return f"{amount:.15g}"
