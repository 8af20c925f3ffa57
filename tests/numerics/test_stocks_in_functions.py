"""SMTH, DELAY, TREND, FORCST, DELAY fixed, PREVIOUS, INIT against their closed forms."""

import math

import numpy as np
import pytest

from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, model, stock


def run(equation, stop=30, dt="1/16", method="rk4", save=1, extra=(), **settings):
    loaded = model(aux("y", equation), *extra, stop=stop, dt=dt, save=save)
    return simulate(loaded, method=method, **settings)


def erlang(t, delay, order):
    """Return the step response of `order` equal stages in a row."""
    x = order * np.asarray(t) / delay
    return 1 - np.exp(-x) * sum(x**k / math.factorial(k) for k in range(order))


RESPONSES = [
    ("SMTH1({0}, 6, 0)", 1),
    ("SMTH3({0}, 6, 0)", 3),
    ("SMTHN({0}, 6, 1, 0)", 1),
    ("SMTHN({0}, 6, 5, 0)", 5),
    ("DELAY1({0}, 6, 0)", 1),
    ("DELAY3({0}, 6, 0)", 3),
    ("DELAYN({0}, 6, 2, 0)", 2),
    ("DELAYN({0}, 6, 12, 0)", 12),
]


@pytest.mark.parametrize("method", ["rk4", "rk45"])
@pytest.mark.parametrize(("equation", "order"), RESPONSES)
def test_step_responses_are_erlangs(equation, order, method):
    found = run(equation.format(10), method=method)
    tolerance = 2e-5 if order == 12 else 1e-6
    assert found["y"] == pytest.approx(10 * erlang(found.time, 6, order), abs=tolerance * 10)


@pytest.mark.parametrize(("equation", "order"), RESPONSES)
def test_step_responses_begin_when_the_step_does(equation, order):
    found = run(equation.format("STEP(10, 4)"))
    since = np.maximum(found.time - 4, 0)
    wanted = 10 * erlang(since, 6, order)
    assert found["y"] == pytest.approx(wanted, abs=2e-4)
    assert (found["y"][:5] == 0).all()


@pytest.mark.parametrize("call", ["SMTH1(x, 6)", "SMTH3(x, 6)", "DELAY1(x, 6)", "DELAY3(x, 6)",
                                  "SMTHN(x, 6, 4)", "DELAYN(x, 6, 4)"])  # fmt: skip
def test_without_an_initial_value_they_start_in_equilibrium(call):
    found = run(call, extra=[aux("x", "7 + 0 * TIME")])
    assert found["y"] == pytest.approx(np.full(31, 7.0), rel=1e-14)


def test_smooths_and_delays_differ_where_the_time_changes():
    """A delay conserves what is in it: shorter delay, faster outflow. A smooth does not."""
    time = "IF TIME < 5 THEN 8 ELSE 4"
    delayed = run(f"DELAY1(3, {time})", save="0.0625")
    smoothed = run(f"SMTH1(3, {time})", save="0.0625")
    assert smoothed["y"] == pytest.approx(np.full(481, 3.0))
    after = delayed.time >= 5
    wanted = 3 + 3 * np.exp(-(delayed.time[after] - 5) / 4)  # content 24 leaves at 24/4 = 6
    # the step that ends at 5 has one Runge-Kutta stage beyond the jump
    assert delayed["y"][after] == pytest.approx(wanted, abs=0.05)


def test_a_material_delay_conserves_what_flows_in():
    loaded = model(
        stock("In", 0, "f"), flow("f", "10 + 5 * SIN(TIME)"),
        stock("Out", 0, "g"), flow("g", "DELAY3(f, 6, 0)"),
        stop=20, dt="1/8",
    )  # fmt: skip
    found = simulate(loaded)
    flat = loaded.flat
    stages = [v.ident for v in flat.variables if v.origin and v.origin.role.startswith("stage ")
              and v.origin.role[-1].isdigit()]  # fmt: skip
    assert len(stages) == 3
    within = sum(found.trajectory.values[flat.places[ident]] for ident in stages)
    assert found["In"] == pytest.approx(found["Out"] + within, rel=1e-13)


def test_trend_of_exponential_growth():
    """For x = exp(g t) and averaging time T, trend -> g / (1 + g T)... times (1 + gT): g."""
    g, average = 0.05, 4
    found = run(f"TREND(x, {average}, {g})", extra=[aux("x", f"EXP({g} * TIME)")])
    assert found["y"] == pytest.approx(np.full(31, g), rel=1e-6)


def test_trend_finds_the_growth_rate_from_a_wrong_start():
    """The average a' = (x - a) / T has a = x/(1+gT) + c exp(-t/T) in closed form."""
    g, average = 0.05, 4
    found = run(f"TREND(x, {average})", extra=[aux("x", f"EXP({g} * TIME)")])
    t = found.time
    x = np.exp(g * t)
    a = x / (1 + g * average) + (1 - 1 / (1 + g * average)) * np.exp(-t / average)
    assert found["y"] == pytest.approx((x - a) / (a * average), abs=1e-7)
    assert found["y"][0] == 0


def test_forecast_of_exponential_growth():
    g, average, horizon = 0.05, 4, 3
    found = run(f"FORCST(x, {average}, {horizon}, {g})", extra=[aux("x", f"EXP({g} * TIME)")])
    assert found["y"] == pytest.approx(np.exp(g * found.time) * (1 + g * horizon), rel=1e-6)


def test_a_forecast_begins_without_a_trend():
    found = run("FORCST(x, 4, 3)", extra=[aux("x", "8 + 0 * TIME")])
    assert found["y"] == pytest.approx(np.full(31, 8.0))


# --- DELAY, PREVIOUS, INIT -------------------------------------------------------------------

INPUT = "TIME^2 + SIN(TIME)"


def shifted(t, steps, dt, initial):
    found = np.array([s**2 + math.sin(s) for s in t])
    place = np.arange(len(t)) - steps
    return np.where(place >= 0, found[np.maximum(place, 0)], initial)


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize(
    ("delay", "dt", "steps"),
    [
        ("3", "0.25", 12),
        ("0.3", "0.1", 3),  # 0.3 / 0.1 is 2.9999999999999996
        ("0.7", "0.1", 7),  # and 0.7 / 0.1 is 6.999999999999999
        ("2.7", "0.3", 9),  # 9.000000000000002
        ("0.6", "0.25", 3),  # off the grid: the first step at or after
        ("0.25", "1", 1),
        ("0", "1", 1),  # never less than a step
        ("-2", "1", 1),
        ("99", "1", 99),
    ],
)
def test_a_fixed_delay_is_an_exact_shift(delay, dt, steps, target):
    found = run(f"DELAY({INPUT}, {delay}, -1)", stop=21, dt=dt, method="euler", save=None,
                target=target)  # fmt: skip
    wanted = shifted(found.time, steps, float(dt), -1.0)
    assert found["y"] == pytest.approx(wanted, rel=1e-15, abs=1e-15)


def test_a_fixed_delay_begins_with_its_input():
    found = run("DELAY(5 + TIME, 2)", stop=4, dt=1, method="euler")
    assert found["y"].tolist() == [5, 5, 5, 6, 7]


def test_a_fixed_delay_whose_length_changes_reads_back_from_now():
    found = run("DELAY(TIME, IF TIME < 5 THEN 2 ELSE 4, -1)", stop=8, dt=1, method="euler")
    # what step n + 1 shows was looked up at step n, by the delay of that time
    assert found["y"].tolist() == [-1, -1, 0, 1, 2, 3, 2, 3, 4]


def test_delays_in_a_row_add_up():
    found = run("DELAY(x, 2, -1)", stop=9, dt=1, method="euler",
                extra=[aux("x", "DELAY(TIME, 3, -1)")])  # fmt: skip
    assert found["y"].tolist() == [-1] * 5 + [0, 1, 2, 3, 4]


@pytest.mark.parametrize("method", ["euler", "rk2", "rk4"])
@pytest.mark.parametrize("target", ["python", "numpy"])
def test_previous_is_the_value_one_step_before(method, target):
    found = run(f"PREVIOUS({INPUT}, 9)", stop=5, dt="0.25", method=method, save=None,
                target=target)  # fmt: skip
    assert found["y"] == pytest.approx(shifted(found.time, 1, 0.25, 9.0), rel=1e-15)


def test_previous_counts_steps_without_a_stock():
    found = run("PREVIOUS(SELF, 0) + 1", stop=6, dt=1, method="euler")
    assert found["y"].tolist() == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_previous_stands_still_within_a_step(method):
    """Fibonacci by a stock: any stage that saw a new memory would break the whole numbers."""
    loaded = model(
        stock("F", 1, "growth"), flow("growth", "PREVIOUS(F, 0) / DT"), dt="0.5", stop=15
    )
    fibonacci = [1, 1]
    while len(fibonacci) < 31:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    assert simulate(loaded, method=method)["F"] == pytest.approx(fibonacci, rel=1e-13)


@pytest.mark.parametrize("method", ["euler", "rk4", "rk45"])
def test_init_keeps_the_value_of_the_start(method):
    loaded = model(
        stock("x", 3, "f"), flow("f", "INIT(x * 2) + 0 * TIME"), aux("y", "INIT(TIME + 10)"),
        start=2, stop=6,
    )  # fmt: skip
    found = simulate(loaded, method=method)
    assert found["x"] == pytest.approx([3, 9, 15, 21, 27], rel=1e-9)
    assert found["y"].tolist() == [12] * 5
