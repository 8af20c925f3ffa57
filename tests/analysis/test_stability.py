"""Stability of a start against closed forms and the service cycle's published growth rate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import root

from cyclesim.analysis.stability import Rest, Stability, stability
from cyclesim.codegen import TARGETS, Binding
from cyclesim.compiler import CompiledModel, InitialValue
from cyclesim.names import canonical
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, parameter_values, settled_specs
from tests.models_in_text import aux, flow, model, stock


def judged(whole: CompiledModel) -> Stability:
    flat = whole.flat
    schedule = schedule_of(settled_specs(flat.sim_specs))
    return stability(flat, schedule, parameter_values(flat, {}))


def linear(matrix: list[list[float]], start: list[float] | None = None) -> CompiledModel:
    """Return x' = A (x - x0), at rest at x0."""
    size = len(matrix)
    rest = start or [10.0 * (i + 1) for i in range(size)]
    parts = []
    for i, row in enumerate(matrix):
        terms = " + ".join(f"({a!r}) * (x{j} - {rest[j]!r})" for j, a in enumerate(row))
        parts += [stock(f"x{i}", rest[i], f"f{i}"), flow(f"f{i}", terms)]
    return model(*parts, stop=100, dt="0.25")


@pytest.mark.parametrize(
    ("matrix", "rest"),
    [
        ([[-0.5]], Rest.STABLE),
        ([[0.02]], Rest.UNSTABLE),
        ([[-0.1, 1.0], [-1.0, -0.1]], Rest.STABLE),
        ([[0.03, 1.0], [-1.0, 0.03]], Rest.UNSTABLE),
        ([[0.0, 1.0], [-1.0, 0.0]], Rest.NEUTRAL),
        ([[-1.0, 3.0, 0.2], [0.5, -2.0, 0.0], [0.1, 0.0, -0.3]], Rest.STABLE),
        ([[0.0, 1.0], [0.0, 0.0]], Rest.NEUTRAL),
    ],
)
def test_eigenvalues_of_linear_systems(matrix: list[list[float]], rest: Rest) -> None:
    found = judged(linear(matrix))
    wanted = sorted(np.linalg.eigvals(np.array(matrix)), key=lambda e: (-e.real, -e.imag))
    defective = matrix == [[0.0, 1.0], [0.0, 0.0]]  # noise under a double root shows as its root
    np.testing.assert_allclose(found.eigenvalues, wanted, atol=1e-4 if defective else 1e-7)
    assert found.rest is rest
    assert found.kinks == ()


def test_stocks_of_very_different_size_do_not_blur_one_another() -> None:
    found = judged(linear([[-0.2, 1e-6], [1e5, -0.7]], [2e6, 0.3]))
    wanted = np.linalg.eigvals(np.array([[-0.2, 1e-6], [1e5, -0.7]]))
    np.testing.assert_allclose(sorted(e.real for e in found.eigenvalues), sorted(wanted), rtol=1e-6)


@pytest.mark.parametrize(("start", "growth"), [(0, 0.3), (1000, -0.3)])
def test_the_logistic_is_unstable_when_empty_and_stable_when_full(
    start: float, growth: float
) -> None:
    found = judged(
        model(
            stock("Users", start, "Adoption"), flow("Adoption", "0.3 * Users * (1 - Users / 1000)")
        )
    )
    assert found.growth == pytest.approx(growth, rel=1e-8)
    assert found.rest is (Rest.UNSTABLE if growth > 0 else Rest.STABLE)


def test_an_unstable_start_says_how_fast_it_runs_away() -> None:
    found = judged(linear([[math.log(2) / 53]]))
    assert found.words("week") == (
        "starts on an unstable equilibrium: a deviation doubles in 53 weeks, most in 'x0'"
    )


def test_a_start_that_moves_is_not_judged_further() -> None:
    found = judged(model(stock("Tank", 10, "f"), flow("f", 1), stop=100))
    assert (found.rest, found.moving, found.share) == (Rest.MOVING, "Tank", pytest.approx(10.0))


@pytest.mark.parametrize(
    ("equation", "why"),
    [
        ("DELAY(Tank, 3, 10) - Tank", "the model has delays in whole steps"),
        ("PREVIOUS(Tank, 10) - Tank", "the model reads values of an earlier step"),
        ("0 * NORMAL(0, 1)", "the model has noise"),
    ],
)
def test_what_hangs_on_more_than_stocks_is_not_judged(equation: str, why: str) -> None:
    found = judged(model(stock("Tank", 10, "f"), flow("f", equation)))
    assert (found.rest, found.reason) == (Rest.NOT_JUDGED, why)


def test_a_kink_is_named_and_a_bend_is_not() -> None:
    kinked = judged(model(stock("Staff", 10, "f"), flow("f", "MAX(0, 10 - Staff)")))
    assert [(kink.stock, kink.of) for kink in kinked.kinks] == [("Staff", "Staff")]
    assert judged(model(stock("A", 10, "f"), flow("f", "(10 - A) ^ 3 - A + 10"))).kinks == ()


def test_smoothed_values_and_arrays_are_stocks_as_well() -> None:
    found = judged(model(stock("Norm", 4, "f"), flow("f", "(SMTH1(Norm, 5) - Norm) / 2"), stop=100))
    assert sorted(e.real for e in found.eigenvalues) == pytest.approx([-0.7, 0.0], abs=1e-7)


def test_the_tipping_point_of_the_service_cycle_grows_as_its_readme_says() -> None:
    """Rest by an independent root finder, all practices held at 0.4: growth 0.0130 a week."""
    whole = load("service_cycle")
    flat = whole.flat
    names = ["Understanding", "Standards", "Development", "Listening", "Measurement", "Recognition"]
    held = {canonical(name) for name in names}
    schedule = schedule_of(flat.sim_specs)
    clock = schedule.clock
    numbers = (clock.start, clock.stop, clock.dt, schedule.declared_dt)
    bound = TARGETS["python"](flat).bind(Binding(parameter_values(flat, {}), *numbers))
    idents = [rule.ident for rule in flat.levels]
    begin, memories = (list(part) for part in bound.initial())
    free = [i for i, ident in enumerate(idents) if ident not in held]
    scale = np.array([max(abs(begin[i]), 1.0) for i in free])

    def levels(x: np.ndarray) -> list[float]:
        state = [0.4 if ident in held else begin[i] for i, ident in enumerate(idents)]
        for i, value in zip(free, x * scale, strict=True):
            state[i] = float(value)
        return state

    def rates(x: np.ndarray) -> np.ndarray:
        found = bound.derivatives(0.0, 0.0, levels(x), memories)
        return np.array([found[i] for i in free]) / scale

    solved = root(rates, np.array([begin[i] for i in free]) / scale, tol=1e-12)
    values = levels(solved.x)
    changes = [InitialValue(ident, value) for ident, value in zip(idents, values, strict=True)]
    found = judged(whole.changed(*changes))
    assert found.rest is Rest.UNSTABLE, found
    assert found.growth == pytest.approx(0.0130, abs=0.0001)
    assert "a deviation doubles in 53" in found.words("week")


def test_the_shipped_models_start_on_stable_equilibria() -> None:
    half = {"service_cycle": 172, "pull_value": 127}
    for name, weeks in half.items():
        found = judged(load(name))
        assert (found.rest, found.kinks) == (Rest.STABLE, ())
        assert math.log(2) / -found.growth == pytest.approx(weeks, rel=0.01)


def test_constants_bound_are_those_judged() -> None:
    whole = model(stock("X", 1, "f"), flow("f", "rate * (X - 1)"), aux("rate", 0.2))
    schedule = schedule_of(settled_specs(whole.flat.sim_specs))
    values = parameter_values(whole.flat, {canonical("rate"): -0.4})
    assert stability(whole.flat, schedule, values).growth == pytest.approx(-0.4)
