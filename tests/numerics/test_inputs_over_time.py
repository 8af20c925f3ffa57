"""STEP, RAMP, PULSE and tables of TIME: volumes and turns, on and off the grid."""

import math

import numpy as np
import pytest

from cyclesim.errors import RunError
from cyclesim.simulation import simulate
from tests.models_in_text import aux, flow, gf, model, stock

FIXED = ["euler", "rk2", "rk4"]
ADAPTIVE = ["rk45", "lsoda", "radau"]


def filled(equation, method="euler", stop=10, dt="1/8", extra="", **settings):
    """Return a run in which the equation fills a stock from zero."""
    loaded = model(stock("S", 0, "f"), flow("f", equation, extra), stop=stop, dt=dt)
    return simulate(loaded, method=method, **settings)


@pytest.mark.parametrize("dt", ["0.1", "0.3", "1/7", "0.25", "1"])
@pytest.mark.parametrize("method", FIXED)
@pytest.mark.parametrize("at", ["3", "2.9", "0.35", "0"])
def test_a_pulse_adds_its_exact_volume_at_the_first_step_at_or_after(method, at, dt):
    found = filled(f"PULSE(7, {at})", method, stop=6, dt=dt)
    when = float(at)
    due = np.argmax(found.time >= when - 1e-6 * found.provenance["dt"])
    wanted = np.where(np.arange(len(found.time)) > due, 7.0, 0.0)
    assert found["S"] == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize("method", FIXED)
def test_a_pulse_without_a_time_comes_at_the_start(method):
    assert filled("PULSE(3)", method, stop=2, dt=1)["S"].tolist() == pytest.approx([0, 3, 3])


@pytest.mark.parametrize("target", ["python", "numpy"])
@pytest.mark.parametrize(
    ("first", "interval", "dt"),
    [
        (1.0, 2.0, "0.25"),
        (0.3, 0.3, "0.1"),
        (0.0, 0.9, "0.3"),
        (1.1, 0.7, "0.1"),
        (0.35, 0.25, "0.1"),  # off the grid
        (0.5, 0.05, "0.1"),  # two within each step
        (0.0, 0.03, "0.1"),
        (2.0, 100.0, "0.5"),
    ],
)
def test_repeated_pulses_add_a_volume_each(first, interval, dt, target):
    found = filled(f"PULSE(2, {first}, {interval})", stop=6, dt=dt, target=target)
    step = float(dt)
    before = found.time - step + 1e-6 * step  # pulses due at or before the last step's start
    count = np.where(before >= first, np.floor((before - first) / interval) + 1, 0)
    assert found["S"] == pytest.approx(2 * count, rel=1e-12)


@pytest.mark.parametrize("interval", ["0", "-1", "0 * TIME"])
def test_an_interval_of_nothing_gives_one_pulse(interval):
    assert filled(f"PULSE(2, 1, {interval})")["S"][-1] == pytest.approx(2.0, rel=1e-14)


@pytest.mark.parametrize("dt", ["0.1", "0.3"])
@pytest.mark.parametrize("method", FIXED)
def test_a_step_comes_at_its_time_exactly(method, dt):
    found = filled("STEP(5, 0.9)", method, stop=3, dt=dt)
    assert found["f"].tolist() == [0.0 if t < 0.9 else 5.0 for t in found.time.tolist()]
    assert found["S"] == pytest.approx(5 * np.maximum(found.time - 0.9, 0), abs=1e-13)


def test_a_step_off_the_grid_comes_at_the_next_step():
    found = filled("STEP(1, 2.3)", stop=4, dt="0.5")
    assert found["f"].tolist() == [0, 0, 0, 0, 0, 1, 1, 1, 1]


@pytest.mark.parametrize("method", FIXED)
def test_a_ramp_rises_between_its_times(method):
    found = filled("RAMP(3, 2, 5)", method)
    t = found.time
    assert found["f"] == pytest.approx(3 * (np.clip(t, 2, 5) - 2), abs=1e-13)
    if method == "rk4":
        area = 1.5 * (np.clip(t, 2, 5) - 2) ** 2 + 9 * np.maximum(t - 5, 0)
        assert found["S"] == pytest.approx(area, abs=1e-12)


def test_a_ramp_without_an_end_goes_on():
    assert filled("RAMP(-2, 4)")["f"][-1] == -12.0


TURNING = {
    # equation: (points in <gf>, the exact integral from 0 to t)
    "STEP(4, 3)": ("", lambda t: 4 * max(t - 3, 0)),
    "STEP(4, 3.3)": ("", lambda t: 4 * max(t - 3.3, 0)),
    "STEP(1, 2) + STEP(-3, 6)": ("", lambda t: max(t - 2, 0) - 3 * max(t - 6, 0)),
    "RAMP(2, 3, 7)": ("", lambda t: max(t - 3, 0) ** 2 - max(t - 7, 0) ** 2),
    "IF TIME < 4.2 THEN 1 ELSE -2": ("", lambda t: min(t, 4.2) - 2 * max(t - 4.2, 0)),
    "IF 2 * TIME + 1 > 9.4 THEN 1 ELSE 0": ("", lambda t: max(t - 4.2, 0)),
    "IF 5 <= TIME AND TIME < 6 THEN 100 ELSE 0": ("", lambda t: 100 * min(max(t - 5, 0), 1)),
    "IF -TIME > -5 THEN 1 ELSE 0": ("", lambda t: min(t, 5)),
    "MAX(0, TIME - 4)": ("", lambda t: max(t - 4, 0) ** 2 / 2),
    "MIN(TIME, 4)": ("", lambda t: min(t, 4) ** 2 / 2 + 4 * max(t - 4, 0)),
    "ABS(TIME - 4)": ("", lambda t: 8 - (4 - t) * abs(4 - t) / 2),
    "TIME MOD 3": ("", lambda t: 4.5 * (t // 3) + (t % 3) ** 2 / 2),
    "MOD(TIME, 0.7)": ("", lambda t: 0.245 * (t // 0.7) + (t % 0.7) ** 2 / 2),
    "INT(TIME)": ("", lambda t: (t // 1) * (t // 1 - 1) / 2 + (t // 1) * (t % 1)),
    "INT(9.5 - TIME)": ("", lambda t: sum(math.floor(9.5 - (k + 0.5) / 1000) for k in range(round(t * 1000))) / 1000),  # noqa: E501
    "ROUND(TIME)": ("", lambda t: sum(math.floor((k + 0.5) / 1000 + 0.5) for k in range(round(t * 1000))) / 1000),  # noqa: E501
    "TIME": (
        gf([1.0, 4.0, 4.0, 8.0], [1.0, 4.0, 0.0, 2.0]),
        lambda t: np.interp(t, [0, 1, 4, 4, 10], [0, 1, 8.5, 8.5, 0]) if t <= 1 else _area(t),
    ),
}  # fmt: skip


def _area(t):
    """Return the integral of the last table of TURNING: 1, then t, then a jump and a slope."""
    rising = 1 + (min(t, 4) ** 2 - 1) / 2
    sloping = max(min(t, 8) - 4, 0) ** 2 / 4
    return rising + sloping + 2 * max(t - 8, 0)


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.parametrize("equation", TURNING)
def test_adaptive_methods_start_anew_at_each_turn(equation, method):
    points, integral = TURNING[equation]
    found = filled(equation, method, dt="0.5", extra=points)
    wanted = [integral(t) for t in found.time.tolist()]
    # STEP is snapped within a millionth of dt. All else is a polynomial between its turns, which
    # only a solver that stops at each turn integrates to the last digits.
    if "STEP" in equation or method == "lsoda":  # lsoda is only as good as its tolerance
        assert found["S"] == pytest.approx(wanted, rel=1e-6, abs=5e-6)
    else:
        assert found["S"] == pytest.approx(wanted, rel=1e-11, abs=1e-10)


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.parametrize(
    ("pulse", "volume"),
    [
        ("PULSE(7, 3)", 7),
        ("PULSE(7, 3.3)", 7),
        ("PULSE(2, 1, 2)", 10),
        ("PULSE(2, 0.35, 1.5)", 14),
        ("PULSE(1, 0, 0.25)", 40),
        ("PULSE(1, 0, 0.125)", 80),
    ],
)
def test_adaptive_methods_keep_the_volume_of_pulses(pulse, volume, method):
    # the last pulse has ended a dt before the run does
    found = filled(pulse, method, dt="0.25" if "0.125" not in pulse else "0.125")
    assert found["S"][-1] == pytest.approx(volume, rel=1e-6)


@pytest.mark.parametrize("method", ADAPTIVE)
def test_adaptive_methods_show_the_value_after_a_jump_at_its_time(method):
    found = filled("STEP(4, 3)", method, dt="0.5")
    assert found["f"].tolist() == [0.0 if t < 3 else 4.0 for t in found.time]


def test_a_turn_through_a_variable_is_found_too():
    loaded = model(
        stock("S", 0, "f"), flow("f", "IF Clock < 5 THEN 100 ELSE 0"), aux("Clock", "TIME - 1"),
        dt="0.5",
    )  # fmt: skip
    found = simulate(loaded, method="rk45")
    assert found["S"][-1] == pytest.approx(600, rel=1e-7)


REFUSED = {
    "stock": ([stock("Tank", 1, (), "f", "<non_negative/>"), flow("f", 1)],
              "'Tank' is a non-negative stock"),
    "previous": ([aux("Old", "PREVIOUS(TIME, 0)")], "'Old' uses PREVIOUS"),
    "delay": ([aux("Late", "DELAY(TIME, 2)")], "'Late' uses DELAY"),
    "random": ([aux("Luck", "RANDOM(0, 1)")], "'Luck' is drawn at random"),
    "normal": ([aux("Luck", "1 + NORMAL(0, 1, 4)")], "'Luck' is drawn at random"),
    "in an initial value": ([stock("S", "NORMAL(0, 1)")], "'S' is drawn at random"),
}  # fmt: skip


@pytest.mark.parametrize("method", ADAPTIVE)
@pytest.mark.parametrize("case", REFUSED)
def test_adaptive_methods_refuse_by_name_what_needs_a_fixed_step(case, method):
    variables, message = REFUSED[case]
    with pytest.raises(RunError) as caught:
        simulate(model(*variables), method=method)
    assert message in str(caught.value)
    assert str(caught.value).endswith("Use euler, rk2 or rk4.")


def test_adaptive_methods_refuse_all_at_once():
    variables = [v for case in ("stock", "previous", "random") for v in REFUSED[case][0]]
    with pytest.raises(RunError, match=r"'Tank' is .*'Old' uses PREVIOUS; 'Luck' is drawn"):
        simulate(model(*variables), method="rk45")


# --- saving ---------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [*FIXED, "rk45"])
@pytest.mark.parametrize(("dt", "save"), [("0.3", "1"), ("0.25", "0.6"), ("1/3", "0.5")])
def test_a_save_interval_need_not_be_a_multiple_of_dt(method, dt, save):
    whole = filled("SIN(TIME)", method, stop=9, dt=dt)
    loaded = model(stock("S", 0, "f"), flow("f", "SIN(TIME)"), stop=9, dt=dt, save=save)
    found = simulate(loaded, method=method)
    places = [np.argmin(abs(whole.time - t)) for t in found.time]
    assert whole.time[places].tolist() == found.time.tolist()
    assert found["S"] == pytest.approx(whole["S"][places], rel=1e-7, abs=1e-8)
    gaps = np.diff(found.time)
    assert gaps.max() < float(save) + float(whole.time[1])


@pytest.mark.parametrize("kind", ["continuous", "discrete"])
def test_a_table_of_time_bends_at_its_points(kind):
    found = filled("TIME", "rk4", extra=gf([0.0, 2.0, 4.0, 10.0], [0.0, 4.0, 0.0, 0.0], kind))
    t = found.time
    if kind == "continuous":
        assert found["f"] == pytest.approx(np.interp(t, [0, 2, 4], [0, 4, 0]), abs=1e-13)
        assert found["S"][-1] == pytest.approx(8.0, rel=1e-13)
    else:
        assert found["f"].tolist() == [4.0 if 2 <= at < 4 else 0.0 for at in t]
