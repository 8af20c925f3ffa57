"""Two starts of the open system on the two sides of a threshold, and the loop that parts them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import exp

import numpy as np
import pytest

from cyclesim.analysis.explanation import explain_study
from cyclesim.analysis.explanation.parts import Cause, Explanation
from cyclesim.analysis.explanation.words import label
from cyclesim.analysis.labels import Cycle
from cyclesim.analysis.tipping import (
    Kind,
    Start,
    Today,
    between,
    contrast,
    equilibria,
    margins,
    stand,
    starts_of,
)
from cyclesim.analysis.tipping.margins import lines_of
from cyclesim.analysis.tipping.outcome import Contrast
from cyclesim.compiler import Step
from cyclesim.ensemble import run_scenario
from cyclesim.names import canonical
from cyclesim.scenario import read_study
from cyclesim.study import run_study

STUDY = "one_width_behind"
DRIFT, SCAN, ADAPT, SHARE = 0.03, 6.0, 14.0, 0.4


@cache
def explained() -> dict[str, Explanation]:
    study = read_study(STUDY)
    both = tuple(s for s in study.scenarios if s.name in ("baseline", "nearer"))
    run = run_study(replace(study, scenarios=both, expectations=()))
    return dict(explain_study(run).by_scenario)


@pytest.mark.parametrize(
    ("scenario", "cycle"), [("baseline", Cycle.VICIOUS), ("nearer", Cycle.VIRTUOUS)]
)
def test_each_side_is_carried_by_the_loop_and_not_without(scenario: str, cycle: Cycle) -> None:
    found = explained()[scenario]
    assert (found.cause, found.cycle) == (Cause.LOOP, cycle)
    claim = found.claim
    assert claim is not None
    assert claim.loop.name == "Followed by fewer"
    assert claim.loop.reinforcing
    assert claim.took > 0.5
    assert claim.behaviour.better is found.behaviour.better
    # What is left without the loop is no cycle: it goes the same way, and not ever faster.
    assert label(claim.behaviour, reinforcing=True)[1] is None
    assert abs(claim.behaviour.change) < 0.5 * abs(found.behaviour.change)


def error_at_rest(share: float) -> float:
    """Return by how much more people come than leave each week, of 100, at rest with a share.

    Worked out by hand from the model's equations: what quality a share at rest leads to by money
    and inertia is found by repetition, and satisfaction and reputation follow from it.
    """
    quality = 1.0
    for _ in range(2000):
        inertia = max(0.2, quality + 2 * max(0.0, 1 - quality) ** 2)
        lag = DRIFT * (SCAN + ADAPT * inertia / (share / SHARE))
        now = exp(((DRIFT * (SCAN + ADAPT)) ** 2 - lag**2) / 2)
        quality += 0.05 * (now - quality)
    satisfied = quality / (0.5 + 0.5 * quality)
    attraction = 2 * quality / (quality + 1)
    told = 0.01 * (0.3 * SHARE + 0.7 * share) / (1 - SHARE)
    return 100 * ((1 - share) * attraction * told - share * 0.01 * satisfied**-2.5)


def balance(low: float, high: float) -> float:
    """Return the share between two at which as many come as leave, by halving."""
    assert error_at_rest(low) * error_at_rest(high) < 0
    for _ in range(30):
        middle = (low + high) / 2
        if error_at_rest(low) * error_at_rest(middle) <= 0:
            high = middle
        else:
            low = middle
    return low


@cache
def today() -> tuple[Today, Contrast, Start, Start]:
    study = read_study(STUDY)
    now = stand(study, study.scenarios[0])
    found = contrast(now)
    return now, found, *starts_of(now, found)


def test_between_the_two_starts_lies_the_balance_that_the_equations_give() -> None:
    now, _, good, bad = today()
    way = np.linspace(0, 1, 5) * (good.levels - bad.levels)[:, None]
    known, _ = equilibria(now, bad.levels[:, None] + way, starts=4)
    (saddle,) = (each for each in known.found if each.kind is Kind.SADDLE)
    assert saddle.outputs[0] == pytest.approx(balance(0.1, 0.3), rel=1e-6)
    assert saddle.outputs[0] == pytest.approx(0.176, abs=5e-4)
    rest = [each.outputs[0] for each in known.found if each.kind is Kind.STABLE]
    assert max(rest) == pytest.approx(SHARE, rel=1e-6)
    assert error_at_rest(0.175) < 0 < error_at_rest(0.178)


def test_runs_on_the_two_sides_of_the_turn_end_apart_for_ever() -> None:
    now, found, good, bad = today()
    line = between(now, found.lasting, good, bad, tolerance=1e-3)
    (share,) = line.shares
    sides = np.array([share - 0.01, share + 0.01])
    levels = bad.levels[:, None] + sides * (good.levels - bad.levels)[:, None]
    ruin, comes_back = now.ends("Market share", 2080.0, levels, None)
    assert ruin < 1e-6
    assert comes_back > 0.39


@pytest.mark.parametrize(("name", "ruin", "back"), [
    ("Adapting time", 13.1, 12.9),
    ("Pace of change", 0.925, 0.91),
])  # fmt: skip
def test_runs_with_a_change_on_the_two_sides_of_its_margin_end_apart(
    name: str, ruin: float, back: float
) -> None:
    study = read_study(STUDY)
    lasting = replace(study, specs=replace(study.specs, stop=Fraction(1040)), expectations=())
    start = study.scenarios[0]
    ends = []
    for value in (ruin, back):
        override = Step(canonical(name), 0.0, to=value)
        change = replace(study.scenarios[2].changes[0], override=override)
        run = run_scenario(lasting, replace(start, changes=(change,)), estimate_error=False)
        ends.append(run["Market share"][-1])
    assert ends[0] < 1e-3
    assert ends[1] > 0.35
    now, found, *_ = today()
    line = next(x for x in lines_of(now) if x.name == name and x.limit < x.today)
    (margin,) = margins(now, found.lasting, lines=[line], tolerance=0.002).thresholds
    assert back < margin.value < ruin
