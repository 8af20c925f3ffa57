"""How far today is from the point of no return.

`tipping(study)` gives a `TippingAnalysis`; `nearest_margin(study)` the nearest, quickly. Each
part is a call of its own: `margins`, `between`, `equilibria`, `continuation`, `regimes`, `pulses`.
"""

from cyclesim.analysis.tipping.analysis import Wishes, tipping
from cyclesim.analysis.tipping.between import Start, between, starts_of
from cyclesim.analysis.tipping.branches import Branch, Continuation, Special, SpecialPoint
from cyclesim.analysis.tipping.continuation import continuation
from cyclesim.analysis.tipping.equilibria import equilibria
from cyclesim.analysis.tipping.margins import margins
from cyclesim.analysis.tipping.nearest import nearest_margin, run_margin
from cyclesim.analysis.tipping.outcome import NoContrast, contrast, levers
from cyclesim.analysis.tipping.parts import (
    Between,
    Equilibria,
    Equilibrium,
    Kind,
    Margins,
    Nearest,
    Pulses,
    RegimeMap,
    Rule,
    Scattered,
    Threshold,
    TippingAnalysis,
    What,
)
from cyclesim.analysis.tipping.pulses import pulses
from cyclesim.analysis.tipping.regimes import regimes
from cyclesim.analysis.tipping.scatter import scattered
from cyclesim.analysis.tipping.today import Today, stand

__all__ = [
    "Between",
    "Branch",
    "Continuation",
    "Equilibria",
    "Equilibrium",
    "Kind",
    "Margins",
    "Nearest",
    "NoContrast",
    "Pulses",
    "RegimeMap",
    "Rule",
    "Scattered",
    "Special",
    "SpecialPoint",
    "Start",
    "Threshold",
    "TippingAnalysis",
    "Today",
    "What",
    "Wishes",
    "between",
    "continuation",
    "contrast",
    "equilibria",
    "levers",
    "margins",
    "nearest_margin",
    "pulses",
    "regimes",
    "run_margin",
    "scattered",
    "stand",
    "starts_of",
    "tipping",
]
