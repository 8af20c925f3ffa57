"""Functions of whole vectors against Vensim's documented examples, numpy, and conservation."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from cyclesim.codegen import TARGETS, Binding
from cyclesim.codegen.allocation import allocated
from cyclesim.codegen.array_functions import REDUCTIONS
from cyclesim.codegen.array_support import REDUCTIONS as ON_ARRAYS
from cyclesim.codegen.emit_numpy import emit_numpy
from cyclesim.compiler import compile_model
from cyclesim.integrate import integrate
from cyclesim.readers import read_model
from cyclesim.schedule import schedule_of
from cyclesim.simulation import settled_specs, simulate
from cyclesim.writers import write_xmile
from tests.models_in_text import aux, dimension, dimensions, model, over, parts, read

NAN, INF = math.nan, math.inf
DIMS = dimensions(
    dimension("R", "A B C"), dimension("T", "X Y"), dimension("P", "shape middle width extra")
)
R, T, RT = over("R"), over("T"), over("R", "T")
SALES = aux("sales", None, R + parts(A=5000, B=3000, C=8000))


def run(*variables, name="y", header="", **given):
    loaded = model(*variables, before_model=header + DIMS, stop=2, **given)
    found = [simulate(loaded, target=target, estimate_error=False)[name] for target in TARGETS]
    assert found[0].tobytes() == found[1].tobytes()
    return found[0]


def last(*variables, **given):
    return run(*variables, **given)[..., -1].tolist()


def test_the_rank_of_vensims_own_example():
    assert last(SALES, aux("y", "VECTOR RANK(sales[R], 1)", R)) == [2, 1, 3]
    assert last(SALES, aux("y", "VECTOR RANK(sales, 0)", R)) == [2, 3, 1]


def test_a_vector_reordered_by_its_sort_order_is_sorted():
    order = aux("order", "VECTOR SORT ORDER(sales[*], -1)", R)
    assert last(SALES, order, name="order") == [2, 0, 1]
    assert last(SALES, order, aux("y", "VECTOR REORDER(sales[R], order[R])", R)) == [
        8000,
        5000,
        3000,
    ]


@settings(max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8), st.sampled_from([1.0, 0.0, -1.0]))
def test_orders_and_ranks_are_those_of_a_stable_sort(values, direction):
    order = np.argsort(np.array(values) * (1 if direction > 0 else -1), kind="stable")
    floats = [float(value) for value in values]
    for place in range(len(values)):
        assert REDUCTIONS["sort_order"](floats, direction, place) == order[place]
        assert REDUCTIONS["rank_order"](floats, direction, place) == list(order).index(place) + 1


def test_a_vector_is_what_the_last_subscript_runs_through():
    grid = aux("grid", None, RT + "".join(
        f'<element subscript="{r}, {t}"><eqn>{n}</eqn></element>'
        for n, (r, t) in zip([1, 2, 4, 3, 5, 5], [(r, t) for r in "ABC" for t in "XY"], strict=True)
    ))  # fmt: skip
    found = last(grid, aux("y", "VECTOR SORT ORDER(grid[R, T], 1)", RT))
    assert found == [[0, 1], [1, 0], [0, 1]]


def test_an_element_is_found_by_its_distance_in_the_whole_array():
    grid = aux("grid", "10 * R + T", RT)
    assert last(grid, aux("y", "VECTOR ELM MAP(grid[A, X], R)", R)) == [12, 21, 22]
    assert last(grid, aux("y", "VECTOR ELM MAP(grid[R, Y], -1)", R)) == [11, 21, 31]
    behind = last(grid, aux("y", "VECTOR ELM MAP(grid[R, Y], 1)", R))
    assert behind[:2] == [21, 31]
    assert math.isnan(behind[2])
    assert last(SALES, aux("y", "VECTOR ELM MAP(sales[B], -1.9 + TIME)", R)) == [3000] * 3
    before = last(SALES, aux("y", "VECTOR ELM MAP(sales[A], -1)"))
    assert math.isnan(before)


def test_an_expression_is_mapped_from_its_first_element():
    assert last(SALES, aux("y", "VECTOR ELM MAP(sales[R] + R, 3 - R)", R)) == [8003, 3002, 5001]


ACTIONS = [
    lambda w, x: np.sum(w * x), lambda w, x: np.prod(w * x), lambda w, x: np.min(w * x),
    lambda w, x: np.max(w * x), lambda w, x: np.mean(w * x), lambda w, x: np.prod(x**w),
    lambda w, x: np.sum(x), lambda w, x: np.prod(x), lambda w, x: np.min(x),
    lambda w, x: np.max(x), lambda w, x: np.mean(x),
]  # fmt: skip


@pytest.mark.parametrize("action", range(11))
def test_what_is_selected_is_put_together_as_the_action_says(action):
    weights = aux("w", None, R + parts(A=2, B=0, C=-1.5))
    call = f"VECTOR SELECT(w[*], sales[*] / 1000, -1, {action}, 0)"
    wanted = ACTIONS[action](np.array([2.0, -1.5]), np.array([5.0, 8.0]))
    assert last(SALES, weights, aux("y", call)) == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize(
    ("chosen", "error", "wanted"),
    [
        ((0, 0, 0), 0, -1), ((0, 0, 0), 1, NAN), ((0, 0, 0), 2, -1), ((0, 0, 0), 3, NAN),
        ((0, 1, 0), 1, 3), ((0, 1, 0), 2, 3), ((0, 1, 0), 3, 3), ((1, 1, 0), 1, 8),
        ((1, 1, 0), 2, NAN), ((1, 1, 0), 3, NAN), ((1, 0, 0), 4, NAN), ((1, 0, 0), 0.5, NAN),
    ],
)  # fmt: skip
def test_an_error_action_forbids_none_or_several(chosen, error, wanted):
    weights = aux("w", None, R + parts(**dict(zip("ABC", chosen, strict=True))))
    found = last(SALES, weights, aux("y", f"VECTOR SELECT(w[*], sales[*] / 1000, -1, 6, {error})"))
    assert found == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("action", [-1, 11, 2.5, "0/0"])
def test_an_unknown_action_gives_no_number(action):
    call = f"VECTOR SELECT(sales[*], sales[*], 0, {action}, 0)"
    assert math.isnan(last(SALES, aux("y", call)))


EDGES = [
    ("sort_order", ([2.0, NAN],), (1.0, 0.0), NAN), ("sort_order", ([INF, -INF],), (1.0, 0.0), 1.0),
    ("sort_order", ([1.0, 1.0],), (NAN, 1.0), 1.0), ("rank_order", ([2.0, NAN],), (1.0, 0.0), NAN),
    ("rank_order", ([INF, -INF],), (0.0, 0.0), 1.0), ("rank", ([3.0, 1.0],), (3.0,), NAN),
    ("selected", ([NAN, 0.0], [2.0, 3.0]), (0.0, 6.0, 0.0), 2.0),
    ("selected", ([1.0, 1.0], [2.0, NAN]), (0.0, 8.0, 0.0), NAN),
    ("allocated", ([3.0], [1.0], [1.0], [1.0]), (NAN, 0.0), NAN),
    ("allocated", ([3.0], [1.0], [1.0], [1.0]), (INF, 0.0), 3.0),
    ("allocated", ([3.0], [1.0], [1.0], [1.0]), (-1.0, 0.0), 0.0),
    ("allocated", ([-3.0], [1.0], [1.0], [1.0]), (2.0, 0.0), 0.0),
    ("allocated", ([3.0], [5.0], [1.0], [1.0]), (2.0, 0.0), NAN),
    ("allocated", ([3.0], [11.0], [1.0], [1.0]), (2.0, 0.0), NAN),
    ("allocated", ([3.0], [1.0], [1.0], [-1.0]), (2.0, 0.0), NAN),
    ("allocated", ([3.0], [1.0], [NAN], [1.0]), (2.0, 0.0), NAN),
    ("allocated", ([INF], [1.0], [1.0], [1.0]), (2.0, 0.0), NAN),
]  # fmt: skip


@pytest.mark.parametrize(("name", "bodies", "extras", "wanted"), EDGES)
def test_edge_values_are_the_same_in_every_target(name, bodies, extras, wanted):
    assert REDUCTIONS[name](*bodies, *extras) == pytest.approx(wanted, nan_ok=True, abs=0)
    columns = tuple(np.array([body, body]).T for body in bodies)
    found = ON_ARRAYS[name](columns, (len(bodies[0]),), *extras)
    assert np.broadcast_to(found, (2,)).tolist() == pytest.approx([wanted] * 2, nan_ok=True, abs=0)


# --- allocation ---------------------------------------------------------------------------------

CURVES = {
    1: lambda x: stats.uniform(-0.5, 1).sf(x),
    2: lambda x: stats.triang(0.5, -0.5, 1).sf(x),
    3: lambda x: stats.norm.sf(x),
    4: lambda x: stats.laplace.sf(x),
}
amounts = st.floats(0.1, 50)


def shares(requests, shapes, priorities, widths, supply):
    return [
        allocated(requests, shapes, priorities, widths, supply, n) for n in range(len(requests))
    ]


@pytest.mark.parametrize("shape", CURVES)
@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(amounts, st.floats(1, 4), st.floats(0.5, 3)), min_size=1, max_size=5),
    st.floats(0.05, 0.95),
)
def test_an_allocation_is_the_demand_at_the_price_that_clears(shape, asked, part):
    """The price is found here by another method, and the curves are scipy's distributions."""
    requests, priorities, widths = (list(each) for each in zip(*asked, strict=True))
    supply = part * sum(requests)

    def demand(price):
        away = (price - np.array(priorities)) / np.array(widths)
        return np.array(requests) * CURVES[shape](away)

    found = shares(requests, [float(shape)] * len(asked), priorities, widths, supply)
    assert sum(found) == pytest.approx(supply, rel=1e-12)
    price = optimize.brentq(lambda x: demand(x).sum() - supply, -200, 200, xtol=1e-13)
    # Between curves far apart any price clears, and each grants the same.
    assert found == pytest.approx(demand(price).tolist(), rel=1e-8, abs=1e-8 * supply)


def test_a_width_of_nothing_serves_strictly_by_priority_and_equals_in_proportion():
    found = shares([3.0, 2.0, 4.0, 4.0], [3.0] * 4, [1.0, 2.0, 3.0, 2.0], [0.0] * 4, 7.0)
    assert found == pytest.approx([0, 1, 4, 2])


def test_a_fixed_request_is_served_first_and_shares_what_does_not_suffice():
    given_ = ([3.0, 2.0, 4.0], [0.0, 1.0, 0.0], [9.0, 9.0, 9.0], [1.0] * 3)
    assert shares(*given_, 8.0) == pytest.approx([3, 1, 4])
    assert shares(*given_, 3.5) == pytest.approx([1.5, 0, 2])


def test_the_gaps_of_allocate_by_priority_are_those_of_its_documentation():
    """Requests of 10, 6 and 2 at priorities 10, 9 and 5 of width 2: worked out by hand.

    The first alone gets half its request, 5. Then it and the second share as 10 to 6, so the
    first is full at a supply of 13; the third waits until the second is, at 16.
    """
    for supply, wanted in [(4, (4, 0, 0)), (5, (5, 0, 0)), (9, (7.5, 1.5, 0)), (13, (10, 3, 0)),
                           (16, (10, 6, 0)), (17, (10, 6, 1)), (30, (10, 6, 2))]:  # fmt: skip
        found = last(
            aux("q", None, R + parts(A=10, B=6, C=2)), aux("p", None, R + parts(A=10, B=9, C=5)),
            aux("y", f"ALLOCATE BY PRIORITY(q[R], p[R], 3, 2, {supply})", R),
        )  # fmt: skip
        assert found == pytest.approx(wanted, abs=1e-12)


def test_allocations_of_a_row_each_have_their_own_supply_and_widths():
    variables = [
        aux("q", "R + T", over("T", "R")), aux("p", "R", R), aux("w", "1 + T", T),
        aux("s", "4 * T", T),
        aux("y", "ALLOCATE BY PRIORITY(q[T, R], p[R], 3, w[T], s[T])", over("T", "R")),
        aux("z", "ALLOCATE(s[T], R, q[T, R], p[R], w[T], 1)", over("T", "R")),
    ]  # fmt: skip
    found = last(*variables)
    for t in (1, 2):
        wanted = shares(
            [t + r for r in (1.0, 2, 3)], [1.0] * 3, [1.0, 2, 3], [1.0 + t] * 3, 4.0 * t
        )
        assert found[t - 1] == wanted
    assert last(*variables, name="z") == found


MDL = """{UTF-8}
Region: A, B, C ~~|
Copy: D, E, F -> Region ~~|
profile: ptype, ppriority, pwidth, pextra ~~|
asked[Region] = 3, 2, 4 ~~|
curve[Region, ptype] = 3 ~~|
curve[Region, ppriority] = 1, 2, 3 ~~|
curve[Region, pwidth] = 1 ~~|
curve[Region, pextra] = 0 ~~|
given[Region] = ALLOCATE AVAILABLE(asked[Region], curve[Region, ptype], Time) ~~|
by gap[Region] = ALLOCATE BY PRIORITY(
  asked[Region], curve[Region, ppriority], ELMCOUNT(Region), 2, Time) ~~|
order[Copy] = VECTOR SORT ORDER(asked[Region], 0) ~~|
sorted[Copy] = VECTOR REORDER(asked[Region], order[Copy]) ~~|
next[Region] = IF THEN ELSE(Region = A, 0, VECTOR ELM MAP(asked[Region], -1)) ~~|
most = VECTOR SELECT(asked[Region!], given[Region!], 0, 9, 0) ~~|
INITIAL TIME = 0 ~~|
FINAL TIME = 10 ~~|
TIME STEP = 1 ~~|
SAVEPER = TIME STEP ~~|
"""


def test_vensims_functions_go_to_xmile_and_back(tmp_path):
    file = tmp_path / "vectors.mdl"
    file.write_text(MDL, encoding="utf-8")
    project = read_model(file)
    again = compile_model(read(write_xmile(project)))
    for target in TARGETS:
        found = simulate(file, target=target, estimate_error=False)
        other = simulate(again, target=target, estimate_error=False)
        for name in ("given", "by gap", "sorted", "next", "most"):
            assert found[name].tolist() == other[name].tolist(), name
    assert found["sorted"][:, 0].tolist() == [4, 3, 2]
    assert found["next"][:, 0].tolist() == [0, 3, 2]
    assert found["given"].sum(axis=0) == pytest.approx(np.minimum(np.arange(11), 9))
    wanted = [shares([3.0, 2.0, 4.0], [3.0] * 3, [1.0, 2.0, 3.0], [1.0] * 3, t) for t in range(11)]
    assert found["given"].T.tolist() == wanted
    assert found["most"].tolist() == found["given"].max(axis=0).tolist()


def test_a_rank_in_a_file_of_simlin_is_that_of_each_element():
    own = "<header><vendor>Test</vendor><product>Simlin</product></header>"
    ranked = aux("y", "RANK(sales[R] * 1, 1)", R)
    assert last(SALES, ranked, header=own) == [2, 1, 3]
    assert last(SALES, aux("y", "RANK(sales[*], 1)"), header=own) == 2


@pytest.mark.parametrize("count", [1, 7])
def test_a_run_of_a_set_is_the_run_alone(count):
    flat = model(
        aux("p", "1"), aux("q", "R * p + SIN(R * TIME)", R), aux("w", "R MOD 2", R),
        aux("a", "VECTOR SORT ORDER(q[R], 1)", R), aux("b", "VECTOR RANK(q[R], 0)", R),
        aux("c", "VECTOR SELECT(w[*], q[*], 0, 5, 0)"), aux("d", "VECTOR ELM MAP(q[A], INT(p))"),
        aux("e", "ALLOCATE(3 * p, R, q, q[*], p / 2, 3)", R), before_model=DIMS, stop=4,
    ).flat  # fmt: skip
    program, schedule = emit_numpy(flat), schedule_of(settled_specs(flat.sim_specs))
    numbers = tuple(np.float64(number) for number in (0, 4, 1, 1))
    given_ = np.linspace(0.1, 2.0, count)
    together = integrate(program, schedule, Binding((given_,), *numbers)).values
    for k in range(count):
        alone = integrate(program, schedule, Binding((given_[k],), *numbers)).values
        assert together[:, :, k].tobytes() == alone[:, :, 0].tobytes()
