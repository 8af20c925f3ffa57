"""Non-negative stocks: nothing is lost, nothing falls below zero, outflows take turns."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyclesim.simulation import simulate
from tests.models_in_text import NON_NEGATIVE, aux, flow, model, stock

METHODS = ["euler", "rk2", "rk4"]
ROUNDING = 1e-12

rates = st.floats(0, 50)
flows_of_either_sign = st.floats(-50, 50)
contents = st.floats(0, 20)
steps = st.sampled_from(["0.1", "0.25", "0.5", "1"])


def mass(found, names) -> np.ndarray:
    return sum(found[name] for name in names)


def check(found, names):
    total = mass(found, names)
    scale = max(1.0, float(total[0]))
    assert np.abs(total - total[0]).max() <= ROUNDING * scale
    for name in names:
        assert found[name].min() >= -ROUNDING * scale, name


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25)
@given(
    rate=st.tuples(rates, rates, rates),
    start=st.tuples(contents, contents, contents, contents),
    dt=steps,
)
def test_a_chain_conserves_mass_and_stays_above_zero(method, rate, start, dt):
    names = ["A", "B", "C", "D"]
    variables = [flow(f"f{n}", f"{r!r} * (1 + SIN(TIME))") for n, r in enumerate(rate)]
    for n, (name, content) in enumerate(zip(names, start, strict=True)):
        inflow = [f"f{n - 1}"] if n else []
        outflow = [f"f{n}"] if n < 3 else []
        variables.append(stock(name, content, inflow, outflow, NON_NEGATIVE))
    found = simulate(model(*variables, dt=dt, stop=5), method=method, estimate_error=False)
    check(found, names)


def ring(rate, start, **settings_of_run):
    names = ["A", "B", "C"]
    variables = [flow(f"f{n}", repr(r)) for n, r in enumerate(rate)]
    variables += [
        stock(name, content, f"f{n - 1 if n else 2}", f"f{n}", NON_NEGATIVE)
        for n, (name, content) in enumerate(zip(names, start, strict=True))
    ]
    return names, simulate(model(*variables, stop=5), estimate_error=False, **settings_of_run)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=25)
@given(rate=st.tuples(rates, rates, rates), start=st.tuples(contents, contents, contents), dt=steps)
def test_a_ring_conserves_mass_and_stays_above_zero(method, rate, start, dt):
    names, found = ring(rate, start, method=method, dt=dt)
    check(found, names)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(
    rate=st.tuples(*[flows_of_either_sign] * 3),
    start=st.tuples(contents, contents, contents),
    dt=steps,
)
def test_a_ring_of_flows_of_either_sign_stays_above_zero(method, rate, start, dt):
    names, found = ring(rate, start, method=method, dt=dt)
    check(found, names)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(wanted=st.lists(flows_of_either_sign, min_size=5, max_size=5), start=contents, dt=steps)
def test_many_flows_of_either_sign_leave_a_stock_above_zero(method, wanted, start, dt):
    variables = [flow(f"f{n}", repr(value)) for n, value in enumerate(wanted)]
    variables.append(stock("S", start, ["f0", "f1"], ["f2", "f3", "f4"], NON_NEGATIVE))
    loaded = model(*variables, dt=dt, stop=5)
    found = simulate(loaded, method=method, estimate_error=False)
    assert found["S"].min() >= -ROUNDING * max(1.0, float(np.abs(found["S"]).max()))


@settings(max_examples=25)
@given(rate=st.tuples(rates, rates, rates), start=st.tuples(contents, contents, contents))
def test_the_order_of_the_stocks_in_the_file_does_not_decide(rate, start):
    def run(order):
        variables = [flow(f"f{n}", repr(r)) for n, r in enumerate(rate)]
        stocks = [
            stock("ABC"[n], start[n], f"f{n - 1 if n else 2}", f"f{n}", NON_NEGATIVE)
            for n in range(3)
        ]
        variables += [stocks[n] for n in order]
        return simulate(model(*variables, dt="0.5", stop=5), estimate_error=False)

    first, second = run((0, 1, 2)), run((2, 0, 1))
    for name in "ABC":
        assert first[name].tolist() == second[name].tolist()


def test_outflows_take_turns_in_the_order_of_the_stock():
    loaded = model(
        flow("second", 4), flow("first", 5), flow("third", 9), flow("fill", 3),
        stock("S", 4, "fill", ["first", "second", "third"], NON_NEGATIVE),
        stop=2,
    )  # fmt: skip
    found = simulate(loaded)
    # 4 + 3 to give in the first step: 5, then 2, then nothing; 3 in the next, all to the first
    assert found["first"].tolist()[:2] == [5, 3]
    assert found["second"].tolist()[:2] == [2, 0]
    assert found["third"].tolist()[:2] == [0, 0]
    assert found["S"].tolist() == [4, 0, 0]


def test_what_a_limited_flow_fills_gets_no_more():
    loaded = model(
        stock("From", 3, (), "f", NON_NEGATIVE), stock("To", 0, "f"), flow("f", 2), stop=3
    )
    found = simulate(loaded)
    assert found["f"].tolist() == [2, 1, 0, 0]
    assert found["To"].tolist() == [0, 2, 3, 3]


def test_an_inflow_that_runs_backwards_is_limited_before_any_outflow():
    loaded = model(
        stock("S", 5, "back", "out", NON_NEGATIVE), flow("back", -4), flow("out", 3),
        stock("T", 0, (), "back"), stop=2,
    )  # fmt: skip
    found = simulate(loaded)
    assert found["back"].tolist() == [-4, 0, 0]
    assert found["out"].tolist() == [1, 0, 0]
    assert (found["S"] + found["T"]).tolist() == [5, 4, 4]


def test_a_non_negative_flow_does_not_run_backwards():
    loaded = model(
        stock("S", 5, "one", "other"), flow("one", "-4 + TIME", NON_NEGATIVE), flow("other", -2),
        stop=6,
    )  # fmt: skip
    found = simulate(loaded)
    assert found["one"].tolist() == [0, 0, 0, 0, 0, 1, 2]
    assert found["other"].tolist() == [-2] * 7


def test_a_flow_with_a_table_is_limited_after_the_table():
    points = "<gf><xpts>0,10</xpts><ypts>-5,5</ypts></gf>"
    loaded = model(flow("f", "TIME", points + NON_NEGATIVE), stop=10)
    assert simulate(loaded)["f"].tolist() == [0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5]


def test_a_plain_stock_may_fall_below_zero():
    found = simulate(model(stock("S", 1, (), "f"), flow("f", 2), stop=2))
    assert found["S"].tolist() == [1, -1, -3]


@pytest.mark.parametrize("method", METHODS)
def test_a_stock_with_enough_in_it_is_not_touched(method):
    def run(extra):
        return simulate(
            model(stock("S", 100, "g", "f", extra), flow("f", "0.1 * S"), flow("g", 3),
                  aux("x", "S / 2"), dt="0.25"),
            method=method,
        )["S"]  # fmt: skip

    assert run(NON_NEGATIVE).tolist() == run("").tolist()
