"""The constants whose docs name a plausible range, each element of an array by itself."""

from __future__ import annotations

from cyclesim.compiler import FlatModel, Role
from cyclesim.scenario.design_parts import Quantity, Uniform
from cyclesim.scenario.grounds import plausible_range
from cyclesim.scenario.varied import Varied, VariedKind


def plausible_quantities(flat: FlatModel) -> tuple[Quantity, ...]:
    """Return the constants that are judgements, uniform over their plausible ranges."""
    found = []
    for variable in flat.visible:
        limits = plausible_range(variable.about.doc)
        if limits is None or variable.role is not Role.PARAMETER:
            continue
        for place, (name, value) in enumerate(zip(variable.columns, variable.values, strict=True)):
            element = place if variable.shape else None
            varied = Varied(name, variable.ident, VariedKind.CONSTANT, element, value=value)
            found.append(Quantity(varied, Uniform(*limits), variable.units))
    return tuple(found)
