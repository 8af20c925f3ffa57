"""After a bad winter: two starts of one service, one on each side of its tipping point."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cyclesim.analysis.explanation import Cause, Cycle, explain_study
from cyclesim.analysis.tipping import Kind, between, contrast, equilibria, stand, starts_of
from cyclesim.compiler import LinkHeld, Pulse, Step
from cyclesim.ensemble.scenario_models import scenario_models
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.scenario import Study, StudyRun, read_study
from cyclesim.simulation import simulate
from cyclesim.study import run_study

NAME = "after_a_bad_winter"
HEADLINE = "Perceived value"
WINTERS = {"south": 1.48, "north": 1.46}
"""Demand in the winter before, against demand as it is."""


def two_sides() -> Study:
    """Return the study with the two scenarios in which nothing is changed."""
    whole = read_study(NAME)
    chosen = tuple(each for each in whole.scenarios if not each.changes)
    assert [each.name for each in chosen] == list(WINTERS)
    return replace(whole, scenarios=chosen, expectations=())


@pytest.fixture(scope="module")
def run() -> StudyRun:
    return run_study(two_sides())


def held(run: StudyRun, name: str, *changes: LinkHeld | Step) -> Results:
    """Return a scenario run once more, with something held."""
    scenario = next(each for each in run.study.scenarios if each.name == name)
    before, _ = scenario_models(run.study, scenario)
    return simulate(
        before.changed(*changes), method="rk4", dt="0.125", stop=208, save_every=1,
        estimate_error=False,
    )  # fmt: skip


@pytest.mark.parametrize(("name", "cycle"), [("north", Cycle.VIRTUOUS), ("south", Cycle.VICIOUS)])
def test_each_side_is_explained_by_work_that_comes_back(run: StudyRun, name: str, cycle: Cycle):
    found = explain_study(run).by_scenario[name]
    claim = found.claim
    assert (found.cause, found.cycle) == (Cause.LOOP, cycle)
    assert claim is not None
    assert claim.carries
    assert claim.loop.reinforcing
    assert claim.loop.name == "Work that comes back"
    assert claim.share > 0.7
    assert (claim.cut.source, claim.cut.target) == ("Failures", "Failures that will return")
    # Where failed work returns at a steady rate, the outcome hardly leaves where it began.
    assert claim.took > 0.85
    returning = canonical("Failures that will return")
    rate = float(run.results[name][returning][int(claim.start)])
    steady = held(run, name, Step(returning, claim.start, to=rate))
    assert claim.end_without == pytest.approx(steady[HEADLINE][-1], rel=1e-9)


@pytest.mark.parametrize("name", WINTERS)
def test_haste_is_on_the_loop(run: StudyRun, name: str):
    """Where haste makes no more errors, neither side moves a quarter of the way."""
    whole = run.results[name]
    without = held(run, name, *(
        LinkHeld(canonical(f"{office} time taken"), canonical(f"{office} right first time"),
                 (float(whole[f"{office} time taken"][0]),), None)
        for office in ("Front", "Back")
    ))  # fmt: skip
    assert np.ptp(without[HEADLINE]) < 0.25 * np.ptp(whole[HEADLINE])


def test_the_turn_between_the_two_starts_is_confirmed_by_runs_on_both_sides():
    study = two_sides()
    today = stand(study, study.scenarios[0])
    found = contrast(today)
    good, bad = starts_of(today, found)
    line = between(today, found.lasting, good, bad, tolerance=1e-4)
    (share,) = line.shares
    assert share == pytest.approx(0.311, abs=0.002)
    shares = np.array([share - 0.002, share + 0.002])
    levels = bad.levels[:, None] + shares * (good.levels - bad.levels)[:, None]
    ends = today.ends(found.lasting.variable, 832.0, levels, None)
    assert found.lasting.judged(ends).tolist() == [False, True]
    states = np.stack((good.levels, bad.levels), axis=1)
    reached = today.levels_in(today.run(today.schedule(2000, 8), states, None))
    known, _ = equilibria(today, reached.reshape(len(states), -1), starts=8)
    assert [each.kind for each in known.found] == [Kind.STABLE, Kind.SADDLE, Kind.STABLE]
    assert [each.outputs[0] for each in known.found] == pytest.approx(
        [0.274, 0.523, 1.240], abs=0.002
    )


@pytest.mark.parametrize("name", WINTERS)
def test_each_start_is_where_the_model_stands_a_year_after_such_a_winter(name: str):
    study = two_sides()
    scenario = next(each for each in study.scenarios if each.name == name)
    stocks = {rule.ident for rule in study.model.flat.levels}
    constants = {ident: value for ident, value in scenario.start.items() if ident not in stocks}
    winter = Pulse(canonical("Demand index"), 1040.0, 26.0, to=WINTERS[name])
    run = simulate(
        study.model.changed(winter), constants,
        initial={"Staff": scenario.start[canonical("Staff")]},
        method="rk4", dt="0.125", stop=1040 + 26 + 52, save_every=26, target="llvm",
        estimate_error=False,
    )  # fmt: skip
    for ident, value in scenario.start.items():
        if ident in stocks:
            assert run[ident][-1] == pytest.approx(value, rel=2e-3), ident
