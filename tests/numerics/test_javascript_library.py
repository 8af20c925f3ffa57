"""The `javascript` target under Node: every library model, and every scenario of every study."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cyclesim import library
from cyclesim.ensemble import run_scenario, scenario_models
from cyclesim.scenario import read_study
from cyclesim.simulation import load, settled_specs, simulate
from tests.javascript_runs import NODE, Job, assert_same, ran

pytestmark = pytest.mark.skipif(NODE is None, reason="no Node.js: install nodejs")

MODELS = library.model_names()
STUDIES = library.study_names()


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
def test_every_library_model_is_that_of_python(method: str) -> None:
    models = [load(name) for name in MODELS]
    jobs = [Job(m.flat, settled_specs(m.flat.sim_specs, method, stop=104)) for m in models]
    for model, job, found in zip(models, jobs, ran(jobs), strict=True):
        wanted = simulate(model, method=method, stop=104, estimate_error=False)
        assert found.status == {"complete": True, "time": 104, "message": ""}
        assert found.time.tolist() == wanted.time.tolist()
        assert_same(job.flat, wanted.trajectory.values, found)


@pytest.mark.parametrize("name", STUDIES)
def test_every_scenario_of_every_study_is_that_of_python(name: str) -> None:
    # Five quarters, for the sake of time: changes come early, and so would a difference.
    study = read_study(library.study_path(name))
    study = replace(study, specs=settled_specs(study.specs, stop=min(study.specs.stop, 65)))
    jobs = []
    for scenario in study.scenarios:
        before, changed = scenario_models(study, scenario)
        past = before.flat if scenario.changes and not scenario.recompute else None
        declared, given = study.model.flat.sim_specs, {"seed": study.noise_seed}
        jobs.append(Job(changed.flat, study.specs, declared, past, given))
    for scenario, job, found in zip(study.scenarios, jobs, ran(jobs), strict=True):
        wanted = run_scenario(study, scenario, estimate_error=False)
        assert found.status["complete"] == wanted.status.complete
        assert found.time.tolist() == wanted.time.tolist()
        assert_same(job.flat, wanted.trajectory.values, found)
