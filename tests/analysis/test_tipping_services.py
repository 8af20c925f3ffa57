"""The five service models: a tipping point found, or its absence shown, and runs on both sides.

What is held against is what the models' READMEs measured otherwise: by runs, or by hand.
"""

from dataclasses import replace

import numpy as np
import pytest

from cyclesim.analysis.tipping import (
    Kind,
    Special,
    between,
    continuation,
    contrast,
    equilibria,
    margins,
    stand,
    starts_of,
)
from cyclesim.analysis.tipping.margins import lines_of
from cyclesim.scenario import read_study
from tests.tipping_studies import place_of, study_of


def both_sides(today, rule, name, low, high):
    """Return the ends of runs by the study's own step with a constant at two values."""
    numbers = np.repeat(today.numbers[:, None], 2, axis=1)
    numbers[place_of(today, name)] = [low, high]
    return today.ends(rule.variable, rule.time, None, numbers)


def one_margin(today, found, rule, name, *, up, tolerance=0.002):
    lines = [x for x in lines_of(today) if x.name == name and (x.limit > x.today) == up]
    return margins(today, rule, lines=lines, tolerance=tolerance).thresholds[0]


def test_service_cycle_tips_at_the_documented_score_and_equilibria():
    study = read_study("virtuous_or_vicious")
    today = stand(study, study.scenarios[0])
    found = contrast(today)
    good, bad = starts_of(today, found)
    line = between(today, found.lasting, good, bad, tolerance=1e-4)
    # Found by runs with steps of 1/8 and 1/16 week: 20.007 points.
    assert line.output == pytest.approx(20.007, abs=0.003)
    (share,) = line.shares
    levels = bad.levels[:, None] + np.array([share - 0.002, share + 0.002]) * (
        good.levels - bad.levels
    ).reshape((-1, 1))
    ends = today.ends(found.lasting.variable, 780.0, levels, None)
    assert found.lasting.judged(ends).tolist() == [False, True]
    states = np.stack((good.levels, bad.levels, bad.levels + share * (good.levels - bad.levels)), 1)
    values = today.run(today.schedule(study.specs.stop * 4, 8), states, None)
    reached = today.levels_in(values).reshape(len(states), -1)
    known, _ = equilibria(today, reached, reached=reached, starts=8)
    assert [each.kind for each in known.found] == [Kind.STABLE, Kind.SADDLE, Kind.STABLE]
    assert [each.outputs[0] for each in known.found] == pytest.approx([2.2, 20.0, 34.3], abs=0.05)
    rates = [each.eigenvalues[0].real for each in known.found]
    halves = [np.log(2) / 251, np.log(2) / 53, np.log(2) / 172]
    assert np.abs(rates) == pytest.approx(halves, rel=0.01)


def test_moments_of_truth_folds_at_the_documented_communication():
    study = read_study("training_without_empowering")
    today = stand(study, study.tipping.scenario)
    found = contrast(today)
    good, bad = starts_of(today, found)
    known, rates = equilibria(today, np.stack((good.levels, bad.levels), axis=1), starts=24)
    place = place_of(today, "Executive communication")
    branches = continuation(rates, place, 0.0, 0.8, known, "Authority")
    folds = [p.parameter for p in branches.points if p.kind is Special.FOLD]
    assert any(abs(fold - 0.283) < 5e-4 for fold in folds)
    assert any(abs(fold - 0.166) < 6e-4 for fold in folds)
    ends = both_sides(today, found.lasting, "Executive communication", 0.28, 0.29)
    assert found.lasting.judged(ends).tolist() == [False, True]


def test_moments_of_truth_as_it_is_has_no_tipping_point_in_communication():
    study = replace(read_study("training_without_empowering"), tipping=None)
    today = stand(study, study.scenarios[0])
    found = contrast(today)
    numbers = np.repeat(today.numbers[:, None], 9, axis=1)
    numbers[place_of(today, "Executive communication")] = np.linspace(0, 0.5, 9)
    ends = today.ends("Authority", found.lasting.time, None, numbers)
    assert not found.lasting.judged(ends).any()


@pytest.mark.parametrize(("design", "low", "high"), [(0, 1.17, 1.18), (1, 1.01, 1.02)])
def test_pull_value_collapses_at_the_documented_load(tmp_path, design, low, high):
    study = study_of(
        tmp_path, "pull_value",
        "run: {stop: 3120}\noutputs: {Value demand served: up}\n"
        "starting_states:\n  held: {Staff follow demand: 0, Leaving rate at reference: 0, "
        "Customers lost per item given up: 0, Pull of advertising: 0, "
        f"Traditional design: {design}}}\n"
        "scenarios:\n  as it is: {start: held}\n"
        "  overload: {start: held, changes: {Demand index: 1.5}}\n",
    )  # fmt: skip
    today = stand(study, study.scenarios[0])
    found = contrast(today, outcome="Value demand served", lasting=False)
    served = both_sides(today, found.near, "Demand index", low, high)
    assert served[0] > 1.4 * served[1]
    numbers = np.repeat(today.numbers[:, None], 2, axis=1)
    numbers[place_of(today, "Demand index")] = [1, high]
    values = today.run(today.schedule(study.specs.stop, 4), None, numbers)
    visited = today.levels_in(values).reshape(len(today.levels), -1)
    known, rates = equilibria(today, visited, starts=4)
    place = place_of(today, "Demand index")
    branches = continuation(rates, place, 0.9, 1.3, known, "Value demand served")
    folds = [p.parameter for p in branches.points if p.kind is Special.FOLD]
    assert any(low < fold < high for fold in folds)


def test_a_fragile_service_tips_after_half_a_year_of_the_documented_surge(tmp_path):
    study = study_of(
        tmp_path, "service_delivery_system",
        "run: {stop: 520}\nchange_from: 10\noutputs: {Total customers: up}\n"
        "starting_states: {fragile: {Front errors in a tailored order: 0.3, "
        "Response of errors to haste: 2}}\n"
        "scenarios:\n"
        "  fragile: {start: fragile, changes: {Headcount limit relative to start: 1}}\n"
        "  surge:\n    extends: fragile\n"
        "    changes: {Demand index: {pulse: {by: 0.5, from: 10, for: 26}}}\n",
    )  # fmt: skip
    surged = study.scenarios[1]
    today = stand(study, surged)
    found = contrast(today, lasting=False)
    lines = [x for x in lines_of(today) if x.name == "Demand index (by)" and x.limit < x.today]
    (turned,) = margins(today, found.near, lines=lines, tolerance=0.01).thresholds
    assert 0.32 < turned.value < 0.33


def test_open_system_is_lost_at_twice_the_pace_where_failure_makes_rigid(tmp_path):
    study = study_of(
        tmp_path, "open_system",
        "run: {stop: 1560}\noutputs: {Market share: up}\n"
        "starting_states: {rigid: {Rigidity from threat: 4, Exponent of resources: 1}}\n"
        "scenarios:\n  rigid: {start: rigid}\n"
        "  faster: {start: rigid, changes: {Pace of change: 3}}\n",
    )  # fmt: skip
    today = stand(study, study.scenarios[0])
    found = contrast(today, lasting=False)
    pace = one_margin(today, found, found.near, "Pace of change", up=True)
    assert 2.0 < pace.value < 2.1
    assert pace.tips
    default = study_of(
        tmp_path, "open_system",
        "run: {stop: 1560}\noutputs: {Market share: up}\nscenarios: {as it is: {}}\n",
    )  # fmt: skip
    usual = stand(default, default.scenarios[0])
    # As it is, share falls by degrees: 0.380, 0.369, 0.357 and 0.320 after 30 years.
    numbers = np.repeat(usual.numbers[:, None], 4, axis=1)
    numbers[place_of(usual, "Pace of change")] = [2, 3, 4, 5]
    ends = usual.ends("Market share", 1560.0, None, numbers)
    assert ends == pytest.approx([0.380, 0.369, 0.357, 0.320], abs=0.003)
