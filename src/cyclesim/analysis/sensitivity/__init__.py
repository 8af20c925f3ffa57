"""Which numbers decide where a scenario ends, and whether it gets better or worse."""

from cyclesim.analysis.sensitivity.analysis import METHODS, Wishes, sensitivity
from cyclesim.analysis.sensitivity.parts import (
    Discovery,
    Distance,
    Failures,
    Fan,
    Labels,
    Limit,
    Screening,
    SensitivityAnalysis,
    Share,
    Variance,
)

__all__ = [
    "METHODS",
    "Discovery",
    "Distance",
    "Failures",
    "Fan",
    "Labels",
    "Limit",
    "Screening",
    "SensitivityAnalysis",
    "Share",
    "Variance",
    "Wishes",
    "sensitivity",
]
