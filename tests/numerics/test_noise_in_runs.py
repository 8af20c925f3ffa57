"""Noise in runs: a draw belongs to a place in the model, a step of its grid, a seed and a run."""

from fractions import Fraction

import numpy as np
import pytest

from cyclesim.noise import standard_normal, uniform
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock


def run(*variables, stop=20, dt=1, **settings):
    return simulate(model(*variables, stop=stop, dt=dt), **settings)


@pytest.mark.parametrize("target", ["python", "numpy"])
def test_a_draw_is_that_of_its_site_step_seed_and_run(target):
    found = run(aux("a", "RANDOM(10, 20)"), aux("b", "1 + NORMAL(3, 2)"), noise_seed=5, run=7,
                target=target)  # fmt: skip
    wanted = [10 + 10 * uniform(5, 7, 1, 0, step) for step in range(21)]
    assert found["a"] == pytest.approx(wanted, rel=1e-15)
    wanted = [4 + 2 * standard_normal(uniform(5, 7, 2, 0, step)) for step in range(21)]
    assert found["b"] == pytest.approx(wanted, rel=1e-14)


def test_a_fixed_seed_makes_the_same_noise_in_every_run():
    seeded = aux("a", "RANDOM(0, 1, 42)")
    one, two = (run(seeded, noise_seed=s, run=r)["a"] for s, r in ((0, 0), (3, 9)))
    assert one.tolist() == two.tolist()
    assert one.tolist() == [uniform(42, 0, 0, 0, step) for step in range(21)]
    other = run(aux("a", "RANDOM(0, 1, 43)"))["a"]
    assert not np.any(other == one)


def test_a_seed_of_zero_asks_for_no_fixed_seed():
    found = [run(aux("a", "RANDOM(0, 1, 0)"), noise_seed=s)["a"].tolist() for s in (0, 1)]
    assert found[0] == [uniform(0, 0, 1, 0, step) for step in range(21)]
    assert found[1] != found[0]


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize(("declared", "factor"), [("1", 2), ("0.3", 4), ("0.1", 3), ("1/7", 2)])
def test_a_finer_dt_keeps_the_noise_path_of_the_declared_grid(declared, factor, target):
    step = Fraction(declared)
    loaded = model(aux("a", "RANDOM(0, 1)"), dt=declared, stop=float(step * 30))
    coarse = simulate(loaded, target=target, stop=step * 30)["a"]
    fine = simulate(loaded, target=target, stop=step * 30, dt=step / factor)["a"]
    assert fine[:-1].tolist() == np.repeat(coarse[:-1], factor).tolist()
    assert fine[-1] == coarse[-1]


def test_noise_counts_from_the_start_of_the_run():
    found = run(aux("a", "RANDOM(0, 1)"), stop=5)["a"]
    later = simulate(model(aux("a", "RANDOM(0, 1)"), start=100.5, stop=105.5))["a"]
    assert found.tolist() == later.tolist()


@pytest.mark.parametrize("method", ["rk2", "rk4"])
def test_noise_stands_still_within_a_step(method):
    loaded = model(stock("S", 0, "f"), flow("f", "RANDOM(0, 1)"), stop=20, dt="0.5")
    found = simulate(loaded, method=method)
    assert np.diff(found["S"]) == pytest.approx(found["f"][:-1] * 0.5, rel=1e-12)


def test_sites_are_numbered_in_source_order_and_keep_their_number_through_renaming():
    one = run(aux("a", "RANDOM(0, 1)"), aux("b", "RANDOM(0, 1)"))
    two = run(aux("zebra", "RANDOM(0, 1)"), aux("ant", "RANDOM(0, 1)"))
    assert one["a"].tolist() == two["zebra"].tolist()
    assert one["b"].tolist() == two["ant"].tolist()
    assert not np.any(one["a"] == one["b"])


def test_two_calls_in_one_equation_are_two_sites():
    found = run(aux("a", "RANDOM(0, 1) - RANDOM(0, 1)"))["a"]
    assert np.abs(found).min() > 0
