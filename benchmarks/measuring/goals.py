"""Goals, and whether what was measured meets them."""

from __future__ import annotations

from dataclasses import dataclass

from .rounds import Spread


@dataclass(frozen=True)
class Goal:
    """What a median has to be: at most, or at least, so much; `unit` is shown behind numbers."""

    what: str
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def words(self) -> str:
        """Return the goal as it is shown."""
        return f"at {'least' if self.at_least else 'most'} {shown(self.bound)}{self.unit}"

    def holds(self, number: float) -> bool:
        """Return whether a number meets the goal; what is no number does not."""
        return number >= self.bound if self.at_least else number <= self.bound


@dataclass(frozen=True)
class Verdict:
    """A goal and what was measured; None, with a reason, where nothing was."""

    goal: Goal
    found: Spread | None
    reason: str = ""

    @property
    def met(self) -> bool | None:
        """Return whether the median meets the goal; None where nothing was measured."""
        return None if self.found is None else self.goal.holds(self.found.middle)

    @property
    def measured(self) -> str:
        """Return the median, with the least and the most of the rounds."""
        return "-" if self.found is None else spread(self.found, self.goal.unit)

    @property
    def words(self) -> str:
        """Return the verdict as it is shown, with how much is missing."""
        if self.found is None:
            return f"not measured: {self.reason}"
        if not self.met:
            off = abs(self.found.middle / self.goal.bound - 1)
            side = "below" if self.goal.at_least else "above"
            return f"**short**: {100 * off:.0f} % {side}"
        worst = self.found.least if self.goal.at_least else self.found.most
        return "met" if self.goal.holds(worst) else "met, though not in every round"


def spread(found: Spread, unit: str = "") -> str:
    """Return a median with the least and the most; the number alone where there is but one."""
    middle = f"{shown(found.middle)}{unit}"
    if found.least == found.most:
        return middle
    return f"{middle} ({shown(found.least)} to {shown(found.most)})"


def shown(number: float) -> str:
    """Return a number with three figures, thousands set apart."""
    if number == 0:
        return "0"
    if abs(number) >= 100:
        return f"{float(f'{number:.3g}'):,.0f}"
    return f"{number:.3g}"
