"""Which loop did it, and when: loops that matter, found in a run.

`loops(results)` gives a `LoopAnalysis`; how scores are defined is told in `scores`, how a large
model is seen through a few of its stocks in `fold`.
"""

from cyclesim.analysis.loops.analysis import loops
from cyclesim.analysis.loops.cycles import Budget
from cyclesim.analysis.loops.naming import names_beside
from cyclesim.analysis.loops.parts import (
    Loop,
    LoopAnalysis,
    Method,
    Named,
    Partition,
    Phase,
    Polarity,
    Shift,
)

__all__ = [
    "Budget",
    "Loop",
    "LoopAnalysis",
    "Method",
    "Named",
    "Partition",
    "Phase",
    "Polarity",
    "Shift",
    "loops",
    "names_beside",
]
