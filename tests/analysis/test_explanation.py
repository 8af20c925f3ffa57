"""Explanations of models whose dominant loop is known by construction, and of decoys."""

from __future__ import annotations

import pytest

from cyclesim.analysis.explanation import Cause, explain
from cyclesim.names import canonical
from cyclesim.scenario.parts import Direction, Output, Scenario, Study
from cyclesim.simulation import simulate
from tests.analysis.explained_models import Known, every_decoy, every_known


def study_of(known: Known) -> Study:
    """Return a study of one scenario in which nothing is changed."""
    whole = known.model
    variable = whole.flat.by_ident[canonical(known.output)]
    output = Output(variable, Direction(known.good), known.output)
    scenario = Scenario("baseline", "As it is", "", {}, (), ())
    return Study(
        "known.yaml", known.name, "", whole, whole.flat.sim_specs, 0, (output,), (scenario,), (),
        "d" * 64,
    )  # fmt: skip
