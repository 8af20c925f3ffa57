"""What the open system's own checks cannot say: closed forms, chance, stability over draws."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from library_runs import model, project

from cyclesim import library
from cyclesim.codegen import TARGETS, Binding, Bound
from cyclesim.compiler import CompiledModel, Role, Step
from cyclesim.names import canonical
from cyclesim.results import Results
from cyclesim.schedule import schedule_of
from cyclesim.simulation import load, parameter_values, simulate

NAME = "open_system"
DRIFT, SCAN, ADAPT = 0.02, 6.0, 14.0
DELAYS_ALONE = dict.fromkeys(
    [f"Exponent of {what}" for what in
     ("inertia", "integration", "empowerment", "practice", "resources")],
    0.0,
)  # fmt: skip


def changed(numbers: dict[str, float], at: float = 10.0) -> CompiledModel:
    """Return the model with constants that take other values at a time."""
    steps = [Step(canonical(name), at, to=value) for name, value in numbers.items()]
    return model(NAME).changed(*steps)


@pytest.mark.parametrize(
    ("scan", "adapt", "pace"), [(2, 4, 1), (9, 11, 1), (13, 8, 2), (26, 30, 3)]
)
def test_the_lag_moves_as_the_solution_of_its_two_equations(
    scan: float, adapt: float, pace: float
) -> None:
    # dU/dt = d - U/s and dV/dt = U/s - V/a, from the lag at rest, are solved by two exponentials.
    whole = changed({"Scanning time": scan, "Adapting time": adapt, "Pace of change": pace})
    run = simulate(whole, DELAYS_ALONE, method="rk4", stop=1040, estimate_error=False)
    d, t = DRIFT * pace, np.maximum(run.time - 10, 0)
    unseen = d * scan + (DRIFT * SCAN - d * scan) * np.exp(-t / scan)
    driven = (DRIFT * SCAN - d * scan) / scan / (1 / adapt - 1 / scan)
    unmet = d * adapt + driven * np.exp(-t / scan)
    unmet += (DRIFT * ADAPT - d * adapt - driven) * np.exp(-t / adapt)
    np.testing.assert_allclose(run["Unseen change"], unseen, rtol=1e-5)
    np.testing.assert_allclose(run["Unmet change"], unmet, rtol=1e-5)
    assert run["Lag"][-1] == pytest.approx(d * (scan + adapt), rel=1e-12)


def test_with_every_loop_at_work_the_lag_still_settles_at_drift_times_the_delays() -> None:
    whole = changed({"Pace of change": 1.5, "Scanning time": 9, "Hearing of partners": 1.5})
    run = simulate(whole, stop=6000, save_every=100, estimate_error=False)
    delays = run["Scanning time now"][-1] + run["Adapting time now"][-1]
    assert abs(delays - 23) > 0.5  # the loops did move the delays
    assert run["Lag"][-1] == pytest.approx(1.5 * DRIFT * delays, rel=1e-9)


def quality(run: Results) -> float:
    return float(run["Perceived quality"][-1])


def test_what_agility_is_worth_grows_with_the_pace_as_the_fit_says() -> None:
    gains = []
    for pace in (0.5, 1.0, 1.5, 2.0):
        found = []
        for adapt in (7.0, 20.0):
            whole = changed({"Pace of change": pace, "Adapting time": adapt})
            run = simulate(whole, DELAYS_ALONE, stop=520, estimate_error=False)
            lag = DRIFT * pace * (SCAN + adapt)
            fit = np.exp(((DRIFT * (SCAN + ADAPT)) ** 2 - lag**2) / 2)
            assert quality(run) == pytest.approx(fit, rel=1e-6)
            found.append(quality(run))
        gains.append(found[0] - found[1])
    assert (np.diff(gains) > 0.02).all()


def test_false_signals_move_the_lag_as_two_filters_in_a_row_pass_them_on() -> None:
    # Scanning and adapting pass a swing of angular frequency w on as 1/((1 + iws)(1 + iwa)).
    amplitude = 1.5
    whole = changed({"Strength of false signals": amplitude})
    run = simulate(whole, DELAYS_ALONE, method="rk4", stop=4420, estimate_error=False)
    swings = 2 * np.pi / np.array([3, 5, 8, 13, 21])
    passed = 1 / ((1 + (swings * SCAN) ** 2) * (1 + (swings * ADAPT) ** 2))
    steady = DRIFT * (SCAN + ADAPT)
    lag = run["Lag"][run.time >= 260]
    assert lag.mean() == pytest.approx(steady, rel=0.01)
    assert lag.var() == pytest.approx(amplitude**2 / 2 * passed.sum(), rel=0.01)


@cache
def noisy(folder: Path) -> CompiledModel:
    """Return the model with white noise in what is sensed, in place of the false signals."""
    text = Path(library.model_path(NAME)).read_text(encoding="utf-8")
    pattern = r"(<aux name=\"Error of sensing\"><eqn>)[^<]*(</eqn>)"
    # A draw is held for an eighth of a week: a strength of 1 is one width times the root of a week.
    put = r"\g<1>Strength_of_false_signals*SQRT(8)*NORMAL(0, 1)\g<2>"
    text, count = re.subn(pattern, put, text)
    assert count == 1
    path = folder / "noisy.xmile"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("noisy")


def test_the_mean_square_lag_under_white_noise_is_that_of_the_closed_form(folder: Path) -> None:
    # A chain of two delays s and a turns white noise of strength n into a variance n^2/(2(s + a)).
    strength, delays = 1.0, {"Scanning time": 4.0, "Adapting time": 6.0}
    settings = {**DELAYS_ALONE, **delays, "Strength of false signals": strength}
    squares = []
    for run in range(40):
        lag = simulate(noisy(folder), settings, run=run, stop=520, estimate_error=False)["Lag"]
        squares.append((lag[104:] ** 2).mean())
    expected = (DRIFT * 10) ** 2 + strength**2 / (2 * 10)
    error = np.std(squares) / np.sqrt(len(squares))
    assert error < 0.05 * expected
    # Three standard errors, and 2 % for the step of an eighth of a week.
    assert abs(np.mean(squares) - expected) < 3 * error + 0.02 * expected


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_under_noise_the_best_speed_is_neither_the_fastest_nor_a_slow_one(
    folder: Path, seed: int
) -> None:
    def mean_quality(adapt: float, strength: float) -> float:
        settings = {**DELAYS_ALONE, "Scanning time": 2.0, "Strength of false signals": strength}
        # Fit is held against the lag at the start, so the adapting time changes in week 10.
        whole = noisy(folder).changed(Step(canonical("Adapting time"), 10.0, to=adapt))
        runs = [simulate(whole, settings, noise_seed=seed, run=run, stop=312, estimate_error=False)
                for run in range(4)]  # fmt: skip
        return float(np.mean([run["Perceived quality"][104:].mean() for run in runs]))

    hasty, measured, slow = (mean_quality(adapt, 2.0) for adapt in (0.5, 12.0, 50.0))
    assert hasty < 0.95 * measured
    assert slow < 0.95 * measured
    hasty, measured, slow = (mean_quality(adapt, 0.0) for adapt in (0.5, 12.0, 50.0))
    assert hasty > measured > slow


def rates(bound: Bound, levels: np.ndarray, held: tuple[float, ...]) -> np.ndarray:
    return np.array(bound.derivatives(0.0, 0.0, list(levels), held), dtype=float)


def test_the_start_is_a_stable_rest_for_any_draw_of_the_assumptions() -> None:
    flat = model(NAME).flat
    program, schedule = TARGETS["python"](flat), schedule_of(flat.sim_specs, flat.sim_specs)
    clock, random = schedule.clock, np.random.default_rng(7)
    told = re.compile(r"plausible from (\S+) to (\S+)\.(?=\s|$)")
    ranges = {
        variable.ident: tuple(map(float, found.groups()))
        for variable in flat.visible
        if variable.role is Role.PARAMETER and (found := told.search(variable.about.doc or ""))
    }
    assert len(ranges) > 40
    for _ in range(60):
        drawn = {ident: random.uniform(*bounds) for ident, bounds in ranges.items()}
        values = parameter_values(flat, drawn)
        bound = program.bind(
            Binding(values, clock.start, clock.stop, clock.dt, schedule.declared_dt, 0, 0)
        )
        first, held = bound.initial()
        levels = np.array(first, dtype=float)
        rest = rates(bound, levels, tuple(held))
        assert np.abs(rest / np.maximum(np.abs(levels), 1)).max() < 1e-12
        columns = []
        for place, level in enumerate(levels):
            nudge = 1e-5 * max(abs(level), 1e-2)
            up, down = levels.copy(), levels.copy()
            up[place] += nudge
            down[place] -= nudge
            difference = rates(bound, up, tuple(held)) - rates(bound, down, tuple(held))
            columns.append(difference / (2 * nudge))
        assert np.linalg.eigvals(np.array(columns).T).real.max() < -1e-4


def test_customers_are_won_and_lost_and_never_made() -> None:
    whole = changed({"Pace of change": 2.5, "Openness": 0.5})
    run = simulate(whole, stop=208, save_every=0.125, estimate_error=False)
    made = np.cumsum(run["Winning"] - run["Leaving"])[:-1] * 0.125
    np.testing.assert_allclose(run["Customers"][1:], run["Customers"][0] + made, rtol=1e-10)
    assert (run["Customers"] <= run["Market size"]).all()


def test_the_model_has_as_many_stocks_as_its_page_says() -> None:
    stocks = len(model(NAME).flat.levels)
    page = (Path(library.model_path(NAME)).parent / "README.md").read_text(encoding="utf-8")
    assert f"{len(project(NAME).variables)} variables, {stocks} of them stocks" in page
