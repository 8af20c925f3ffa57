"""Labels of curves fixed before the classifier, and of models whose course is published."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from cyclesim import library
from cyclesim.analysis.behavior import Cycle, Rules, Shape, behaviour, behaviours, label
from cyclesim.scenario.parts import Direction
from cyclesim.simulation import load, simulate
from cyclesim.study import run_study
from tests.analysis.curves import FAMILIES, FINE, samples

SAYS = {
    "rising ever faster": {"rise ever faster"},
    "declining ever faster": {"decline ever faster"},
    "rising to a limit": {"rise towards a limit"},
    "falling to a limit": {"decline towards a limit"},
    "S-shaped rise": {"S-shaped rise"},
    "S-shaped fall": {"S-shaped decline"},
    "steady rise": {"steady rise"},
    "steady fall": {"steady decline"},
    "overshoot upwards and settle": {"overshoot and settle", "overshoot"},
    "overshoot downwards and settle": {"overshoot and settle", "overshoot"},
    "overshoot and collapse": {"overshoot and collapse"},
    "rising and falling back": {"rise and return"},
    "dipping and coming back": {"dip and return"},
    "worse before better, up": {"worse before better"},
    "worse before better, down": {"worse before better"},
    "better before worse, up": {"better before worse"},
    "better before worse, down": {"better before worse"},
    "sustained oscillation": {"sustained oscillation"},
    "damped oscillation": {"damped oscillation"},
    "growing oscillation": {"growing oscillation"},
    "unmoved": {"unmoved"},
    "fluctuating": {"fluctuation without a course"},
}
"""What the label of a curve of each family must be."""


def wrong(seed: int, count: int) -> Counter[tuple[str, str]]:
    """Return how often a family was called something else."""
    missed: Counter[tuple[str, str]] = Counter()
    for sample in samples(seed, count):
        said = str(label(behaviour(sample.time, sample.values, sample.good)))
        if said not in SAYS[sample.label]:
            missed[sample.label, said] += 1
    return missed


def test_nineteen_in_twenty_noisy_curves_get_their_label() -> None:
    missed = wrong(seed=2026, count=1000)
    assert missed.total() <= 50, missed
    worst = Counter(family for family, _ in missed.elements()).most_common(1)
    assert all(count <= 4 for _, count in worst), missed


def test_clean_curves_get_the_label_of_their_noisy_ones() -> None:
    kinds = [s for s in samples(7, 220) if s.label not in ("fluctuating", "unmoved")]
    missed = [
        (s.label, said)
        for s in kinds
        if (said := str(label(behaviour(s.time, s.clean, s.good)))) not in SAYS[s.label]
    ]
    assert len(missed) <= 0.02 * len(kinds), missed


PUBLISHED = {
    "new_product_adoption": {
        "Adopters": "S-shaped rise",  # Bass 1969
        "Potential adopters": "S-shaped decline",
        "Adopting": "overshoot and collapse",  # his curve of sales: a bell
    },
    "limits_to_growth": {"Population": "S-shaped rise"},  # Sterman 2000, 4.2
    "yeast": {"Cells": "overshoot and collapse"},  # Schoenberg, Davidsen and Eberlein 2020
    "arms_race": {"First arms": "rise ever faster"},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_models_get_the_label_of_their_source(name: str) -> None:
    results = simulate(load(name), estimate_error=False)
    said = {
        variable: str(label(behaviour(results.time, results[variable], Direction.UP)))
        for variable in PUBLISHED[name]
    }
    assert said == PUBLISHED[name]


def test_the_capability_trap_gets_the_labels_of_its_source() -> None:
    # Repenning and Sterman 2001: working harder is better before worse, improving the reverse.
    results = run_study(library.study_path("improve_or_work_harder")).results
    said = {
        scenario: str(label(behaviour(run.time, run["Performance"], Direction.UP)))
        for scenario, run in results.items()
    }
    assert said["higher target"] == "better before worse"
    assert said["press for improvement"] == "worse before better"
    assert said["baseline"] == "unmoved"


def test_a_batch_gets_the_labels_of_its_single_runs() -> None:
    rng = np.random.default_rng(4)
    time = np.linspace(0, 52, 105)
    rows = [np.interp(time / 52, FINE, family(rng)) for family, _, _ in FAMILIES.values()]
    values = np.array(rows) + rng.normal(0, 0.02, (len(rows), time.size))
    values[3, 60:] = np.nan
    values[5] = np.nan
    together = behaviours(time, values, Direction.UP)
    for row, found in zip(values, together, strict=True):
        alone = behaviour(time, row, Direction.UP)
        assert found.shape is alone.shape
        times = [turn.time for turn in alone.turns]
        assert [turn.time for turn in found.turns] == pytest.approx(times)


RISE, FALL = np.exp(4 * FINE), -np.exp(4 * FINE)
LIMIT = np.exp(-4 * FINE)


@pytest.mark.parametrize(
    ("values", "good", "rules", "cycle"),
    [
        (RISE, Direction.UP, Rules.REINFORCING, Cycle.VIRTUOUS),
        (RISE, Direction.DOWN, Rules.REINFORCING, Cycle.VICIOUS),
        (FALL, Direction.UP, Rules.REINFORCING, Cycle.VICIOUS),
        (FALL, Direction.DOWN, Rules.REINFORCING, Cycle.VIRTUOUS),
        (RISE, Direction.NEITHER, Rules.REINFORCING, None),
        (LIMIT, Direction.UP, Rules.REINFORCING, None),
        *((RISE, Direction.UP, rules, None) for rules in Rules if rules is not Rules.REINFORCING),
    ],
)
def test_a_cycle_needs_the_shape_the_direction_and_a_dominant_reinforcing_loop(
    values: np.ndarray, good: Direction, rules: Rules, cycle: Cycle | None
) -> None:
    found = label(behaviour(FINE, values, good), rules)
    assert found.cycle is cycle
    assert ("virtuous" in str(found) or "vicious" in str(found)) == (cycle is not None)


def test_a_decline_that_slows_down_is_one_towards_a_limit() -> None:
    found = behaviour(FINE, LIMIT, Direction.UP)
    assert str(label(found, Rules.BALANCING)) == "decline towards a limit"
    assert str(label(found)) == "decline towards a limit"


def test_every_shape_has_a_name() -> None:
    found = behaviour(FINE, RISE, Direction.UP)
    names = {shape: str(label(replace(found, shape=shape))) for shape in Shape}
    assert len(set(names.values())) == len(Shape), names


def test_a_noisy_jump_is_not_an_overshoot() -> None:
    values = np.where(np.arange(200) > 60, 1.0, 0.0)
    values += np.random.default_rng(2).normal(0, 0.02, 200)
    assert behaviour(np.arange(200.0), values, Direction.UP).shape is Shape.LEVELLING_OFF


def test_waves_without_a_rhythm_are_not_said_to_die_down() -> None:
    time = np.linspace(0, 100, 401)
    rare = np.interp(time, [0, 4, 8, 60, 100], [0, 4, 0, 2, 0.4])
    assert behaviour(time, rare, Direction.UP).shape is not Shape.DAMPED


def test_a_ripple_before_a_long_rise_is_not_an_oscillation() -> None:
    time = np.linspace(0, 100, 401)
    values = np.interp(time, [0, 5, 10, 20, 30, 100], [0, 0.2, 0.03, 0.2, 0.03, 0.03])
    values = values + np.where(time > 30, ((time - 30) / 70) ** 2, 0)
    assert behaviour(time, values, Direction.UP).shape is Shape.RISING_EVER_FASTER
