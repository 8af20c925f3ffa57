"""The runs that a claim needs: its measures' scenarios as they are, or with its control."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from cyclesim.checks.parts import Checks, Claim
from cyclesim.names import Ident
from cyclesim.scenario.parts import Scenario

Key = tuple[str, tuple[tuple[Ident, float], ...]]
"""What tells one run from another: its scenario and the values before its start."""


@dataclass(frozen=True)
class Variant:
    """A scenario with more values before its start."""

    scenario: Scenario
    values: Mapping[Ident, float]

    @cached_property
    def changed(self) -> Scenario:
        """Return the scenario with its values."""
        return replace(self.scenario, start={**self.scenario.start, **self.values})

    @property
    def words(self) -> str:
        """Return what is run, for those who wait."""
        return f"'{self.scenario.name}'{' with a control' if self.values else ''}"

    @cached_property
    def key(self) -> Key:
        """Return what tells one run from another."""
        return self.scenario.name, tuple(sorted(self.values.items()))


def variants_of(claim: Claim, checks: Checks, *, controlled: bool) -> dict[str, Variant]:
    """Return the run read for each scenario that a claim's measures name."""
    scenarios = {scenario.name: scenario for scenario in checks.study.scenarios}
    scenarios |= {extreme.scenario.name: extreme.scenario for extreme in checks.extremes}
    control = claim.control if controlled else None
    found = {}
    for name in dict.fromkeys(checks.measures[ident].scenario for ident in claim.measures):
        if control is None:
            found[name] = Variant(scenarios[name], {})
        else:
            swapped = scenarios[control.scenarios.get(name, name)]
            found[name] = Variant(swapped, control.values)
    return found
