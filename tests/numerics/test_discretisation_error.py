"""The estimate of the discretisation error against the true error of closed forms."""

import math

import numpy as np
import pytest

from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock


def decay():
    return [stock("x", 8, (), "f"), flow("f", "0.4 * x")], lambda t: 8 * np.exp(-0.4 * t)


def growth():
    return [stock("x", 1, "f"), flow("f", "0.3 * x")], lambda t: np.exp(0.3 * t)


def logistic():
    return (
        [stock("x", 1, "f"), flow("f", "x * (1 - x / 50)")],
        lambda t: 50 / (1 + 49 * np.exp(-t)),
    )


def forced():
    # x' = cos t - x, x(0) = 0
    return (
        [stock("x", 0, "f"), flow("f", "COS(TIME) - x")],
        lambda t: (np.cos(t) + np.sin(t) - np.exp(-t)) / 2,
    )


def smoothed():
    return [aux("x", "SMTH1(10, 4, 0)")], lambda t: 10 * (1 - np.exp(-t / 4))


def oscillating():
    return (
        [stock("x", 1, "v"), stock("v0", 0, "g"), flow("v", "v0"), flow("g", "-x")],
        np.cos,
    )


@pytest.mark.parametrize("dt", ["0.125", "0.0625"])
@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
@pytest.mark.parametrize("problem", [decay, growth, logistic, forced, smoothed, oscillating])
def test_the_estimate_is_within_a_factor_of_two_of_the_truth(problem, method, dt):
    variables, exact = problem()
    found = simulate(model(*variables, dt=dt), method=method)
    values = found["x"]
    true = np.abs(values - exact(found.time)).max() / (values.max() - values.min())
    assert true / 2 < found.error.share_of_range["x"] < true * 2


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
def test_the_estimate_falls_with_the_order(method):
    variables, _ = forced()
    coarse, fine = (
        simulate(model(*variables, dt=dt), method=method).error.share_of_range["x"]
        for dt in ("0.25", "0.125")
    )
    order = {"euler": 1, "rk2": 2, "rk4": 4}[method]
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.35)


@pytest.mark.parametrize("method", ["euler", "rk4", "rk45"])
def test_a_model_at_rest_has_no_error(method):
    loaded = model(
        stock("x", 20, "f", "g"), flow("f", "0.1 * x"), flow("g", "2"), aux("y", "x / 3"), dt=1
    )
    found = simulate(loaded, method=method)
    assert found.error.share_of_range == {"x": 0.0, "f": 0.0, "g": 0.0, "y": 0.0}
    assert found.error.worst[1] == 0.0


def test_what_creeps_within_the_digits_of_its_start_stands_still():
    """A stock a rounded initial value away from rest has no range to be judged by."""
    loaded = model(stock("x", "20.00001", "f", "g"), flow("f", "2"), flow("g", "0.1 * x"), dt=1)
    found = simulate(loaded)
    assert 0 < np.ptp(found["x"]) < 1e-5
    assert found.error.share_of_range["x"] == 0.0
    further = simulate(loaded, initial={"x": 22})
    assert further.error.share_of_range["x"] > 0.01


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
def test_a_straight_line_has_no_error(method):
    found = simulate(model(stock("x", 0, "f"), flow("f", "0.25"), dt="0.5"), method=method)
    assert found.error.share_of_range["x"] < 1e-12


def test_the_worst_variable_is_named():
    loaded = model(
        stock("slow", 1, (), "f"), flow("f", "0.01 * slow"),
        stock("fast", 1, (), "g"), flow("g", "1.5 * fast"), dt="0.25",
    )  # fmt: skip
    name, share = simulate(loaded).error.worst
    assert name in ("fast", "g")
    assert share > 0.05


@pytest.mark.parametrize("method", ["rk45", "lsoda", "radau"])
def test_an_adaptive_run_is_held_against_a_finer_tolerance(method):
    variables, _ = logistic()
    found = simulate(model(*variables), method=method)
    assert 0 < found.error.share_of_range["x"] < 1e-5
    assert found.error.compared_with == "the same solver at a hundredth of its tolerance"


def test_it_is_said_what_the_run_was_held_against():
    variables, _ = decay()
    found = simulate(model(*variables, dt="0.5"))
    assert found.error.compared_with == "a run with half the step, dt = 0.25"


def test_what_a_step_switches_on_is_estimated_too():
    loaded = model(
        stock("x", 0, "f"), flow("f", "rate - 0.8 * x"), aux("rate", "STEP(3, 2)"), dt="0.25"
    )
    found = simulate(loaded)
    exact = np.where(found.time > 2, 3.75 * (1 - np.exp(-0.8 * (found.time - 2))), 0)
    true = np.abs(found["x"] - exact).max() / found["x"].max()
    assert true / 2 < found.error.share_of_range["x"] < true * 2
    assert "f" in found.error.share_of_range


def test_the_noise_path_is_kept_for_the_comparison():
    loaded = model(stock("x", 0, "f"), flow("f", "RANDOM(0, 1)"), dt="0.5", stop=50)
    # with the same path a pure sum of noise is the same for every dt
    assert simulate(loaded).error.share_of_range["x"] < 1e-12


def test_no_estimate_is_made_where_none_is_asked_for():
    variables, _ = decay()
    assert simulate(model(*variables), estimate_error=False).error is None
