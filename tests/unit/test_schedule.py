"""Times as exact divisions, what is saved, halving, and every refusal."""

import math
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyclesim.errors import UsageError
from cyclesim.project import Method, SimSpecs
from cyclesim.schedule import EULER, RK2, RK4, STEP_LIMIT, TABLEAUS, halved, schedule_of


def specs(start="0", stop="10", dt="1", save=None, method=Method.EULER) -> SimSpecs:
    interval = Fraction(save) if save is not None else None
    return SimSpecs(Fraction(start), Fraction(stop), Fraction(dt), interval, method)


def test_three_steps_of_three_tenths_are_nine_tenths():
    clock = schedule_of(specs(stop="3", dt="0.3")).clock
    assert 3 * 0.3 != 0.9  # what a product of doubles would give
    assert clock.time(3) == 0.9


def test_a_thousand_tenths_are_a_hundred_and_each_is_the_nearest_double():
    clock = schedule_of(specs(stop="100", dt="0.1")).clock
    assert clock.steps == 1000
    written = [float(f"{n // 10}.{n % 10}") for n in range(1001)]
    assert [clock.time(n) for n in range(1001)] == written


def test_a_third_reaches_the_whole_numbers_exactly():
    clock = schedule_of(specs(stop="9", dt="1/3")).clock
    assert clock.steps == 27
    assert [clock.time(3 * n) for n in range(10)] == [float(n) for n in range(10)]
    assert clock.dt == 1 / 3


@given(
    st.integers(-10_000, 10_000),
    st.integers(1, 4000),
    st.integers(1, 3000),
    st.integers(1, 500),
)
def test_each_time_is_the_double_nearest_to_its_exact_value(start, each, parts, steps):
    begin, dt = Fraction(start, 16), Fraction(each, parts)
    clock = schedule_of(specs(begin, begin + dt * steps, dt)).clock
    for step in {0, 1, steps // 2, steps}:
        assert clock.time(step) == float(begin + step * dt)
    assert (clock.start, clock.stop, clock.dt) == (
        float(begin),
        float(begin + steps * dt),
        float(dt),
    )


@pytest.mark.parametrize(
    ("dt", "save", "stop", "saved"),
    [
        ("1", None, "4", (0, 1, 2, 3, 4)),
        ("0.25", "1", "2", (0, 4, 8)),
        ("0.1", "0.3", "0.9", (0, 3, 6, 9)),
        ("1", "1.5", "6", (0, 2, 3, 5, 6)),  # the first step at or after 1.5 is 2
        ("1", "4", "10", (0, 4, 8, 10)),  # the end of a run is always kept
        ("1", "100", "10", (0, 10)),
        ("1/3", "1", "2", (0, 3, 6)),
        ("0.3333333", "1", "1.9999998", (0, 3, 6)),  # 1 is within a millionth of dt of step 3
        ("1", "1.25", "5", (0, 2, 3, 4, 5)),
    ],
)
def test_saved_steps_are_the_first_at_or_after_each_multiple(dt, save, stop, saved):
    assert schedule_of(specs(stop=stop, dt=dt, save=save)).saved == saved


@given(st.integers(1, 50), st.integers(1, 60), st.integers(1, 300))
def test_saves_are_never_early_and_never_a_whole_step_late(dt, extra, steps):
    step, every = Fraction(dt, 20), Fraction(dt + extra, 20)
    found = schedule_of(specs(0, step * steps, step, every))
    assert found.saved[0] == 0
    assert found.saved[-1] == steps
    assert all(a < b for a, b in pairwise(found.saved))
    for count, saved in enumerate(found.saved[:-1]):
        assert 0 <= saved * step - count * every < step


def test_times_are_those_of_the_saved_steps():
    assert schedule_of(specs(stop="1", dt="0.1", save="0.3")).times == (0.0, 0.3, 0.6, 0.9, 1.0)


def test_halving_keeps_the_times_and_halves_the_step():
    whole = schedule_of(specs("0.7", "3.1", "0.3", "0.6", Method.RK4))
    half = halved(whole)
    assert half.times == whole.times
    assert half.clock.steps == 2 * whole.clock.steps
    assert half.clock.dt == whole.clock.dt / 2
    assert [half.clock.time(2 * n) for n in range(9)] == [whole.clock.time(n) for n in range(9)]
    assert half.clock.time(1) == 0.85
    assert (half.method, half.declared_dt) == (Method.RK4, whole.declared_dt)


def test_noise_keeps_the_grid_of_the_declared_dt():
    finer = schedule_of(specs(dt="0.125"), specs(dt="0.5"))
    assert finer.declared_dt == 0.5
    assert halved(finer).declared_dt == 0.5
    assert schedule_of(specs(dt="0.125")).declared_dt == 0.125


@pytest.mark.parametrize(
    ("given_specs", "message"),
    [
        (specs(dt="0"), "dt = 0 makes no steps. Use a dt above 0."),
        (specs(dt="-1"), "dt = -1 makes no steps. Use a dt above 0."),
        (
            specs(start="5", stop="5"),
            "the run stops at 5 and starts at 5. Let it stop later than it starts.",
        ),
        (
            specs(start="5", stop="4"),
            "the run stops at 4 and starts at 5. Let it stop later than it starts.",
        ),
        (
            specs(stop="1", dt="0.3"),
            "dt = 0.3 does not divide the run from 0 to 1: 3.33333 steps. Use a dt that divides 1.",
        ),
        (specs(stop="1", dt="4"), "dt = 4 does not divide the run from 0 to 1: 0.25 steps. "),
        (
            specs(stop=str(STEP_LIMIT + 1)),
            "the run has more than 50,000,000 steps. Use a larger dt.",
        ),
        (
            specs(dt="0.5", save="0.25"),
            "values are to be saved every 0.25, more often than they are computed: dt is 0.5. "
            "Save every 0.5 or more.",
        ),
    ],
)
def test_times_that_make_no_run_are_refused(given_specs, message):
    with pytest.raises(UsageError) as caught:
        schedule_of(given_specs)
    assert message in str(caught.value)


def test_a_stop_beyond_the_doubles_is_refused_in_a_sentence():
    with pytest.raises(UsageError):
        schedule_of(specs(stop="1e400"))


@pytest.mark.parametrize("tableau", TABLEAUS.values(), ids=lambda t: t.name)
def test_tableaus_meet_their_order_conditions(tableau):
    """Hairer, Norsett, Wanner 1993, II.2: the conditions up to order 4, in exact fractions."""
    a = [[Fraction(v).limit_denominator(100) for v in row] for row in tableau.a]
    b = [Fraction(v).limit_denominator(100) for v in tableau.b]
    c = [Fraction(v).limit_denominator(100) for v in tableau.c]
    stages = range(len(b))
    assert [len(row) for row in a] == list(stages)  # explicit: a stage needs only those before
    full = [[*row, *[Fraction(0)] * (len(b) - len(row))] for row in a]
    assert [sum(row) for row in full] == c

    def dot(weights):
        return sum(b[i] * weights[i] for i in stages)

    ac = [sum(full[i][j] * c[j] for j in stages) for i in stages]
    acc = [sum(full[i][j] * c[j] ** 2 for j in stages) for i in stages]
    aac = [sum(full[i][j] * ac[j] for j in stages) for i in stages]
    conditions = {
        1: [(dot([1] * len(b)), Fraction(1))],
        2: [(dot(c), Fraction(1, 2))],
        3: [(dot([v**2 for v in c]), Fraction(1, 3)), (dot(ac), Fraction(1, 6))],
        4: [
            (dot([v**3 for v in c]), Fraction(1, 4)),
            (dot([c[i] * ac[i] for i in stages]), Fraction(1, 8)),
            (dot(acc), Fraction(1, 12)),
            (dot(aac), Fraction(1, 24)),
        ],
    }
    for order in range(1, tableau.order + 1):
        for found, wanted in conditions[order]:
            assert found == wanted
    assert tableau.order == {"euler": 1, "rk2": 2, "rk4": 4}[tableau.name]


def test_the_tableau_is_the_methods():
    chosen = {m: schedule_of(specs(method=m)).tableau for m in TABLEAUS}
    assert chosen == {Method.EULER: EULER, Method.RK2: RK2, Method.RK4: RK4}
    assert math.isclose(sum(RK4.b), 1.0)
