"""Conveyors: held against slats counted by hand, closed forms, DELAY, and what is conserved."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.codegen import TARGETS, Binding
from cyclesim.integrate import integrate
from cyclesim.schedule import schedule_of
from cyclesim.simulation import parameter_values, simulate
from tests.models_in_text import aux, dimension, dimensions, flow, model, over, parts, stock

METHODS = ["euler", "rk2", "rk4"]
TARGET_NAMES = ["python", "numpy"]
ROUNDING = 1e-12


def conveyor(length, extra="", **said):
    told = "".join(f' {key}="{value}"' for key, value in said.items())
    return f"<conveyor{told}><len>{length}</len>{extra}</conveyor>"


def leak(name, fraction, start=None, end=None):
    text = flow(name, fraction, "<leak/>")
    if start is not None:
        text = text.replace("<flow ", f'<flow leak_start="{start}" leak_end="{end}" ', 1)
    return text


def belt(initial, length, inflow, leaks=(), extra="", more=(), inflows=("Entering",), **run):
    """Return a model of one conveyor; leaks are (fraction, start, end)."""
    said = {"exponential_leak": "true"} if run.pop("exponential", False) else {}
    names = [f"Leak {n}" for n in range(len(leaks))]
    outflows = ["Leaving", *names]
    return model(
        stock("Held", initial, list(inflows), outflows, conveyor(length, extra, **said)),
        flow("Entering", inflow),
        flow("Leaving", None),
        *(leak(name, *one) for name, one in zip(names, leaks, strict=True)),
        *more,
        **run,
    )


def ran(*given_, target="python", method=None, **run):
    return simulate(belt(*given_, **run), target=target, method=method, estimate_error=False)


def flows(found, leaks=0, dt=1.0):
    """Return what enters, leaves and leaks in each step, the last time left out."""
    out = found["Leaving"] + sum(found[f"Leak {n}"] for n in range(leaks))
    return found["Entering"][:-1] * dt, out[:-1] * dt


def check_balance(found, leaks=0, dt=1.0):
    entered, left = flows(found, leaks, dt)
    change = np.diff(found["Held"])
    scale = max(1.0, np.abs(found["Held"]).max(), np.abs(entered).max())
    assert np.abs(entered - left - change).max() <= ROUNDING * scale


# By hand


def slats(entering, content, lengths, leaks, exponential, dt):
    """Count lots in exact numbers: what is held, leaves and leaks at each step.

    `lengths` and the fractions are in steps and exact; zones are shares of a lot's own way.
    """

    def share(age, steps, zone):
        return max(Fraction(0), min(age, zone[1] * steps) - max(age - 1, zone[0] * steps))

    def loss(lot, age, number):
        fraction, *zone = leaks[number]
        part = share(age, lot["steps"], zone)
        if exponential:
            return lot["left"] * fraction * dt * part
        return lot["entered"] * fraction * part / ((zone[1] - zone[0]) * lot["steps"])

    def after(lot, age):
        """Return what a lot of 1 holds at an age."""
        for earlier in range(1, age):
            lot["left"] -= sum(loss(lot, earlier, n) for n in range(len(leaks)))
        return lot["left"]

    first = lengths[0]
    new = lambda: {"entered": Fraction(1), "left": Fraction(1), "steps": first}  # noqa: E731
    profile = [after(new(), age) for age in range(1, first + 1)]
    lot = content / sum(profile)
    lots = [
        {"entered": lot, "left": lot * kept, "steps": first, "age": age}
        for age, kept in enumerate(profile, 1)
    ]
    rows = []
    for amount, steps in zip(entering, lengths, strict=True):
        lost = [[loss(one, one["age"], n) for one in lots] for n in range(len(leaks))]
        for place, one in enumerate(lots):
            one["left"] -= sum(each[place] for each in lost)
        out = sum(one["left"] for one in lots if one["age"] == one["steps"])
        rows.append((out / dt, *(sum(each, Fraction(0)) / dt for each in lost)))
        lots = [{**one, "age": one["age"] + 1} for one in lots if one["age"] < one["steps"]]
        lots.append({"entered": amount, "left": amount, "steps": steps, "age": 1})
    return np.array([[float(each) for each in row] for row in rows])


ends = st.sampled_from([(0, 1), (0, 0.5), (0.25, 0.75), (0.3, 1), (0.9, 1), (0, 0.04)])
shares = st.sampled_from([0.0, 0.0625, 0.25, 0.4])


@pytest.mark.parametrize("target", TARGET_NAMES)
@settings(max_examples=20)
@given(
    lengths=st.tuples(*(st.integers(1, 7) for _ in range(3))),
    leaks=st.lists(st.tuples(shares, ends), max_size=2),
    exponential=st.booleans(),
    dt=st.sampled_from(["1", "1/2", "1/4"]),
    content=st.integers(0, 30),
)
def test_it_is_as_slats_counted_by_hand(target, lengths, leaks, exponential, dt, content):
    step = Fraction(dt)
    times = [float(step * n) for n in range(24)]
    entering = [Fraction((7 * n) % 5) for n in range(24)]
    change = [lengths[0 if t < 2 else 1 if t < 4 else 2] for t in times]
    text = f"{lengths[0]} * DT + STEP({lengths[1] - lengths[0]} * DT, 2)"
    text += f" + STEP({lengths[2] - lengths[1]} * DT, 4)"
    told = [(fraction, *zone) for fraction, zone in leaks]
    found = ran(
        content, text, "MOD(7 * TIME / DT, 5)", told,
        target=target, exponential=exponential, dt=dt, stop=float(23 * step),
    )  # fmt: skip
    exact = [tuple(map(Fraction, map(str, one))) for one in told]
    # The first lots are put on with the transit time of the start.
    by_hand = slats([e * step for e in entering], Fraction(content), change, exact, exponential,
                    step)  # fmt: skip
    names = ["Leaving", *(f"Leak {n}" for n in range(len(leaks)))]
    scale = max(1.0, np.abs(by_hand).max())
    for column, name in enumerate(names):
        assert np.abs(found[name] - by_hand[:, column]).max() <= 1e-11 * scale, name
    check_balance(found, len(leaks), float(step))


# Closed forms


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("dt", ["0.3", "0.1", "0.6", "1.2"])
def test_without_a_leak_it_is_delay(target, dt):
    # 2.4 is a whole number of these steps: DELAY takes the first step at or after its time.
    delay = aux("Delayed", "DELAY(Entering, 2.4, 30 / 2.4)")
    found = simulate(
        belt(30, 2.4, "10 + 3 * SIN(TIME)", more=(delay,), dt=dt, stop=12),
        target=target, estimate_error=False,
    )  # fmt: skip
    # An amount is carried, not a rate: times dt and over dt again is an ulp or two.
    assert np.allclose(found["Leaving"], found["Delayed"], rtol=1e-15, atol=0)


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize(("time", "steps"), [(2.6, 3), (2.4, 2), (0.3, 1), (0, 1), (-4, 1)])
def test_the_transit_time_is_the_nearest_whole_number_of_steps_at_least_one(target, time, steps):
    found = ran(0, time, "PULSE(1, 0, 0)", target=target)
    assert found["Leaving"].tolist() == [float(n == steps) for n in range(11)]


@pytest.mark.parametrize("method", METHODS)
def test_a_pulse_comes_out_after_exactly_the_transit_time(method):
    found = ran(0, 3, "PULSE(100, 2, 0)", dt="1/4", stop=8, method=method)
    assert found["Leaving"][found.time == 5.0] == pytest.approx([400.0], rel=1e-15)
    assert np.count_nonzero(found["Leaving"]) == 1
    held = (found.time > 2.0) & (found.time <= 5.0)
    assert found["Held"][held] == pytest.approx(100, rel=1e-15)
    assert found["Held"][~held] == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [0, 77])
@pytest.mark.parametrize(
    ("fraction", "exponential", "content", "left"),
    [
        (None, False, 10 * 6, 1),
        (0.25, False, 10 * (6 - 0.25 * (6 - 0.5) / 2), 0.75),
        (1, False, 10 * (6 - (6 - 0.5) / 2), 0),
        (0.1, True, 10 * (1 - 0.95**12) / 0.1, 0.95**12),
    ],
)
def test_the_steady_state_is_the_closed_form(method, start, fraction, exponential, content, left):
    leaks = [] if fraction is None else [(fraction,)]
    found = ran(start, 6, 10, leaks, exponential=exponential, dt="1/2", stop=20, method=method)
    assert found["Held"][-1] == pytest.approx(content, rel=1e-13)
    assert found["Leaving"][-1] == pytest.approx(10 * left, rel=1e-13, abs=1e-13)
    if leaks:
        assert found["Leak 0"][-1] == pytest.approx(10 * (1 - left), rel=1e-13)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("zone", [(0, 1), (0.25, 0.6)])
def test_a_conveyor_filled_to_its_steady_state_stays_there(method, exponential, zone):
    inflow = ran(1, 6, 0, [(0.2, *zone)], exponential=exponential, dt="1/2", stop=0.5)
    balance = float(inflow["Leaving"][0] + inflow["Leak 0"][0])
    found = ran(100, 6, repr(100 * balance), [(0.2, *zone)], exponential=exponential, dt="1/2",
                stop=30, method=method)  # fmt: skip
    for name, spread in {n: np.ptp(found[n]) for n in ("Held", "Leaving", "Leak 0")}.items():
        assert spread <= 1e-11, name


def test_an_exponential_leak_of_a_lot_decays_step_by_step():
    found = ran(0, 5, "PULSE(64, 0, 0)", [(0.5,)], exponential=True, stop=7)
    assert found["Leak 0"].tolist() == [0, 32, 16, 8, 4, 2, 0, 0]
    assert found["Leaving"].tolist() == [0, 0, 0, 0, 0, 2, 0, 0]


def test_a_fraction_of_an_exponential_leak_counts_as_it_is_in_the_step():
    found = ran(0, 5, "PULSE(64, 0, 0)", [("IF TIME = 2 THEN 0.5 ELSE 0",)], exponential=True)
    assert found["Leak 0"].tolist() == [0, 0, 32] + [0] * 8
    assert found["Leaving"][5] == 32


def test_linear_leaks_are_settled_as_material_enters():
    found = ran(0, 4, "PULSE(64, 1, 0)", [("IF TIME = 1 THEN 0.5 ELSE 1",)])
    assert found["Leak 0"].tolist() == [0, 0, 8, 8, 8, 8, 0, 0, 0, 0, 0]
    assert found["Leaving"][5] == 32


@pytest.mark.parametrize("exponential", [False, True])
def test_leaks_take_no_more_than_there_is_the_first_named_first(exponential):
    found = ran(0, 1, "PULSE(10, 0, 0)", [(0.75,), (0.5,), (-1,)], exponential=exponential)
    assert [found[f"Leak {n}"][1] for n in range(3)] == [7.5, 2.5, 0]
    assert (found["Leaving"] == 0).all()


# Conservation, in all methods


def chain(method, target, exponential, dt):
    """Return a closed chain in which rates depend on stocks, and its four stocks."""
    said = {"exponential_leak": "true"} if exponential else {}
    rate = "0.1 + 0.002 * Second" if exponential else "0.3"
    loop = model(
        stock("Source", 100, (), ["Fill", "Go"]),
        flow("Fill", "Source * (0.2 + 0.1 * SIN(TIME))"),
        flow("Go", "Source / 9"),
        stock("First", 20, ["Fill"], ["Between", "Lost"], conveyor(3, **said)),
        flow("Between", None),
        leak("Lost", rate, 0.2, 0.7),
        stock("Second", 5, ["Go", "Between"], ["End"], conveyor("2 + 0.02 * Source")),
        flow("End", None),
        stock("Sink", 0, ["End", "Lost"]),
        dt=dt, stop=60,
    )  # fmt: skip
    return simulate(loop, method=method, target=target, estimate_error=False)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exponential", [False, True])
def test_a_chain_of_conveyors_loses_nothing_and_empties(method, exponential):
    found = chain(method, "python", exponential, "1/4")
    total = sum(found[name] for name in ("Source", "First", "Second", "Sink"))
    assert np.abs(total - 125).max() <= 125 * ROUNDING
    # What the belts hold is what the stocks hold: when nothing enters any more, both run dry.
    assert found["First"][-1] == pytest.approx(0, abs=1e-3)
    assert found["First"].min() >= -1e-11
    assert found["Second"].min() >= -1e-11


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exponential", [False, True])
def test_what_is_on_the_belt_is_what_the_stock_holds(method, exponential):
    """The inflow ends; a transit time later all is gone, to the last digit but rounding."""
    inflow = "IF TIME < 8 THEN 5 + 4 * SIN(TIME) + 0.1 * Held ELSE 0"
    rate = "0.2 + 0.01 * Held" if exponential else 0.3
    found = ran(11, 3, inflow, [(rate, 0.1, 0.8)], exponential=exponential, dt="1/4", stop=16,
                method=method)  # fmt: skip
    assert found["Held"][found.time >= 11.25] == pytest.approx(0, abs=1e-12)
    assert found["Held"].max() > 10


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exponential", [False, True])
def test_both_targets_give_the_same_bits(method, exponential):
    one, other = (chain(method, target, exponential, "1/8") for target in TARGET_NAMES)
    for name in ("Source", "First", "Second", "Sink", "Between", "Lost", "End"):
        gap = np.abs(one[name] - other[name]).max()
        assert gap <= 1e-13 * np.abs(one[name]).max()  # SIN may differ by an ulp
    plain = [
        ran(30, "4 + STEP(2, 3)", "7 / (1 + TIME)", [(0.3, 0.2, 0.9)], exponential=exponential,
            dt="1/4", target=target, method=method)
        for target in TARGET_NAMES
    ]  # fmt: skip
    for name in ("Held", "Leaving", "Leak 0", "Entering"):
        assert (plain[0][name] == plain[1][name]).all(), name


@pytest.mark.parametrize("exponential", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_a_run_of_a_set_is_the_run_alone(method, exponential):
    found = belt(
        "Start", "Length", "3 * Length / (1 + TIME)", [("Share", 0.1, 0.6)],
        more=(aux("Length", 3), aux("Share", 0.2), aux("Start", 9)),
        exponential=exponential, dt="1/4", method=method,
    )  # fmt: skip
    flat = found.flat
    schedule = schedule_of(flat.sim_specs, flat.sim_specs)
    program = TARGETS["numpy"](flat)
    numbers = {"length": [0.1, 3.0, 7.3, 1.0], "share": [0.9, 0.0, 0.31, 5.0],
               "start": [5.0, 0.0, 12.5, 3.0]}  # fmt: skip
    columns = tuple(np.array(numbers[ident]) for ident in flat.parameters if ident in numbers)
    assert len(columns) == len(flat.parameters)
    clock = schedule.clock
    binding = Binding(columns, *map(np.float64, (clock.start, clock.stop, clock.dt, clock.dt)))
    together = integrate(program, schedule, binding).values
    for run in range(4):
        own = {ident: numbers[ident][run] for ident in flat.parameters}
        values = parameter_values(flat, own)
        alone = integrate(
            TARGETS["python"](flat), schedule,
            Binding(values, clock.start, clock.stop, clock.dt, clock.dt),
        ).values  # fmt: skip
        assert (together[:, :, run] == alone).all(), run


# Inflows


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("method", METHODS)
def test_no_more_enters_than_there_is_room_for(target, method):
    found = simulate(
        model(
            stock("Waiting", 100, (), ["First", "Then"]),
            flow("First", 6),
            flow("Then", 9),
            stock("Held", 8, ["First", "Then"], ["Leaving", "Lost"],
                  conveyor(2, "<capacity>20</capacity>")),
            flow("Leaving", None),
            leak("Lost", 0.25),
            stock("Done", 0, ["Leaving", "Lost"]),
            dt="1/2", stop=12,
        ),
        target=target, method=method, estimate_error=False,
    )  # fmt: skip
    total = found["Waiting"] + found["Held"] + found["Done"]
    assert np.abs(total - 108).max() <= 1e-11
    assert found["Held"].max() <= 20 + 1e-12
    if method == "euler":
        kept_back = found["Then"][:-1] < 9
        assert kept_back.any()
        assert (found["First"][:-1][kept_back & (found["Then"][:-1] > 0)] == 6).all()
        assert np.allclose(found["Held"][1:][kept_back], 20)


def test_an_inflow_limit_is_so_much_a_time_unit_for_all_inflows():
    found = simulate(
        model(
            stock("Held", 0, ["One", "Two"], ["Leaving"], conveyor(2, "<in_limit>7</in_limit>")),
            flow("One", "2 * TIME"),
            flow("Two", 3),
            flow("Leaving", None),
            dt="1/2", stop=5,
        ),
        estimate_error=False,
    )  # fmt: skip
    one = np.minimum(2 * found.time, 7)
    assert found["One"].tolist() == one.tolist()
    assert found["Two"].tolist() == np.minimum(3, 7 - one).tolist()


def test_what_comes_off_a_conveyor_is_never_kept_back():
    found = simulate(
        model(
            stock("A", 40, (), ["Over"], conveyor(4)),
            flow("Over", None),
            flow("New", 5),
            stock("B", 0, ["New", "Over"], ["Out"],
                  conveyor(3, "<capacity>12</capacity><in_limit>4</in_limit>")),
            flow("Out", None),
            stop=4,
        ),
        estimate_error=False,
    )  # fmt: skip
    assert found["Over"].tolist() == [10, 10, 10, 10, 0]
    assert found["New"].tolist() == [2, 0, 0, 0, 0]
    assert found["B"].tolist() == [0, 12, 22, 32, 30]


def test_nothing_is_taken_off_at_the_entry():
    found = ran(0, 2, "3 - TIME", stop=6)
    assert found["Entering"].tolist() == [3, 2, 1, 0, 0, 0, 0]
    check_balance(found)


@pytest.mark.parametrize("method", METHODS)
def test_a_transit_time_is_kept_until_the_next_sample(method):
    sample = "<sample>IF TIME = 4 THEN 1 ELSE 0</sample>"
    found = ran(0, "1 + TIME", "PULSE(1, 0, 1)", extra=sample, stop=14, method=method)
    # Until time 4 a lot stays 1 step, the length at the start; from then on 5, the length at 4.
    expected = [0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    assert found["Leaving"].tolist() == pytest.approx(expected, rel=1e-15)


# Arrays


@pytest.mark.parametrize("target", TARGET_NAMES)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("exponential", ["false", "true"])
def test_each_element_is_a_conveyor_of_its_own(target, method, exponential):
    said = {"exponential_leak": exponential}
    array = model(
        stock("Held", 12, ["Entering"], ["Leaving", "Lost"],
              over("Team") + conveyor("Length", **said)),
        flow("Entering", "Rate * (1 + 1 / (1 + TIME))", over("Team")),
        flow("Leaving", None, over("Team")),
        flow("Lost", None, over("Team") + parts(a=0.5, b=0.25, c=0) + "<leak/>"),
        aux("Rate", None, over("Team") + parts(a=4, b=1, c=3)),
        aux("Length", None, over("Team") + parts(a=1, b=6.4, c=3)),
        before_model=dimensions(dimension("Team", "a b c")), dt="1/4",
    )  # fmt: skip
    found = simulate(array, target=target, method=method, estimate_error=False)
    for name, rate, length, share in (("a", 4, 1, 0.5), ("b", 1, 6.4, 0.25), ("c", 3, 3, 0)):
        alone = ran(12, length, f"{rate} * (1 + 1 / (1 + TIME))", [(share,)],
                    exponential=exponential == "true", dt="1/4", method=method)  # fmt: skip
        for whole, one in (("Held", "Held"), ("Leaving", "Leaving"), ("Lost", "Leak 0")):
            assert (found[f"{whole}[{name}]"] == alone[one]).all(), (whole, name)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_an_array_of_conveyors_is_one_loop(target):
    def lines(size):
        array = model(
            stock("Held", 12, ["In"], ["Out", "Lost"], over("Team") + conveyor(3)),
            flow("In", 1, over("Team")),
            flow("Out", None, over("Team")),
            flow("Lost", 0.1, over("Team") + "<leak/>"),
            before_model=dimensions(dimension("Team", size)),
        )
        return len(TARGETS[target](array.flat).source.text.splitlines())

    assert lines(3) == lines(300)


# A start elsewhere


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_a_value_given_for_the_start_lies_on_the_belt(target):
    found = simulate(belt(0, 4, 0), initial={"Held": 20}, target=target, estimate_error=False)
    assert found["Leaving"].tolist() == [5, 5, 5, 5] + [0] * 7
    assert found["Held"].tolist() == [20, 15, 10, 5] + [0] * 7


def test_initial_values_may_need_what_leaves_at_the_start():
    later = stock("Later", "6 * Leaving", "Leaving", (), "")
    found = simulate(belt(20, 4, 0, more=(later,)), estimate_error=False)
    assert found["Later"].tolist() == [30, 35, 40, 45] + [50] * 7


def test_exponential_leaks_take_a_lot_in_a_step_at_most_whatever_the_step():
    found = ran(0, 1, "PULSE(16, 0, 0)", [(3,), (2,)], exponential=True, dt="1/4", stop=1)
    assert found["Leak 0"].tolist() == [0, 48, 0, 0, 0]  # 16 units at 3 a time unit, 4 at most
    assert found["Leak 1"].tolist() == [0, 16, 0, 0, 0]
    assert found["Held"].tolist() == [0, 16, 0, 0, 0]
