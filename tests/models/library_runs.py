"""The library's models and the scenarios of its studies, run in any target, method and step."""

from __future__ import annotations

from functools import cache

import numpy as np

from cyclesim import library
from cyclesim.codegen import TARGETS
from cyclesim.compiler import CompiledModel
from cyclesim.ensemble import scenario_models
from cyclesim.integrate import State
from cyclesim.project import Project
from cyclesim.readers import read_model
from cyclesim.results import Results
from cyclesim.scenario import Study, StudyRun, read_study
from cyclesim.schedule import schedule_of
from cyclesim.simulation import initial_state, load, parameter_values, settled_specs, simulate
from cyclesim.study import run_study

MODELS = library.model_names()
STUDIES = library.study_names()


@cache
def project(name: str) -> Project:
    """Return a library model as it is written."""
    return read_model(library.model_path(name))


@cache
def model(name: str) -> CompiledModel:
    """Return a library model, compiled."""
    return load(name)


@cache
def study(name: str) -> Study:
    """Return a library study, read."""
    return read_study(library.study_path(name))


@cache
def study_run(name: str) -> StudyRun:
    """Return what a library study gives with its own settings."""
    return run_study(study(name))


@cache
def default_run(name: str) -> Results:
    """Return a library model's run as it is, for two years of its weeks."""
    return simulate(model(name), stop=104, estimate_error=False)


def scenarios() -> list[tuple[str, str]]:
    """Return every study with each of its scenarios."""
    return [(name, scenario.name) for name in STUDIES for scenario in study(name).scenarios]


def headlines(name: str) -> tuple[str, ...]:
    """Return the variables that the studies of a model put in front."""
    told = [
        output.variable.name
        for one in STUDIES
        if study(one).model.flat.name == model(name).flat.name
        for output in study(one).outputs
    ]
    return tuple(dict.fromkeys(told))


def run_scenario(
    name: str,
    scenario: str,
    target: str = "python",
    method: str | None = None,
    dt: float | None = None,
    stop: float | None = None,
) -> Results:
    """Return one scenario as a study runs it, but in the target and with the step asked for."""
    return _run(name, scenario, target, method, dt, stop)  # one key for each run, however asked


@cache
def _run(
    name: str,
    scenario: str,
    target: str,
    method: str | None,
    dt: float | None,
    stop: float | None,
) -> Results:
    asked = study(name)
    chosen = next(one for one in asked.scenarios if one.name == scenario)
    before, changed = scenario_models(asked, chosen)
    specs = asked.specs
    return simulate(
        changed,
        method=method or specs.method,
        dt=dt or specs.dt,
        start=specs.start,
        stop=stop or specs.stop,
        save_every=specs.save_interval,
        target=target,
        state=_past(asked, before, target) if chosen.changes and not chosen.recompute else None,
        estimate_error=False,
    )


def _past(asked: Study, before: CompiledModel, target: str) -> State:
    schedule = schedule_of(settled_specs(asked.specs), asked.model.flat.sim_specs)
    program = TARGETS[target](before.flat)
    return initial_state(program, schedule, parameter_values(before.flat, {}), 0, 0)


def sizes(results: Results) -> dict[str, float]:
    """Return what is large for each variable: the largest value in its unit."""
    largest: dict[str | None, float] = {}
    for variable in results.variables:
        peak = float(np.abs(results[variable.name]).max())
        largest[variable.units] = max(peak, largest.get(variable.units, 0.0))
    return {variable.name: largest[variable.units] for variable in results.variables}
