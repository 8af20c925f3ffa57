"""Fixed-step methods: order on a problem that reads the clock, exact cases, energy."""

import math

import numpy as np
import pytest

from cyclesim.codegen import TARGETS, Binding
from cyclesim.integrate import integrate
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from tests.models_in_text import aux, flow, model, stock

METHODS = {"euler": 1, "rk2": 2, "rk4": 4}

# x' = -2 t x + cos(3 t), written with an auxiliary in between; the answer is a quadrature.
FORCED = (
    stock("x", 1, "gain", "loss"),
    flow("gain", "COS(3 * TIME)"),
    flow("loss", "Drag * x"),
    aux("Drag", "2 * TIME"),
)
STOP = 2.0


def forced_answer() -> float:
    """Return x(2) = exp(-4) (1 + integral of exp(s^2) cos(3 s)), by Gauss-Legendre."""
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s = STOP / 2 * (nodes + 1)
    return math.exp(-4) * (1 + float(STOP / 2 * np.sum(weights * np.exp(s**2) * np.cos(3 * s))))


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize("method", METHODS)
def test_the_error_falls_at_the_stated_order(method, target):
    # Not autonomous on purpose: an autonomous problem cannot see a wrong c.
    loaded = model(*FORCED, stop=2)
    steps = [64, 128, 256, 512] if method != "rk4" else [32, 64, 128, 256]
    errors = []
    for count in steps:
        found = simulate(loaded, dt=f"{2 / count}", method=method, target=target,
                         save_every=2, estimate_error=False)  # fmt: skip
        errors.append(abs(found["x"][-1] - forced_answer()))
    slope = -np.polyfit(np.log2(steps), np.log2(errors), 1)[0]
    assert slope == pytest.approx(METHODS[method], abs=0.15)


@pytest.mark.parametrize(("method", "degree"), [("euler", 0), ("rk2", 1), ("rk4", 3)])
def test_a_polynomial_of_time_is_integrated_exactly(method, degree):
    """A method of order p integrates powers of time up to p - 1 without error."""
    terms = " + ".join(f"{k + 1} * TIME^{k}" for k in range(degree + 1))
    found = simulate(model(stock("x", 0, "f"), flow("f", terms), dt=0.5, stop=4), method=method)
    exact = sum(found.time ** (k + 1) for k in range(degree + 1))
    assert found["x"] == pytest.approx(exact, rel=1e-14)
    further = f"{terms} + {degree + 2} * TIME^{degree + 1}"
    found = simulate(model(stock("x", 0, "f"), flow("f", further), dt=0.5, stop=4), method=method)
    assert abs(found["x"][-1] - exact[-1] - 4.0 ** (degree + 2)) > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_one_step_is_the_taylor_polynomial(method):
    """For x' = a x one step multiplies by the exponential series up to the order."""
    found = simulate(model(stock("x", 1, "f"), flow("f", "-0.7 * x"), dt=1, stop=5), method=method)
    factor = sum((-0.7) ** k / math.factorial(k) for k in range(METHODS[method] + 1))
    assert found["x"] == pytest.approx(factor ** np.arange(6), rel=1e-14)


@pytest.mark.parametrize("method", METHODS)
def test_linear_growth_is_exact_over_many_steps(method):
    found = simulate(
        model(stock("x", 0, "f"), flow("f", "0.25"), dt="1/8", stop=1000), method=method
    )
    # rk4's weights of dt/6 and dt/3 are rounded, so it is exact but for the last bits
    assert found["x"] == pytest.approx(found.time / 4, rel=0 if method != "rk4" else 1e-13, abs=0)


def oscillator(method: str):
    loaded = model(
        stock("x", 1, "dx"), stock("v", 0, "dv"), flow("dx", "v"), flow("dv", "-x"),
        aux("Energy", "(x^2 + v^2) / 2"), dt="1/16", stop=200,
    )  # fmt: skip
    return simulate(loaded, method=method, save_every=1, estimate_error=False)["Energy"]


def test_rk4_keeps_the_energy_of_an_oscillator():
    energy = oscillator("rk4")
    # |R(i h)|^2 = 1 - h^6/72 + h^8/576 a step
    h = 1 / 16
    wanted = 0.5 * (1 - h**6 / 72 + h**8 / 576) ** 3200
    assert energy[-1] == pytest.approx(wanted, rel=1e-11)
    assert abs(energy / 0.5 - 1).max() < 3e-6


def test_euler_grows_the_energy_of_an_oscillator():
    energy = oscillator("euler")
    assert (np.diff(energy) > 0).all()
    assert energy[-1] == pytest.approx(0.5 * (1 + 1 / 256) ** 3200, rel=1e-10)


def test_rk2_grows_the_energy_of_an_oscillator_by_its_own_law():
    assert oscillator("rk2")[-1] == pytest.approx(0.5 * (1 + (1 / 16) ** 4 / 4) ** 3200, rel=1e-10)


# --- closed forms --------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.3, -0.3])
@pytest.mark.parametrize("method", ["rk4", "rk45", "lsoda", "radau"])
def test_exponential_growth_and_decay(rate, method):
    loaded = model(stock("x", 5, "f"), flow("f", f"{rate} * x"), dt="1/16", stop=10, save=1)
    found = simulate(loaded, method=method)
    assert found["x"] == pytest.approx(5 * np.exp(rate * found.time), rel=2e-6)


@pytest.mark.parametrize("method", ["rk4", "rk45", "lsoda", "radau"])
def test_logistic_growth(method):
    loaded = model(
        stock("People", 1, "adoption"),
        flow("adoption", "Pull * People * (1 - People / Market)"),
        aux("Pull", 1),
        aux("Market", 100),
        dt="1/32",
        stop=12,
        save=1,
    )
    found = simulate(loaded, method=method)
    exact = 100 / (1 + 99 * np.exp(-found.time))
    assert found["People"] == pytest.approx(exact, rel=1e-6)


@pytest.mark.parametrize("method", ["rk45", "lsoda", "radau"])
def test_adaptive_methods_follow_their_tolerance(method):
    flat = model(*FORCED, stop=2).flat
    schedule = schedule_of(settled_specs(flat.sim_specs, method))
    errors = []
    for tolerance in (1e-4, 1e-6, 1e-8):
        binding = Binding((), 0.0, 2.0, 1.0, 1.0)
        found = integrate(TARGETS["python"](flat), schedule, binding, tolerance=tolerance)
        errors.append(abs(found.values[0, -1] - forced_answer()))
    assert all(error < 100 * tol for error, tol in zip(errors, (1e-4, 1e-6, 1e-8), strict=True))
    assert errors[0] > 10 * errors[1] > 100 * errors[2]
