"""Why an output moved: which loop made the cycle virtuous or vicious, and when; shown by a cut."""

from cyclesim.analysis.explanation.explain import explain, headline
from cyclesim.analysis.explanation.parts import (
    Cause,
    Claim,
    Cut,
    Driver,
    Explanation,
    Phase,
    Share,
    ToldLoop,
)
from cyclesim.analysis.explanation.studies import StudyExplanations, explain_study
from cyclesim.analysis.explanation.tables import explanations_csv, trace_csv
from cyclesim.analysis.explanation.tracing import Trace, why_changed
from cyclesim.analysis.labels import Cycle

__all__ = [
    "Cause",
    "Claim",
    "Cut",
    "Cycle",
    "Driver",
    "Explanation",
    "Phase",
    "Share",
    "StudyExplanations",
    "ToldLoop",
    "Trace",
    "explain",
    "explain_study",
    "explanations_csv",
    "headline",
    "trace_csv",
    "why_changed",
]
