"""Equilibria, eigenvalues, folds and Hopf points against textbooks and closed forms."""

import cmath
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import lambertw

from cyclesim.analysis.tipping import Kind, Special, continuation
from cyclesim.analysis.tipping.resting import equilibria_words
from tests.models_in_text import flow, stock, xmile
from tests.tipping_studies import found_in, place_of, plane, study_of

ONE = "outputs: {x: up}\nscenarios: {baseline: {}}\n"


def switch(tmp_path, loss=0.5):
    return study_of(
        tmp_path,
        "genetic_switch",
        "outputs: {Protein: up}\nscenarios:\n"
        f"  baseline: {{initial: {{Loss rate of protein: {loss}}}}}\n",
    )


def specials(today, rates, known, name, low, high, output):
    found = continuation(rates, place_of(today, name), low, high, known, output)
    return found, {kind: [p.parameter for p in found.points if p.kind is kind] for kind in Special}


@pytest.mark.parametrize("loss", [0.4, 0.5, 0.6])
def test_the_genetic_switch_has_its_three_states_and_their_eigenvalues(tmp_path, loss):
    # Strogatz 1994, exercise 8.1.1: 0 and (1 +- sqrt(1 - 4 a^2 b^2)) / (2 a b).
    b = 0.8
    _, found, _ = found_in(switch(tmp_path, loss))
    root = math.sqrt(1 - 4 * loss**2 * b**2)
    exact = [0.0, (1 - root) / (2 * loss * b), (1 + root) / (2 * loss * b)]
    assert [each.levels[0] for each in found.found] == pytest.approx(exact, abs=1e-6)
    assert [each.kind for each in found.found] == [Kind.STABLE, Kind.SADDLE, Kind.STABLE]
    for each, x in zip(found.found, exact, strict=True):
        slope = 2 * x / (1 + x * x) ** 2
        half = cmath.sqrt(((loss - b) / 2) ** 2 + slope)
        values = sorted([-(loss + b) / 2 + half, -(loss + b) / 2 - half], key=lambda v: -v.real)
        assert list(each.eigenvalues) == pytest.approx(values, abs=1e-6)


def test_the_fold_of_the_genetic_switch_by_continuation(tmp_path):
    today, known, rates = found_in(switch(tmp_path))
    found, points = specials(today, rates, known, "Loss rate of protein", 0.2, 1.0, "Protein")
    assert points[Special.FOLD] == pytest.approx([0.625], abs=1e-5)
    assert points[Special.HOPF] == points[Special.BRANCH] == []
    fold = found.points[0]
    assert fold.output == pytest.approx(1.0, abs=1e-4)
    # The rest state at 0 is a branch of its own, stable throughout.
    assert len(found.branches) == 2
    zero = min(found.branches, key=lambda branch: branch.output.max())
    assert np.abs(zero.output).max() < 1e-8
    assert zero.stable.all()


def test_the_budworms_refuge_threshold_outbreak_and_both_folds(tmp_path):
    study = study_of(
        tmp_path, "budworm_outbreak", "outputs: {Budworms: down}\nscenarios: {baseline: {}}\n"
    )
    today, known, rates = found_in(study, 10.0)
    states = [each.levels[0] for each in known.found]
    assert states == pytest.approx([0.0, 0.683375, 2.0, 7.316625], abs=1e-5)
    assert [e.kind for e in known.found] == [Kind.SADDLE, Kind.STABLE, Kind.SADDLE, Kind.STABLE]
    # Strogatz 1994, section 3.7: folds at r = 2 n^3/(1+n^2)^2 where 2 n^3/(n^2-1) = k.
    turns = [brentq(lambda n: 2 * n**3 / (n * n - 1) - 10, *b) for b in ((1.01, 1.7), (1.8, 9))]
    exact = sorted(2 * n**3 / (1 + n * n) ** 2 for n in turns)
    _, points = specials(today, rates, known, "Growth rate", 0.1, 1.0, "Budworms")
    assert points[Special.FOLD] == pytest.approx(exact, abs=1e-6)


def test_the_saddle_node_normal_form(tmp_path):
    model = plane({"x": "r + x^2"}, (-3, 3), r=-1)
    today, known, rates = found_in(study_of(tmp_path, model, ONE))
    assert [each.levels[0] for each in known.found] == pytest.approx([-1, 1], abs=1e-9)
    assert [each.eigenvalues[0].real for each in known.found] == pytest.approx([-2, 2], abs=1e-6)
    _, points = specials(today, rates, known, "r", -2, 1, "x")
    assert points[Special.FOLD] == pytest.approx([0.0], abs=1e-6)


def test_the_pitchfork_normal_form_has_a_branch_point(tmp_path):
    model = plane({"x": "r*x - x^3"}, (-2, 2), r=1)
    today, known, rates = found_in(study_of(tmp_path, model, ONE))
    assert [each.levels[0] for each in known.found] == pytest.approx([-1, 0, 1], abs=1e-9)
    assert [e.eigenvalues[0].real for e in known.found] == pytest.approx([-2, 1, -2], abs=1e-6)
    found, points = specials(today, rates, known, "r", -1, 2, "x")
    assert points[Special.BRANCH] == pytest.approx([0.0], abs=1e-4)
    middle = next(b for b in found.branches if np.abs(b.output).max() < 1e-6)
    assert (middle.stable == (middle.parameter < 0)).all()


def test_the_hopf_normal_form(tmp_path):
    model = plane({"x": "m*x - y - x*(x^2 + y^2)", "y": "x + m*y - y*(x^2 + y^2)"}, (-2, 2), m=0.5)
    today, known, rates = found_in(study_of(tmp_path, model, ONE))
    (only,) = known.found
    assert only.kind is Kind.UNSTABLE
    assert list(only.eigenvalues) == pytest.approx([0.5 + 1j, 0.5 - 1j], abs=1e-6)
    _, points = specials(today, rates, known, "m", -1, 1, "x")
    assert points[Special.HOPF] == pytest.approx([0.0], abs=1e-6)
    assert points[Special.FOLD] == points[Special.BRANCH] == []


@pytest.mark.parametrize("load", [0.5, 0.7, 0.8, 0.9, 0.95])
def test_the_tipping_point_of_interruptions_is_the_upper_root(tmp_path, load):
    study = study_of(
        tmp_path,
        "interruptions",
        "outputs: {Stress: down}\nscenarios:\n"
        f"  baseline: {{initial: {{Interruptions a day: {10 * load}}}}}\n",
    )
    _, known, _ = found_in(study, 40.0)
    # s e^(1-s) = load, so -s is a branch of Lambert's W at -load/e.
    exact = [float(-lambertw(-load / math.e, branch).real) for branch in (0, -1)]
    assert [each.levels[0] / 10 for each in known.found] == pytest.approx(exact, abs=1e-6)
    assert [each.kind for each in known.found] == [Kind.STABLE, Kind.SADDLE]
    slope = [(1 - s) * math.exp(1 - s) * -1 for s in exact]
    assert [e.eigenvalues[0].real for e in known.found] == pytest.approx(slope, abs=1e-6)


def test_conserved_sums_and_drifting_stocks_are_named_and_set_aside(tmp_path):
    model = xmile(
        stock("Well", 60, "Recovering", "Falling ill"),
        stock("Ill", 40, "Falling ill", "Recovering"),
        stock("Cases so far", 0, "Counting"),
        flow("Falling ill", "0.01*Well*Ill"),
        flow("Recovering", "0.2*Ill"),
        flow("Counting", "Falling_ill"),
        start=0, stop=10, dt=0.125,
    )  # fmt: skip
    study = study_of(tmp_path, model, "outputs: {Ill: down}\nscenarios: {baseline: {}}\n")
    _, found, _ = found_in(study)
    assert found.drifting == ("Cases so far",)
    (law,) = found.conserved
    assert dict(law) == pytest.approx({"Well": 1.0, "Ill": 1.0})
    # All 100 well, or 20 well and 80 ill; the rate there is g - b N, and its negative.
    assert [each.levels[1] for each in found.found] == pytest.approx([0, 80], abs=1e-6)
    assert [e.eigenvalues for e in found.found] == [
        pytest.approx((0.8,), abs=1e-6), pytest.approx((-0.8,), abs=1e-6)
    ]  # fmt: skip


def test_a_point_that_is_not_smooth_is_named(tmp_path):
    model = plane({"x": "IF x < 1 THEN 2*(1 - x) ELSE 1 - x"}, (-3, 3))
    _, found, _ = found_in(study_of(tmp_path, model, ONE))
    (only,) = found.found
    assert only.levels[0] == pytest.approx(1.0, abs=1e-9)
    assert only.kinks == (("x", "x"),)


@pytest.mark.parametrize(
    ("rate", "why"),
    [("DELAY(x, 2) - x", "delays in whole steps"), ("NORMAL(0, 1) - x", "noise"),
     ("PREVIOUS(x, 0) - x", "values of an earlier step")],
)  # fmt: skip
def test_what_hangs_on_more_than_stocks_is_refused_by_name(tmp_path, rate, why):
    _, found, rates = found_in(study_of(tmp_path, plane({"x": rate}, (-3, 3)), ONE))
    assert rates is None
    assert why in found.refused
    assert found.found == ()


def test_inputs_that_move_stand_still_at_a_stated_time(tmp_path):
    model = plane({"x": "TIME - x"}, (-20, 20))
    _, found, _ = found_in(study_of(tmp_path, model, ONE))
    assert found.frozen_at == 10
    assert found.found[0].levels[0] == pytest.approx(10, abs=1e-6)


def test_states_of_rest_that_look_alike_are_told_once(tmp_path):
    """Where x is 0 all rests, whatever y is: a line of states, of which the output tells one."""
    study = study_of(tmp_path, plane({"x": "-x * (1 + y^2)", "y": "x * y"}, (0, 2)), ONE)
    _, found, _ = found_in(study, 0.5, 1.5)
    assert len(found.found) > 1
    assert {each.kind for each in found.found} == {Kind.NEUTRAL}
    (told, *_) = lines = [line for line in equilibria_words(found, "week") if "Neutral" in line]
    assert len(lines) == 1
    assert told.startswith("Neutral: x 0")
    assert f"{len(found.found)} such states were found" in told


def test_an_output_that_is_nothing_beside_its_span_is_told_as_nothing(tmp_path):
    _, found, _ = found_in(switch(tmp_path), 0.5, 2.0)
    tiny = replace(found.found[0], outputs=np.array([-5.06e-26]))
    (told, *_) = equilibria_words(replace(found, found=(tiny,)), "week")
    assert "Protein 0," in told
