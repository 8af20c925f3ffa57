"""Every public model that runs gives the same numbers as a script under Node."""

from __future__ import annotations

import numpy as np
import pytest

from cyclesim.codegen import TARGETS
from cyclesim.compiler import compile_model
from cyclesim.errors import CyclesimError
from cyclesim.readers import read_model
from cyclesim.schedule import schedule_of
from cyclesim.simulation import parameter_values, run_program
from tests.conformance.test_conformance import FILES, SUITES
from tests.javascript_runs import NODE, Job, ran

pytestmark = [
    pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs"),
    pytest.mark.skipif(not FILES, reason=f"no public models in {SUITES}"),
]


def test_public_models_give_the_same_numbers_in_a_script() -> None:
    names, wanted, jobs = [], [], []
    for file in FILES:
        try:
            flat = compile_model(read_model(SUITES / file)).flat
        except CyclesimError:
            continue  # refused: another test says why
        schedule = schedule_of(flat.sim_specs, flat.sim_specs)
        program = TARGETS["python"](flat)
        wanted.append(run_program(program, schedule, parameter_values(flat, {})).values)
        names.append(file)
        jobs.append(Job(flat))
    assert len(jobs) > 200
    for name, values, found in zip(names, wanted, ran(jobs), strict=True):
        assert np.array_equal(np.isfinite(values), np.isfinite(found.values)), name
        whole = np.where(np.isfinite(values), values, 0.0)
        script = np.where(np.isfinite(found.values), found.values, 0.0)
        # What rests has no range of its own: it is held against its size.
        size = np.maximum(np.ptp(whole, axis=1), 1e-3 * np.abs(whole).max(axis=1))
        assert (np.abs(whole - script).max(axis=1) <= 1e-9 * size + 1e-15).all(), name
