"""Which numbers decide where a scenario ends, and whether it gets better or worse."""

from cyclesim.analysis.heaps import Heaps
from cyclesim.analysis.sensitivity.analysis import METHODS, Wishes, sensitivity
from cyclesim.analysis.sensitivity.parts import (
    Course,
    Discovery,
    Distance,
    Failures,
    Fan,
    Labels,
    Limit,
    Runs,
    Screening,
    SensitivityAnalysis,
    Share,
    Tornado,
    Variance,
)

__all__ = [
    "METHODS",
    "Course",
    "Discovery",
    "Distance",
    "Failures",
    "Fan",
    "Heaps",
    "Labels",
    "Limit",
    "Runs",
    "Screening",
    "SensitivityAnalysis",
    "Share",
    "Tornado",
    "Variance",
    "Wishes",
    "sensitivity",
]
