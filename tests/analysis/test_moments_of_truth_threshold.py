"""One airline on two sides of a threshold: the loops that lift and sink it, and where the edge is.

What the analyses find is held against the model's equations solved by hand, and against runs in
which the effect of confidence is a number.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import brentq

from cyclesim.analysis.behavior import Shape
from cyclesim.analysis.explanation import Cause, Cycle, Explanation, explain_study
from cyclesim.analysis.tipping import (
    Kind,
    Special,
    Today,
    between,
    continuation,
    contrast,
    equilibria,
    stand,
    starts_of,
)
from cyclesim.compiler import Pulse
from cyclesim.ensemble import run_scenario
from cyclesim.names import canonical
from cyclesim.scenario import read_study
from cyclesim.scenario.parts import Change, StudyRun
from cyclesim.study import run_study
from tests.tipping_studies import place_of

STUDY = read_study("half_way_to_empowerment")
ENDS = ("baseline", "they")
AFTER = {"speak up": "Practice", "looking away longer": "Confidence"}
COMMUNICATION, TRAINING = 0.31, 2.5
USUAL, LEARNING, SKILL_AT_START = 0.2, 0.6, 0.4


def success(authority: float, skill: float) -> float:
    return authority * skill / (1 + authority * (1 - skill))


def confidence(authority: float, skill: float) -> float:
    ratio = (success(authority, skill) / 0.4) ** 5
    return ratio / (1 + ratio)


def skill_at(authority: float) -> float:
    """Return the skill at which learning by training and by doing makes up for what is lost."""
    effort = LEARNING * TRAINING + (1 - LEARNING) * authority / USUAL
    odds = SKILL_AT_START / (1 - SKILL_AT_START) * effort
    return odds / (1 + odds)


def leadership(communication: float) -> float:
    """Return what vision and managers' support make of uptake; managers have a new role."""
    support = 1 / (1 + math.exp(-2 * (communication - USUAL)))
    return (communication / USUAL) ** 0.6 * support / 0.5


def surplus(authority: float, communication: float) -> float:
    """Return uptake less falling back, per falling back, when all else has come to rest."""
    believing = confidence(authority, skill_at(authority))
    effect = (1 + 16 * believing) / (1 + 16 * confidence(USUAL, SKILL_AT_START))
    uptake = USUAL / (1 - USUAL) * (1 - authority) * leadership(communication) * effect
    return uptake / authority - 1


def rests(communication: float) -> list[float]:
    """Return the authorities at which nothing moves."""
    grid = [0.05 + 0.005 * step for step in range(181)]
    over = [surplus(authority, communication) for authority in grid]
    turns = [i for i in range(180) if over[i] * over[i + 1] < 0]
    return [float(brentq(surplus, grid[i], grid[i + 1], args=(communication,))) for i in turns]


@pytest.fixture(scope="module")
def run() -> StudyRun:
    chosen = tuple(each for each in STUDY.scenarios if each.name in (*ENDS, *AFTER))
    return run_study(replace(STUDY, scenarios=chosen, expectations=()))


@pytest.fixture(scope="module")
def explained(run: StudyRun) -> dict[str, Explanation]:
    return dict(explain_study(run).by_scenario)


@pytest.fixture(scope="module")
def today() -> Today:
    return stand(STUDY, STUDY.scenarios[0])


@pytest.mark.parametrize(("name", "cycle"), [("baseline", Cycle.VICIOUS), ("they", Cycle.VIRTUOUS)])
def test_confidence_carries_both_airlines_and_neither_goes_far_without(
    explained: dict[str, Explanation], name: str, cycle: Cycle
) -> None:
    found = explained[name]
    assert (found.cause, found.cycle, found.withdrawn) == (Cause.LOOP, cycle, ())
    claim = found.claim
    assert claim is not None
    assert (claim.loop.name, claim.loop.reinforcing, claim.carries) == ("Confidence", True, True)
    assert claim.took > 0.9
    assert claim.behaviour.shape is Shape.LEVELLING_OFF
    assert found.behaviour.shape is not Shape.LEVELLING_OFF


def test_after_a_passing_shock_loops_do_the_rest(
    explained: dict[str, Explanation],
) -> None:
    for name, loop in AFTER.items():
        found = explained[name]
        assert found.cause is Cause.LOOP, name
        assert found.claim is not None
        assert (found.claim.loop.name, found.claim.loop.reinforcing) == (loop, True), name
        assert found.claim.carries, name


@pytest.mark.parametrize("name", ENDS)
def test_without_an_answer_to_confidence_neither_airline_leaves_the_edge(
    run: StudyRun, name: str
) -> None:
    # The cut made by hand: the effect of confidence is a number, that of the start.
    whole = run.results[name]
    given = next(each for each in STUDY.scenarios if each.name == name)
    number = float(whole["Effect of confidence"][0])
    cut = replace(given, start={**given.start, canonical("Effect of confidence"): number})
    held = run_scenario(STUDY, cut, estimate_error=False)
    moved = abs(whole["Authority"][-1] - whole["Authority"][0])
    assert abs(held["Authority"][-1] - held["Authority"][0]) < 0.2 * moved


def test_two_ways_to_rest_and_the_edge_between_are_where_the_equations_say(today: Today) -> None:
    found = contrast(today)
    good, bad = starts_of(today, found)
    line = between(today, found.lasting, good, bad, tolerance=1e-5)
    edge = bad.levels + line.shares[0] * (good.levels - bad.levels)
    states = np.stack((good.levels, bad.levels, edge), axis=1)
    values = today.run(today.schedule(STUDY.specs.stop * 4, 8), states, None)
    reached = today.levels_in(values).reshape(len(states), -1)
    known, rates = equilibria(today, reached, reached=reached, starts=8)
    assert [each.kind for each in known.found] == [Kind.STABLE, Kind.SADDLE, Kind.STABLE]
    assert [each.outputs[0] for each in known.found] == pytest.approx(
        rests(COMMUNICATION), abs=2e-5
    )
    # The starts lie along the one direction in which deviations grow, so that the line from one to
    # the other crosses the edge close to where nothing moves.
    assert line.output == pytest.approx(rests(COMMUNICATION)[1], abs=0.002)
    place = place_of(today, "Executive communication")
    branches = continuation(rates, place, 0.2, 0.6, known, "Authority")
    folds = sorted(p.parameter for p in branches.points if p.kind is Special.FOLD)
    assert folds == pytest.approx([0.252, 0.367], abs=5e-4)
    for fold, inside in zip(folds, (1, -1), strict=True):
        assert len(rests(fold + 0.001 * inside)) == 3
        assert len(rests(fold - 0.001 * inside)) == 1


def test_runs_on_both_sides_of_the_edge_part_for_ever(today: Today) -> None:
    found = contrast(today)
    good, bad = starts_of(today, found)
    shares = np.array([0.47, 0.48, 0.495, 0.505])
    levels = bad.levels[:, None] + shares * (good.levels - bad.levels)[:, None]
    ends = today.ends("Authority", found.lasting.time, levels, None)
    low, _, high = rests(COMMUNICATION)
    assert ends == pytest.approx([low, low, high, high], abs=1e-3)


@pytest.mark.parametrize(
    ("scenario", "name", "sinks", "rises"),
    [
        ("baseline", "Executive communication", 0.327, 0.329),
        ("baseline", "Training effort", 2.70, 2.72),
        ("they", "Executive communication", 0.292, 0.294),
        ("they", "Training effort", 2.30, 2.32),
    ],
)
def test_the_margins_told_in_the_readme_hold_on_both_sides(
    scenario: str, name: str, sinks: float, rises: float
) -> None:
    today = stand(STUDY, next(each for each in STUDY.scenarios if each.name == scenario))
    numbers = np.repeat(today.numbers[:, None], 2, axis=1)
    numbers[place_of(today, name)] = [sinks, rises]
    down, up = today.ends("Authority", 2080.0, None, numbers)
    assert down < 0.35
    assert up > 0.7


@pytest.mark.parametrize(
    ("start", "name", "size", "begins", "not_enough", "enough"),
    [
        ("baseline", "Executive communication", 0.8, 10, 3, 4),
        ("baseline", "Executive communication", 0.8, 114, 13, 14),
        ("baseline", "Training effort", 4.0, 10, 13, 14),
        ("they", "Executive communication", 0.2, 10, 14, 15),
    ],
)
def test_how_long_a_passing_change_must_last_to_carry_over_the_edge(
    start: str, name: str, size: float, begins: float, not_enough: float, enough: float
) -> None:
    given = next(each for each in STUDY.scenarios if each.name == start)
    variable = STUDY.model.flat.by_ident[canonical(name)]
    whole = replace(STUDY, specs=replace(STUDY.specs, stop=Fraction(780)))
    ends = []
    for weeks in (not_enough, enough):
        shock = Change(variable, Pulse(variable.ident, begins, weeks, to=size), begins, "")
        passing = replace(given, changes=(shock,))
        found = run_scenario(whole, passing, estimate_error=False)
        ends.append(float(found["Authority"][-1]))
    low, _, high = rests(COMMUNICATION)
    stays, turned = (high, low) if start == "they" else (low, high)
    assert ends == pytest.approx([stays, turned], abs=0.05)
