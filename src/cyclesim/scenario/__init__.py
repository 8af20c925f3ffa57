"""Study files: what they may say, and what they say once everything in them is checked."""

from __future__ import annotations

from cyclesim.scenario.parts import (
    Change,
    Direction,
    Event,
    Expectation,
    Output,
    Predicate,
    Reference,
    Scenario,
    Study,
    StudyRun,
    Verdict,
)
from cyclesim.scenario.reader import read_study
from cyclesim.scenario.schema import json_schema

__all__ = [
    "Change",
    "Direction",
    "Event",
    "Expectation",
    "Output",
    "Predicate",
    "Reference",
    "Scenario",
    "Study",
    "StudyRun",
    "Verdict",
    "json_schema",
    "read_study",
]
